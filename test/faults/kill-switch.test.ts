import { afterAll, beforeAll, expect, it } from 'vitest';

import type { CaseState } from '../../src/domain/case.ts';
import type { LedgerEntry } from '../../src/domain/ledger.ts';
import { startSuspectedAzure } from './azure-suspects.ts';
import type { KillableWorkers, OpenCase } from './killable-cordon.ts';
import { startKillableWorkers, until } from './killable-cordon.ts';
import type { CloudCall, CloudSuspect, SuspectedCloud } from './suspected-cloud.ts';
import { isAbout } from './suspected-cloud.ts';

const WORKERS = 3;
/** Of the calls of a plan, after each of which a case is held. */
const CASES = 18;

let cloud: SuspectedCloud;
let workers: KillableWorkers;
beforeAll(async () => {
  cloud = await startSuspectedAzure();
  workers = await startKillableWorkers(cloud);
  for (let started = 0; started < WORKERS; started += 1) await workers.startWorker(cloud.actions);
});
afterAll(async () => {
  await workers?.stop();
  await cloud?.stop();
});

/** A case that is held from its n-th call after the approval on. */
interface Held {
  readonly suspect: CloudSuspect;
  readonly opened: OpenCase;
  readonly from: number;
  seen: number;
  held: boolean;
  /** Actions whose outcome stood in the ledger when the stop was answered. */
  doneAtStop: number;
}

it('no change begins on any worker once `cordon stop` has been answered, wherever each case was', async ({
  annotate,
}) => {
  const cases = await holdCases(await callsUntilTheLastChange());
  await workers.store.killSwitch.set(true, 'erin', 'drill');
  for (const held of cases) held.doneAtStop = (await entriesOf(held, 'outcome')).length;
  cloud.clear();
  release.resolve();
  const wrongs: string[] = [];
  const done: number[] = [];
  for (const held of cases) {
    const end = await held.opened.end();
    const { made, wrong } = await wrongsOf(held, end);
    done.push(made);
    wrongs.push(...wrong.map((what) => `held from call ${held.from}: ${what} (${end})`));
  }
  await annotate(`Changes made, of ${cloud.actions.length}, in each case: ${done.join(', ')}`);
  expect(wrongs).toEqual([]);
  expect(new Set(done), 'the stop met cases at each of their actions').toEqual(new Set([1, 2, 3, 4]));
  expect(await identities(cases), 'all workers were at work').toHaveLength(WORKERS);
  expect((await workers.store.ledger.verify()).status).toBe('intact');
});

const release = Promise.withResolvers<void>();

async function callsUntilTheLastChange(): Promise<number> {
  const suspect = await cloud.newSuspect();
  const opened = await workers.openCase(suspect);
  const calls: CloudCall[] = [];
  await opened.asked();
  cloud.interfere((call) => void (isAbout(suspect, call) && calls.push(call)));
  await opened.approve();
  expect(await opened.end()).toBe('CONTAINED');
  cloud.clear();
  return calls.findLastIndex(({ write }) => write) + 1;
}

async function holdCases(calls: number): Promise<readonly Held[]> {
  const cases = await Promise.all(
    Array.from({ length: CASES }, async (_, index): Promise<Held> => {
      const suspect = await cloud.newSuspect();
      const from = 1 + Math.floor((index * calls) / CASES);
      return { suspect, opened: await workers.openCase(suspect), from, seen: 0, held: false, doneAtStop: 0 };
    }),
  );
  for (const { opened } of cases) await opened.asked();
  cloud.interfere(async (call) => {
    const held = cases.find(({ suspect }) => isAbout(suspect, call));
    if (!held) return undefined;
    held.seen += 1;
    if (held.seen < held.from) return undefined;
    held.held = true;
    await release.promise;
    return undefined;
  });
  await Promise.all(cases.map(({ opened }) => opened.approve()));
  await until(async () => cases.every(({ held }) => held));
  return cases;
}

/** The action that was under way may finish; the next is refused, and nothing is changed that the ledger does not tell of. */
async function wrongsOf(
  held: Held,
  end: CaseState,
): Promise<{ readonly made: number; readonly wrong: readonly string[] }> {
  const { opened, suspect, doneAtStop } = held;
  const wrong: string[] = [];
  const intents = await entriesOf(held, 'intent');
  const outcomes = await entriesOf(held, 'outcome');
  const refusals = await entriesOf(held, 'refusal');
  const { planDigest = '' } = (await workers.store.cases.get(opened.caseId)) ?? {};
  const { actions = [] } = (await workers.store.plans.get(planDigest)) ?? {};
  const callsOf = ({ key }: LedgerEntry) => actions.find(({ idempotencyKey }) => idempotencyKey === key)?.calls ?? [];
  const mayBe = intents.flatMap(callsOf).length;
  const must = outcomes.filter(({ body }) => body['status'] === 'applied').flatMap(callsOf).length;
  const changes = cloud.changesOf(suspect).length;
  if (intents.length > doneAtStop + 1)
    wrong.push(`${intents.length} actions begun, ${doneAtStop} were done at the stop`);
  if (changes > mayBe || changes < must) wrong.push(`${changes} changes, and the ledger tells of ${must} to ${mayBe}`);
  const whole = outcomes.length === actions.length;
  if (!whole && !refusals.some(({ body }) => body['failure'] === 'Stopped')) wrong.push('no refusal in the ledger');
  if (!whole && end === 'CONTAINED') wrong.push('contained without its whole plan');
  if (end === 'FAILED' && changes > 0) wrong.push('it says that nothing was changed');
  return { made: intents.length, wrong };
}

async function entriesOf({ opened }: Held, type: LedgerEntry['type']): Promise<readonly LedgerEntry[]> {
  return (await workers.store.ledger.ofCase(opened.caseId)).filter((entry) => entry.type === type);
}

/** Of the processes that ran activities of these cases. */
async function identities(cases: readonly Held[]): Promise<readonly string[]> {
  const found = await Promise.all(
    cases.map(async ({ opened }) => {
      const { events } = await workers.client.workflow.getHandle(opened.workflowId).fetchHistory();
      return (events ?? []).map(({ activityTaskStartedEventAttributes: started }) => started?.identity ?? '');
    }),
  );
  return [...new Set(found.flat().filter((identity) => identity !== ''))];
}
