import { startSuspectedAzure } from '../../test/faults/azure-suspects.ts';
import { startKillableWorkers, until, type KillableWorkers } from '../../test/faults/killable-cordon.ts';
import type { SuspectedCloud } from '../../test/faults/suspected-cloud.ts';
import type { Progress, Row } from '../report.ts';
import { median, spread } from '../statistics.ts';

const WORKERS = 3;
const ROUNDS = 6;
/** Contained at once in each round. */
const CASES = 12;
/** Changes of a plan: one disables, two remove secrets, two remove roles, one an eligible role. */
const CHANGES = 6;

interface Round {
  /** Milliseconds from the call to its answer. */
  readonly answer: number;
  /** From the answer to the last change that began after it; 0 if none did. */
  readonly last: number;
  readonly after: number;
  readonly kept: number;
}

/** Three worker processes in the midst of many containments when `cordon stop` comes; a change begins when it reaches the cloud. */
export async function measureKillSwitch(_address: string, progress: Progress): Promise<readonly Row[]> {
  await using running = new AsyncDisposableStack();
  const cloud = await startSuspectedAzure();
  running.defer(() => cloud.stop());
  const workers = await startKillableWorkers(cloud);
  running.defer(() => workers.stop());
  for (let started = 0; started < WORKERS; started += 1) await workers.startWorker(cloud.actions);
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) {
    progress(`round ${rounds.length + 1} of ${ROUNDS}`);
    rounds.push(await oneRound(cloud, workers));
  }
  return rowsOf(rounds);
}

async function oneRound(cloud: SuspectedCloud, workers: KillableWorkers): Promise<Round> {
  const cases = await Promise.all(
    Array.from({ length: CASES }, async () => workers.openCase(await cloud.newSuspect())),
  );
  for (const opened of cases) await opened.asked();
  const begunAtMs: number[] = [];
  cloud.interfere(({ write }) => void (write && begunAtMs.push(performance.now())));
  const approvals = cases.map((opened) => opened.approve());
  await until(async () => begunAtMs.length >= CASES);
  const askedAtMs = performance.now();
  await workers.store.killSwitch.set(true, 'erin', 'measurement');
  const answeredAtMs = performance.now();
  await Promise.all(approvals);
  await Promise.all(cases.map((opened) => opened.end()));
  cloud.clear();
  await workers.store.killSwitch.set(false, 'erin', 'measured');
  const after = begunAtMs.filter((atMs) => atMs > answeredAtMs);
  return {
    answer: answeredAtMs - askedAtMs,
    last: Math.max(0, ...after.map((atMs) => atMs - answeredAtMs)),
    after: after.length,
    kept: CASES * CHANGES - begunAtMs.length,
  };
}

function rowsOf(rounds: readonly Round[]): readonly Row[] {
  const row = (name: string, unit: string, of: (round: Round) => number): Row => {
    const values = rounds.map(of);
    return { name, unit, value: median(values), spread: spread(values) };
  };
  const last = row('last change begun after the answer', 'ms', (round) => round.last);
  return [
    row('from `cordon stop` to its answer', 'ms', ({ answer }) => answer),
    // The worst round counts: a stop that is late once is late.
    { ...last, value: Math.max(...rounds.map((round) => round.last)), target: { is: 'at most', value: 1000 } },
    row('changes begun after the answer, permitted before', '', ({ after }) => after),
    row(`changes that the stop kept from being made, of ${CASES * CHANGES}`, '', ({ kept }) => kept),
  ];
}
