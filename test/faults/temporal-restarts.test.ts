import { afterAll, beforeAll, expect, it } from 'vitest';

import type { ServerProcess } from '../../src/runtime/server-process.ts';
import { ACTIONS, SHORT_WATCH, SWEPT } from './held-cases.ts';
import type { KillableCordon } from './killable-cordon.ts';
import { startKillableCordon } from './killable-cordon.ts';
import { sweepRestarts } from './restart-sweep.ts';

let cordon: KillableCordon;
let worker: ServerProcess;
beforeAll(async () => {
  cordon = await startKillableCordon({ temporal: 'on-disk' });
  worker = await cordon.startWorker(ACTIONS, SHORT_WATCH);
});
afterAll(() => cordon?.stop());

it(
  `Temporal that is killed in ${SWEPT}, and comes back, finds its cases where they were: each ends, and honestly`,
  { timeout: 1_800_000 },
  async ({ annotate }) => {
    if (!cordon.temporal) throw new Error('This Temporal can not be restarted.');
    const { ends, wrongs } = await sweepRestarts(cordon, worker, cordon.temporal);
    await annotate(`Restarted in ${ends.length} points\n${ends.join('\n')}`);
    expect(wrongs).toEqual([]);
  },
);
