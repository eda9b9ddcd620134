import type { FailureType } from '../src/contracts/failures.ts';
import type { CaseState } from '../src/domain/case.ts';

/** How carrying out one action of a plan ended. */
export interface ActionEnd {
  readonly title: string;
  /** `unknown`: the change may or may not stand. `not-tried`: an earlier refusal stopped the plan. */
  readonly status: 'done' | 'failed' | 'unknown' | 'not-tried';
  readonly detail: string;
}

/** Refusals that hold for every action of the plan: what one was refused for, the next would be as well. */
const STOPS_THE_PLAN: ReadonlySet<FailureType> = new Set([
  'Stopped',
  'ApprovalInvalid',
  'TargetRefused',
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
