import { readFile } from 'node:fs/promises';

import type { GenericAlertBody } from '../src/detections/finding-to-alert.ts';
import { findingToAlert } from '../src/detections/finding-to-alert.ts';
import type { Finding } from '../src/detections/run.ts';
import { detect } from '../src/detections/run.ts';
import { compileDetection } from '../src/detections/sigma.ts';
import type { Scene } from './scene.ts';

const LOOK_BACK_MS = 3600_000;

export interface Detected {
  readonly finding: Finding;
  readonly alert: GenericAlertBody;
}

/** Cordon's T1580 rule for the cloud over the last hour of its log. */
export async function runDetection(scene: Scene): Promise<readonly Detected[]> {
  const rule = new URL(`../detections/t1580-${scene.cloud}-cloud-infrastructure-discovery.yml`, import.meta.url);
  const detection = compileDetection(await readFile(rule, 'utf8'), rule.pathname);
  const window = { from: new Date(Date.now() - LOOK_BACK_MS), to: new Date() };
  const { events, truncated } = await scene.readLog(window);
  if (truncated) throw new Error('The log holds more than the detection reads.');
  return detect(events, detection).map((finding) => ({ finding, alert: findingToAlert(finding, detection) }));
}
