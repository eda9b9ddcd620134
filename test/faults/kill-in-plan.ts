import { expect } from 'vitest';

import type { CaseState } from '../../src/domain/case.ts';
import type { LedgerEntry } from '../../src/domain/ledger.ts';
import type { KillableWorkers, OpenCase } from './killable-cordon.ts';
import { startKillableWorkers, until } from './killable-cordon.ts';
import type { CloudCall, CloudSuspect, SuspectedCloud } from './suspected-cloud.ts';
import { isAbout } from './suspected-cloud.ts';

/** The workers die while this call of one case is on its way; `effect`: the cloud carries it out all the same. */
interface KillPoint {
  readonly operation: string;
  readonly write: boolean;
  /** From 1, among the calls of its case after the approval. */
  readonly occurrence: number;
  readonly effect: boolean;
}

/** A case that is to be held at its point, and what is known of it. */
interface Held {
  readonly point: KillPoint;
  readonly suspect: CloudSuspect;
  readonly opened: OpenCase;
  readonly restorable: string;
  readonly seen: string[];
  sinceMs?: number;
  diedInTheCall?: boolean;
}

export const FULL = process.env['CORDON_FULL_SWEEP'] === '1';
export const SWEPT = FULL ? 'every call' : 'each write and every tenth read (CORDON_FULL_SWEEP=1: in every call)';
/** Two workers at once, and fewer cases than both together run activities. */
const WORKERS = 2;
const WAVE = 34;
/** Every action is declarative: whoever takes over finishes it, or does not know. */
const HONEST: readonly CaseState[] = ['CONTAINED', 'PARTIAL', 'OUTCOME_UNKNOWN'];
/** Calls that an approval is ahead of its case's first one. */
const LEAD = 30;
/** Waves in which a call may be hit too late, on a busy machine, before the sweep gives up. */
const MOST_WAVES = FULL ? 30 : 6;
/** Cases that are rolled back at the end. */
const SAMPLE = 3;

/** Cases that a sweep may open, to prepare for them: of the plan undisturbed, and of points that must be tried again. */
export const MOST_SUSPECTS = FULL ? 160 : 28;

export interface Sweep {
  readonly ends: readonly string[];
  readonly wrongs: readonly string[];
}

/** One process and many cases, each held in another call; then kill -9, and another process takes over. `wanted`: in which calls. */
export async function killInEveryCall(
  cloud: SuspectedCloud,
  wanted: (point: Pick<KillPoint, 'write' | 'effect'>) => boolean = () => true,
): Promise<Sweep> {
  const workers = await startKillableWorkers(cloud);
  try {
    return await sweep(cloud, workers, wanted);
  } finally {
    await workers.stop();
  }
}

async function sweep(
  cloud: SuspectedCloud,
  workers: KillableWorkers,
  wanted: (point: KillPoint) => boolean,
): Promise<Sweep> {
  await startWorkers(cloud, workers);
  const undisturbed = await recordUndisturbed(cloud, workers);
  const points = killPoints(undisturbed.calls).filter(wanted);
  const ends: string[] = [];
  const wrongs: string[] = [];
  const contained: Held[] = [];
  let left = points;
  for (let waves = 1; left.length > 0; waves += 1) {
    if (waves > MOST_WAVES) throw new Error(`No worker was ever killed in ${left.map(nameOf).join(', ')}.`);
    const wave = await killAmid(cloud, workers, left.slice(0, WAVE), undisturbed.calls);
    left = [...left.slice(WAVE), ...wave.filter(({ diedInTheCall }) => !diedInTheCall).map(({ point }) => point)];
    for (const held of wave) {
      const end = await held.opened.end();
      if (held.diedInTheCall) ends.push(`${nameOf(held.point)}: ${end}`);
      if (end === 'CONTAINED') contained.push(held);
      const entries = await workers.store.ledger.ofCase(held.opened.caseId);
      const wrong = [...(await wrongsOf(cloud, held, end, undisturbed.state)), ...wrongsOfLedger(entries)];
      wrongs.push(...wrong.map((what) => `${nameOf(held.point)}: ${what} (${end})`));
    }
  }
  expect(contained.length).toBeGreaterThanOrEqual(SAMPLE);
  const sample = contained.filter((_, index) => index % Math.ceil(contained.length / SAMPLE) === 0);
  wrongs.push(...(await Promise.all(sample.map((held) => wrongsOfRollback(cloud, held)))).flat());
  expect((await workers.store.ledger.verify()).status).toBe('intact');
  expect(ends).toHaveLength(points.length);
  return { ends, wrongs };
}

async function startWorkers({ actions }: SuspectedCloud, workers: KillableWorkers): Promise<void> {
  await Promise.all(Array.from({ length: WORKERS }, () => workers.startWorker(actions)));
}

async function recordUndisturbed(cloud: SuspectedCloud, workers: KillableWorkers) {
  const suspect = await cloud.newSuspect();
  const opened = await workers.openCase(suspect);
  const calls: CloudCall[] = [];
  await opened.asked();
  cloud.interfere((call) => void (isAbout(suspect, call) && calls.push(call)));
  await opened.approve();
  expect(await opened.end()).toBe('CONTAINED');
  cloud.clear();
  expect(await cloud.accepted(suspect)).toEqual([]);
  return { calls, state: cloud.stateOf(suspect) };
}

