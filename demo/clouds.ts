import type { Cloud } from '../src/domain/cloud.ts';
import type { Scene } from './scene.ts';

/** Each starts its emulator and builds the company in it. Loaded when it is told: the clients of one cloud take seconds. */
export const SCENES = {
  aws: async () => (await import('./aws/index.ts')).startAwsScene(),
  azure: async () => (await import('./azure/index.ts')).startAzureScene(),
  gcp: async () => (await import('./gcp/index.ts')).startGcpScene(),
} as const satisfies Readonly<Record<Cloud, () => Promise<Scene>>>;

export const TITLES = { aws: 'AWS', azure: 'Azure', gcp: 'GCP' } as const satisfies Readonly<Record<Cloud, string>>;
