import type { CaseState } from '../../src/domain/case.ts';
import type { ServerProcess } from '../../src/runtime/server-process.ts';
import type { Restartable } from '../support/processes/temporal.ts';
import type { HeldCase, HoldPoint, Recorded } from './held-cases.ts';
import { holdCases, holdPoints, recordUndisturbed, titleOf, WAVE } from './held-cases.ts';
import { wrongsOf } from './invariants.ts';
import { type KillableCordon, until } from './killable-cordon.ts';

/** CLOSED: contained, watched, and nothing seen. */
const HONEST: readonly CaseState[] = ['CLOSED', 'PARTIAL', 'OUTCOME_UNKNOWN'];

interface Sweep {
  /** One of each point, with its state. */
  readonly ends: readonly string[];
  readonly wrongs: readonly string[];
}

/**
 * Cases that each hang at a point of their own; then `server` dies, the calls that hang get their answers, or none, while it is
 * away, and it comes back. The worker lives on and must see every case to an honest end. It carries out ACTIONS, under SHORT_WATCH.
 */
export async function sweepRestarts(
  cordon: KillableCordon,
  worker: ServerProcess,
  server: Restartable,
): Promise<Sweep> {
  const watched = watchOver(worker);
  const undisturbed = await recordUndisturbed(cordon);
  const points = holdPoints(undisturbed);
  const ends: string[] = [];
  const wrongs: string[] = [];
  for (let from = 0; from < points.length; from += WAVE) {
    const wave = points.slice(from, from + WAVE);
    for (const held of await watched.meanwhile(restartAmid(cordon, server, wave))) {
      const { end, why, wrong } = await watched.meanwhile(endOf(cordon, held, undisturbed));
      ends.push(`${titleOf(held.point)}: ${end}. ${why}`);
      wrongs.push(...wrong.map((one) => `${titleOf(held.point)}: ${one} (${end})`));
    }
  }
  watched.stop();
  if ((await cordon.store.ledger.verify()).status !== 'intact') wrongs.push('the ledger is broken');
  return { ends, wrongs };
}

async function restartAmid(
  cordon: KillableCordon,
  server: Restartable,
  wave: readonly HoldPoint[],
): Promise<readonly HeldCase[]> {
  const { cases, release } = await holdCases(cordon, wave);
  const inState = (...states: readonly HoldPoint['state'][]) =>
    cases.filter(({ point }) => states.includes(point.state)).map(({ opened }) => opened);
  const underway = inState('approving').map((opened) => opened.approve().catch(() => undefined));
  await server.crash();
  release();
  await server.restart();
  await Promise.all(underway);
  for (const opened of inState('ENRICHING')) await opened.asked();
  for (const opened of inState('ENRICHING', 'AWAITING_APPROVAL', 'approving')) await approveInTheEnd(cordon, opened);
  return cases;
}

/** Whoever is not told that the decision counts repeats it; that must be harmless. */
function approveInTheEnd({ store }: KillableCordon, opened: HeldCase['opened']): Promise<void> {
  return until(async () => {
    try {
      await opened.approve();
      return true;
    } catch {
      return (await store.ledger.ofCase(opened.caseId)).some(({ type }) => type === 'intent');
    }
  });
}

async function endOf(cordon: KillableCordon, { person, opened }: HeldCase, { state: undisturbed }: Recorded) {
  const { caseId } = opened;
  const end = await opened.end();
  const { state: recorded, timeline = [] } = (await cordon.store.cases.get(caseId)) ?? {};
  const wrong = [
    ...(await wrongsOf(cordon, { person, caseId, undisturbed })),
    ...(HONEST.includes(end) ? [] : ['it ends in another state']),
    ...(recorded === end ? [] : [`the record says ${recorded}`]),
  ];
  return { end, why: timeline.at(-1)?.detail ?? '', wrong };
}

/** A worker that dies would leave its cases hanging, and the test with them. */
function watchOver(worker: ServerProcess) {
  let over = false;
  const died = (async () => {
    await until(async () => over || !runs(worker.pid));
    if (!over) throw new Error(`The worker died:\n${worker.output()}`);
  })();
  died.catch(() => undefined);
  return {
    async meanwhile<Result>(work: Promise<Result>): Promise<Result> {
      await Promise.race([work, died]);
      return work;
    },
    stop: () => void (over = true),
  };
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
