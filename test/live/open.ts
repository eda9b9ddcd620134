import type { Cloud } from '../../src/domain/cloud.ts';
import type { Opener } from './account.ts';

/** Each with its SDKs only where it is asked for: a refusal comes at once. */
export const OPENERS: Readonly<Record<Cloud, Opener>> = {
  aws: async (...given) => (await import('./aws/index.ts')).openAws(...given),
  azure: async (...given) => (await import('./azure/index.ts')).openAzure(...given),
  gcp: async (...given) => (await import('./gcp/index.ts')).openGcp(...given),
};
