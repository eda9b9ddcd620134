import type { ContainmentCheck } from '../src/contracts/activities.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import type { Asides } from './asides.ts';
import { showingMeanwhile, tell } from './approval.ts';
import { carryOut } from './carry-out.ts';
import type { CaseLog } from './case-log.ts';
import type { ActionEnd } from './end-state.ts';
import { afterCheck, endOfRound, provedBy } from './end-state.ts';
import type { CarriedOut } from './prove.ts';
import { prove } from './prove.ts';

/** An approved plan, and by whom. */
interface Approved {
  readonly plan: Plan;
  readonly decisions: readonly SignedDecision[];
}

interface Contained {
  /** What happened, for the message. */
  readonly lines: readonly string[];
  /** What is to be watched, contained or in part; null when it is not proved. */
  readonly proved: CarriedOut | null;
}

/**
 * Carries an approved plan out and proves it, and does so again while someone undoes it: whoever holds the identity may still
 * act in the seconds until IAM binds everywhere. The approval holds for that, because the plan is the same to the letter.
 */
export async function contain(
  log: CaseLog,
  { plan, decisions }: Approved,
  policy: ResponsePolicy,
  asides: Asides,
  show: (made: readonly string[]) => Promise<void>,
): Promise<Contained> {
  const lines: string[] = [];
  for (let round = 1; ; round += 1) {
    log.move('CONTAINING', round === 1 ? 'Contain' : 'Contain again', `${plan.actions.length} actions`);
    await log.save();
    const ends = await carryOut(plan, decisions, log, round);
    lines.push(...endsInLines(ends));
    const made: CarriedOut = { plan, round, boundAtMs: Date.now() + policy.propagationMs };
    const done = ends.filter(({ status }) => status === 'done').length;
    const end = endOfRound(ends, round);
    log.move(end, 'Contain', `${done} of ${ends.length} actions done`);
    if (end !== 'VERIFYING') return { lines, proved: null };
    await log.save();
    // The proof takes a quarter of an hour on a real cloud: until then people see that the changes are made, and no live button.
    const { check, step } = await showingMeanwhile(() => show(lines), prove(log, made, policy));
    lines.push(...check.lines);
    const next = afterCheck(check, round);
    if (next === 'holds') {
      const pages = proved(log, check, policy);
      if (pages) asides.start(() => tellInPart(log, made, check));
      return { lines, proved: made };
    }
    if (next !== 'again') {
      log.move(next, step, check.lines.join(' '));
      return { lines, proved: null };
    }
    log.note(step, check.lines.join(' '));
    asides.start(() => escalate(log, made, check.lines));
  }
}

/**
 * Watched in the same breath: an alert that came in between would open another case. Answers whether people are to be paged now,
 * because what is contained in part goes on to be watched; where it is not watched, its end state pages them.
 */
function proved(log: CaseLog, check: ContainmentCheck, { watchMs, watchEveryMs }: ResponsePolicy): boolean {
  const state = provedBy(check);
  log.move(state.proved, state.proved === 'CONTAINED' ? 'Contained' : IN_PART, check.lines.join(' '));
  if (watchMs <= 0) return false;
  log.move(state.watched, 'Watch', `For ${inWords(watchMs)}, every ${inWords(watchEveryMs)}.`);
  return state.proved === 'PARTIAL';
}

const IN_PART = 'Contained in part';

/** A person must do the rest now, not when the watch is over. */
function tellInPart(log: CaseLog, { plan }: CarriedOut, { gaps = [] }: ContainmentCheck): Promise<void> {
  return tell({
    key: `${plan.digest}:PARTIAL`,
    urgency: 'page',
    title: `PARTIAL: ${log.resource}`,
    lines: [
      `${IN_PART}; what the plan did holds and is watched. The rest is for a person:`,
      ...gaps,
      `Read the case with: cordon case show ${log.caseId}`,
    ],
    caseId: log.caseId,
  });
}

export function inWords(ms: number): string {
  const [unit, size] =
    ms >= 3_600_000
      ? (['hours', 3_600_000] as const)
      : ms >= 60_000
        ? (['minutes', 60_000] as const)
        : (['seconds', 1000] as const);
  return `${Number((ms / size).toFixed(1))} ${unit}`;
}

function escalate(log: CaseLog, { plan, round }: CarriedOut, seen: readonly string[]): Promise<void> {
  return tell({
    key: `${plan.digest}:undone:${round}`,
    urgency: 'page',
    title: `Someone undoes the containment: ${log.resource}`,
    lines: [...seen, `The approved plan is being carried out again (round ${round + 1}).`],
    caseId: log.caseId,
  });
}

function endsInLines(ends: readonly ActionEnd[]): readonly string[] {
  const open = ends.some(({ status }) => status !== 'done');
  return [
    ...ends.map(({ title, status }) => `${title}: ${status}`),
    ...(open ? ends.filter(({ status }) => status !== 'done').map(({ detail }) => detail) : []),
    ...ends.flatMap(({ handOver }) => (handOver === undefined ? [] : [handOver])),
  ];
}
