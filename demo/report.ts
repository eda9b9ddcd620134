import { writeFile } from 'node:fs/promises';

import manifest from '../package.json' with { type: 'json' };
import pins from '../scripts/pins.json' with { type: 'json' };
import type { Cloud } from '../src/domain/cloud.ts';
import type { Check } from './checks.ts';
import type { Attempt, Probe } from './scene.ts';

export type Moment = 'before' | 'after' | 'afterRollback';

/** One credential, the call that it was tried with, and what the cloud answered each time. */
export interface Tried extends Partial<Record<Moment, Attempt>> {
  readonly who: string;
  readonly call: string;
}

export interface Step {
  readonly number: number;
  readonly title: string;
  readonly seconds: number;
}

/** One cloud's run from end to end. */
export interface CloudReport {
  readonly cloud: Cloud;
  readonly steps: Step[];
  readonly credentials: Tried[];
  readonly bystanders: Tried[];
  caseId?: string;
  snapshot?: {
    readonly facts: number;
    readonly differencesAfterRollback: readonly string[];
    /** What the containment took away for good, with the approvers' knowledge. */
    readonly removedForGood: readonly string[];
  };
  ledger?: unknown;
}

export interface Report {
  ok: boolean;
  readonly startedAt: string;
  seconds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly clouds: CloudReport[];
  error?: string;
  readonly checks: readonly Check[];
}

export function newReport(checks: readonly Check[]): Report {
  return {
    ok: false,
    startedAt: new Date().toISOString(),
    seconds: 0,
    versions: {
      cordon: manifest.version,
      node: process.versions.node,
      temporalSdk: manifest.dependencies['@temporalio/worker'],
      ministack: pins.ministack,
      slackEmulator: manifest.devDependencies.emulate,
    },
    clouds: [],
    checks,
  };
}

/** Tries every probe and notes the answers under their moment. */
export async function tryAll(probes: readonly Probe[], into: Tried[], moment: Moment): Promise<readonly Tried[]> {
  return Promise.all(
    probes.map(async ({ who, call, attempt }) => {
      let tried = into.find((one) => one.who === who);
      if (!tried) into.push((tried = { who, call }));
      tried[moment] = await attempt();
      return tried;
    }),
  );
}

export async function writeReport(file: string, report: Report, checked: (text: string) => string): Promise<void> {
  await writeFile(file, `${checked(JSON.stringify(report, null, 2))}\n`);
}