async function killAmid(
  cloud: SuspectedCloud,
  workers: KillableWorkers,
  points: readonly KillPoint[],
  calls: readonly CloudCall[],
): Promise<readonly Held[]> {
  const wave = await Promise.all(
    points.map(async (point): Promise<Held> => {
      const suspect = await cloud.newSuspect();
      const restorable = cloud.restorableOf(suspect);
      return { point, suspect, restorable, opened: await workers.openCase(suspect), seen: [] };
    }),
  );
  for (const { opened } of wave) await opened.asked();
  const dead = Promise.withResolvers<void>();
  let alive = true;
  cloud.interfere(async (call) => {
    const held = wave.find(({ suspect }) => isAbout(suspect, call));
    if (!held || !alive) return undefined;
    const first = held.sinceMs === undefined;
    held.seen.push(call.operation);
    if (first && !isAt(held)) return undefined;
    held.sinceMs ??= Date.now();
    await dead.promise;
    return first && held.point.effect ? 'lost' : 'reset';
  });
  await approveInStep(wave, calls);
  await until(async () => wave.every(({ sinceMs }) => sinceMs !== undefined));
  for (let killed = 0; killed < WORKERS; killed += 1) await workers.killWorker();
  const diedAtMs = Date.now();
  alive = false;
  for (const held of wave) {
    const patienceMs = cloud.patienceMs[held.point.write ? 'write' : 'read'];
    held.diedInTheCall = diedAtMs - (held.sinceMs ?? 0) < patienceMs;
  }
  dead.resolve();
  await startWorkers(cloud, workers);
  return wave;
}

/** The longest way first, the others once it is no longer than theirs: so all are held at about the same time. */
async function approveInStep(wave: readonly Held[], calls: readonly CloudCall[]): Promise<void> {
  const wayOf = ({ point: { operation, occurrence } }: Held) => {
    const places = calls.flatMap((call, place) => (call.operation === operation ? [place] : []));
    return places[occurrence - 1] ?? 0;
  };
  const ordered = wave.toSorted((one, other) => wayOf(other) - wayOf(one));
  const approved: Promise<void>[] = [];
  for (const [place, held] of ordered.entries()) {
    const ahead = ordered.slice(0, place);
    await until(async () => ahead.every((one) => wayOf(one) - one.seen.length <= wayOf(held) + LEAD));
    approved.push(held.opened.approve());
  }
  await Promise.all(approved);
}

async function wrongsOf(
  cloud: SuspectedCloud,
  { suspect }: Held,
  end: CaseState,
  undisturbed: string,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  if (!HONEST.includes(end)) wrong.push('ends in another state');
  const still = await cloud.accepted(suspect);
  const state = cloud.stateOf(suspect);
  if (end === 'CONTAINED' && still.length > 0) wrong.push(`there is still ${still.join(', ')}`);
  if (end === 'CONTAINED' && state !== undisturbed) wrong.push(`the state is ${state}, not ${undisturbed}`);
  const changes = cloud.changesOf(suspect);
  const twice = changes.filter((change, index) => changes.indexOf(change) !== index);
  if (twice.length > 0) wrong.push(`made twice: ${twice.join(', ')}`);
  return wrong;
}

/** Of one case, in the order in which they were written. */
function wrongsOfLedger(entries: readonly LedgerEntry[]): readonly string[] {
  const types = entries.map(({ type }) => type);
  const intents = entries.filter(({ type }) => type === 'intent');
  const outcomes = entries.filter(({ type }) => type === 'outcome');
  const placeOf = (entry: LedgerEntry | undefined) => (entry ? entries.indexOf(entry) : Infinity);
  return [
    ...(types.indexOf('plan') < types.indexOf('decision') ? [] : ['no plan before the decision']),
    ...(intents.every((one) => placeOf(one) > types.indexOf('decision')) ? [] : ['an intent before the decision']),
    ...outcomes
      .filter(({ key, body }) => {
        const intent = intents.find((one) => one.key === key);
        return body['status'] !== 'already-so' && placeOf(intent) > placeOf(outcomes.find((one) => one.key === key));
      })
      .map(({ key }) => `an outcome without an intent before it: ${key}`),
    ...intents
      .filter(({ key }) => !outcomes.some((one) => one.key === key))
      .map(({ key }) => `an intent without an outcome: ${key}`),
  ];
}

async function wrongsOfRollback(
  cloud: SuspectedCloud,
  { suspect, opened, point, restorable }: Held,
): Promise<readonly string[]> {
  const end = await opened.rollBack();
  const state = cloud.restorableOf(suspect);
  const wrong = `${nameOf(point)}: the rollback ended in ${end} with ${state}, not ${restorable}`;
  return end === 'ROLLED_BACK' && state === restorable ? [] : [wrong];
}

function isAt({ point, seen }: Held): boolean {
  return seen.at(-1) === point.operation && seen.filter((one) => one === point.operation).length === point.occurrence;
}

/** Calls that tell about whom they are; Cordon's about itself, or about a whole subscription or project, can't be told apart. */
function killPoints(calls: readonly CloudCall[]): readonly KillPoint[] {
  const seen: string[] = [];
  let reads = 0;
  return calls.flatMap(({ operation, write }) => {
    seen.push(operation);
    const point = { operation, write, occurrence: seen.filter((one) => one === operation).length, effect: false };
    if (write) return [point, { ...point, effect: true }];
    // How often the log is asked depends on when it is complete.
    if (operation.endsWith('entries:list') && point.occurrence > 1) return [];
    reads += 1;
    return FULL || reads % 10 === 1 ? [point] : [];
  });
}

function nameOf({ operation, occurrence, effect }: KillPoint): string {
  return `${operation} #${occurrence}${effect ? ' with its effect' : ''}`;
}
