import type { FailureType } from '../src/contracts/failures.ts';
import type { ContainmentCheck } from '../src/contracts/activities.ts';
import type { CaseState } from '../src/domain/case.ts';
import { END_STATES, MOST_ROUNDS, WATCHED } from '../src/domain/case.ts';

/** How carrying out one action of a plan ended. */
export interface ActionEnd {
  readonly title: string;
  /** `unknown`: the change may or may not stand. `not-tried`: an earlier refusal stopped the plan. */
  readonly status: 'done' | 'failed' | 'unknown' | 'not-tried';
  readonly detail: string;
  /** What a person must do with what was made. */
  readonly handOver?: string;
}

/**
 * Refusals that hold for every action of the plan: what one was refused for, the next would be as well. A refused target is not
 * among them: one thing that somebody made anew must not keep the rest from being done.
 */
const STOPS_THE_PLAN: ReadonlySet<FailureType> = new Set([
  'Stopped',
  'ApprovalInvalid',
  'BudgetExceeded',
  'NotPermittedByMode',
]);

export function stopsThePlan(failure: FailureType | 'unclassified'): boolean {
  return failure !== 'unclassified' && STOPS_THE_PLAN.has(failure);
}

/**
 * Failures after which the cloud certainly did not make the change. Everything else may have taken effect: also a throttled or
 * conflicting call, which is the last of several tries and may have been the read after the change.
 */
const WITHOUT_EFFECT: ReadonlySet<FailureType> = new Set([
  ...STOPS_THE_PLAN,
  'TargetRefused',
  'AccessDenied',
  'ValidationFailed',
  'NotFound',
]);

export function endOfFailure(failure: FailureType | 'unclassified'): 'failed' | 'unknown' {
  return failure !== 'unclassified' && WITHOUT_EFFECT.has(failure) ? 'failed' : 'unknown';
}

/** Nothing but a plan whose every action is done goes on to verification; an empty plan proves nothing. */
export function endOfContaining(
  ends: readonly ActionEnd[],
): Extract<CaseState, 'VERIFYING' | 'PARTIAL' | 'OUTCOME_UNKNOWN' | 'FAILED'> {
  const has = (status: ActionEnd['status']) => ends.some((end) => end.status === status);
  if (has('unknown')) return 'OUTCOME_UNKNOWN';
  if (!has('done')) return 'FAILED';
  return ends.every((end) => end.status === 'done') ? 'VERIFYING' : 'PARTIAL';
}

/** A later round that did nothing leaves what the first one did: never FAILED, which says that nothing was changed. */
export function endOfRound(ends: readonly ActionEnd[], round: number): ReturnType<typeof endOfContaining> {
  const end = endOfContaining(ends);
  return round > 1 && end === 'FAILED' ? 'PARTIAL' : end;
}

/**
 * After a check of what was carried out. `again`: something that the plan changed was undone, and carrying it out again mends
 * that; what it can't mend (a call that got through, a session that it does not cover) is for a person.
 */
export function afterCheck(
  { status, mendable = false }: Pick<ContainmentCheck, 'status' | 'mendable'>,
  round: number,
): 'holds' | 'again' | Extract<CaseState, 'PARTIAL' | 'OUTCOME_UNKNOWN'> {
  if (status === 'clean') return 'holds';
  if (status === 'unproven') return 'OUTCOME_UNKNOWN';
  return mendable && round < MOST_ROUNDS ? 'again' : 'PARTIAL';
}

/** What a clean check proves, and in which state that is watched: never contained where the plan does not promise all. */
export function provedBy({ gaps = [] }: Pick<ContainmentCheck, 'gaps'>) {
  return gaps.length === 0
    ? ({ proved: 'CONTAINED', watched: 'MONITORING' } as const)
    : ({ proved: 'PARTIAL', watched: 'MONITORING_PARTIAL' } as const);
}

/** What a watch came upon when it woke. */
interface Sighting {
  /** Of the case: contained, or in part. */
  readonly watched: 'MONITORING' | 'MONITORING_PARTIAL';
  readonly rollbackApproved: boolean;
  /** That came since the watch began. */
  readonly alerts: number;
  /** Of the check; null where none was made. */
  readonly check: ContainmentCheck['status'] | null;
  /** The time to watch is over, or the history of the case can't grow any more. */
  readonly over: boolean;
}

/**
 * A watch ends quietly only with a clean check: one that could not be made says nothing. An alert that nobody answered yet comes
 * before a rollback that was approved in the same moment, which is then refused. Null: it goes on.
 */
export function endOfWatch({
  watched,
  rollbackApproved,
  alerts,
  check,
  over,
}: Sighting): Extract<CaseState, 'CLOSED' | 'PARTIAL' | 'REOPENED' | 'OUTCOME_UNKNOWN'> | null {
  if (alerts > 0) return 'REOPENED';
  if (rollbackApproved) return 'CLOSED';
  if (check === 'drifted') return 'REOPENED';
  if (!over) return null;
  if (check !== 'clean') return 'OUTCOME_UNKNOWN';
  return watched === 'MONITORING' ? 'CLOSED' : 'PARTIAL';
}

/** In these something may have been changed, and nobody looks any more whether it stands. */
const LEFT_UNCERTAIN: readonly CaseState[] = ['CONTAINING', 'VERIFYING', ...WATCHED];

/** Where a case comes to rest when its workflow is cancelled or ended from outside: never better than what is known of it. */
export function endWhenCutOff(state: CaseState): CaseState {
  if (END_STATES.includes(state)) return state;
  if (state === 'ROLLING_BACK') return 'ROLLBACK_PARTIAL';
  return LEFT_UNCERTAIN.includes(state) ? 'OUTCOME_UNKNOWN' : 'FAILED';
}

/**
 * Whether a rollback may go on with its case. `busy`: the case is making or carrying out a plan. `ended`: no workflow runs for
 * it, or one that only tells people.
 */
export function forRollback(state: CaseState | null): 'ended' | 'watched' | 'busy' {
  if (state === null || END_STATES.includes(state)) return 'ended';
  return WATCHED.includes(state) ? 'watched' : 'busy';
}
