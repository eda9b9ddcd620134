import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type { ActionOutcome } from '../src/contracts/activities.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import { HAND_OVER } from '../src/domain/case.ts';
import type { Plan, PlannedAction } from '../src/domain/plan.ts';
import type { ActionEnd } from './end-state.ts';
import { endOfFailure, stopsThePlan } from './end-state.ts';
import { CONTAIN } from './activities.ts';
import type { CaseLog } from './case-log.ts';
import { failureText, failureType } from './failures.ts';

/**
 * Every action of an approved plan, one after the other in the order of safety. One that fails does not keep the next from
 * being tried, unless the refusal holds for the whole plan. Never undoes anything: what stands is safer than what does not.
 * Once the case is cancelled no other is begun, and the one under way is waited for: what it came to is known then.
 * `round`: how often it is carried out, because someone undid it; what an action created is created once.
 */
export async function carryOut(
  plan: Plan,
  decisions: readonly SignedDecision[],
  log: CaseLog,
  round = 1,
): Promise<readonly ActionEnd[]> {
  const ends: ActionEnd[] = [];
  let stopped = false;
  for (const action of plan.actions.filter(({ effect }) => round === 1 || effect === 'declarative')) {
    const cancelled = CancellationScope.current().consideredCancelled;
    if (stopped || cancelled) {
      const detail = cancelled ? 'The case was cancelled.' : 'An earlier refusal stopped the plan.';
      ends.push({ title: action.title, status: 'not-tried', detail });
      continue;
    }
    const { end, stops } = await tryAction(plan, action, decisions, round);
    stopped = stops;
    ends.push(end);
    log.note(action.title, `${end.status}: ${end.detail}`);
    if (end.handOver !== undefined) log.note(HAND_OVER, end.handOver);
  }
  return ends;
}

async function tryAction(
  plan: Plan,
  action: PlannedAction,
  decisions: readonly SignedDecision[],
  round: number,
): Promise<{ readonly end: ActionEnd; readonly stops: boolean }> {
  const { title } = action;
  try {
    const { sequence: _, status, ...told } = await run(plan, action, decisions, round);
    return { end: { title, status: status === 'not-made' ? 'failed' : 'done', ...told }, stops: false };
  } catch (error) {
    const type = failureType(error);
    const detail = isCancellation(error)
      ? 'Cancelled between two tries: it may have taken effect.'
      : failureText(error);
    return { end: { title, status: endOfFailure(type), detail }, stops: stopsThePlan(type) };
  }
}

async function run(
  plan: Plan,
  { sequence, title, effect }: PlannedAction,
  decisions: readonly SignedDecision[],
  round: number,
): Promise<ActionOutcome> {
  const input = { planDigest: plan.digest, sequence, decisions, ...(round === 1 ? {} : { round }) };
  const options = { summary: title };
  const { changing, creating, reconciling } = CONTAIN[plan.principal.cloud];
  if (plan.kind === 'rollback') return changing.revertAction.executeWithOptions(options, [input]);
  if (effect === 'declarative') return changing.applyAction.executeWithOptions(options, [input]);
  try {
    return await creating.createByAction.executeWithOptions(options, [input]);
  } catch (error) {
    if (endOfFailure(failureType(error)) === 'failed') throw error;
    const sought = { planDigest: plan.digest, sequence };
    // A case that is cancelled too leaves nothing behind that the ledger does not know.
    return CancellationScope.nonCancellable(() =>
      reconciling.reconcileAction.executeWithOptions({ summary: `Reconcile: ${title}` }, [sought]),
    );
  }
}
