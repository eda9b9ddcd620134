import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { ServerProcess } from '../../src/runtime/server-process.ts';
import { startSuspectedAzure } from './azure-suspects.ts';
import type { KillableWorkers, OpenCase } from './killable-cordon.ts';
import { startKillableWorkers, until } from './killable-cordon.ts';
import type { SuspectedCloud } from './suspected-cloud.ts';

const path = (name: string) => fileURLToPath(new URL(`versions/${name}.ts`, import.meta.url));
const OF_OTHERS = 'is of another version of Cordon';

/** Versions are bundled, and a task that nobody could do is given out again after ten seconds and more. */
const LONG = { timeout: 300_000 };

let cloud: SuspectedCloud;
let workers: KillableWorkers;
beforeAll(async () => {
  cloud = await startSuspectedAzure();
  workers = await startKillableWorkers(cloud);
});
afterAll(async () => {
  await workers?.stop();
  await cloud?.stop();
});

const startPresent = () => workers.startWorker(cloud.actions);
const startOther = (version: 'later' | 'incompatible') =>
  workers.startWorker(cloud.actions, undefined, (config) => [path('worker'), config, path(version)]);

async function openCase(): Promise<
  OpenCase & { changes(): readonly string[]; accepted(): Promise<readonly string[]> }
> {
  const suspect = await cloud.newSuspect();
  const opened = await workers.openCase(suspect);
  return { ...opened, changes: () => cloud.changesOf(suspect), accepted: () => cloud.accepted(suspect) };
}

/** An approver tries again while nobody answers: the same decision, which counts once. */
function approveAtLast(opened: OpenCase): Promise<void> {
  return until(() =>
    opened.approve().then(
      () => true,
      () => false,
    ),
  );
}

async function wrongsOf(opened: Awaited<ReturnType<typeof openCase>>): Promise<readonly string[]> {
  const entries = await workers.store.ledger.ofCase(opened.caseId);
  const count = (type: string) => entries.filter((entry) => entry.type === type).length;
  const changes = opened.changes();
  return [
    ...(await opened.accepted()).map((what) => `there is still ${what}`),
    ...changes.filter((change, index) => changes.indexOf(change) !== index).map((change) => `made twice: ${change}`),
    ...(count('decision') === 1 ? [] : [`${count('decision')} decisions`]),
    ...(count('intent') === cloud.actions.length && count('outcome') === cloud.actions.length
      ? []
      : [`${count('intent')} intents and ${count('outcome')} outcomes`]),
  ];
}

it('a case goes on to its end while a later version joins and its own leaves', LONG, async () => {
  const present = await startPresent();
  const [approvedBefore, approvedAfter] = [await openCase(), await openCase()];
  for (const opened of [approvedBefore, approvedAfter]) await opened.asked();
  const later = await startOther('later');
  const begunWithBoth = await openCase();
  // Where the later version took its first step, only that one can take the next.
  const ends = [approvedBefore.approve().then(() => approvedBefore.end())];
  await present.stop();
  await begunWithBoth.asked();
  await approveAtLast(approvedAfter);
  await approveAtLast(begunWithBoth);
  ends.push(approvedAfter.end(), begunWithBoth.end());
  expect(await Promise.all(ends)).toEqual(['CONTAINED', 'CONTAINED', 'CONTAINED']);
  for (const opened of [approvedBefore, approvedAfter, begunWithBoth]) expect(await wrongsOf(opened)).toEqual([]);
  expect(later.output()).not.toContain(OF_OTHERS);
  await later.stop();
});

it(
  'a case waits, unchanged, under a version that can not go on with it, and goes on when its own is back',
  LONG,
  async () => {
    let present: ServerProcess = await startPresent();
    const opened = await openCase();
    await opened.asked();
    const incompatible = await startOther('incompatible');
    await present.stop();
    const approving = opened.approve().catch(() => undefined);
    await until(async () => incompatible.output().includes(OF_OTHERS));
    expect(opened.changes()).toEqual([]);
    const { status } = await workers.client.workflow.getHandle(opened.workflowId).describe();
    expect(status.name).toBe('RUNNING');
    present = await startPresent();
    await incompatible.stop();
    await approving;
    await approveAtLast(opened);
    expect(await opened.end()).toBe('CONTAINED');
    expect(await wrongsOf(opened)).toEqual([]);
    await present.stop();
  },
);
