import { isCancellation } from '@temporalio/workflow';

import type { Plan } from '../src/domain/plan.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { CONTAIN, records } from './activities.ts';
import type { CaseLog } from './case-log.ts';
import { provedBy } from './end-state.ts';
import { failureText } from './failures.ts';
import type { CarriedOut } from './prove.ts';
import { checkContainment } from './prove.ts';

/** Reads only. Null when no plan can be made, which ends the case. */
export async function makePlan(log: CaseLog, reopenings: number): Promise<Plan | null> {
  log.move('ENRICHING', 'Plan', 'Reading what there is to change, and what it would break.');
  // Reading takes minutes where the log is long, and the workflow may be terminated meanwhile: nobody would know of the case.
  await log.save();
  const { caseId, principal, alertIds } = log;
  try {
    const plan = await CONTAIN[principal.cloud].planning.planContainment.executeWithOptions(
      { summary: 'Plan the containment' },
      [{ caseId, principal, alertIds, ...(reopenings === 0 ? {} : { reopenings }) }],
    );
    log.proposed(plan);
    return plan;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.move('FAILED', 'Plan', `No plan could be made, a person must contain this identity: ${failureText(error)}`);
    return null;
  }
}

/** Whether there is anything to approve; else the case goes where that leaves it. `before`: what a reopened case has proved. */
export async function isToBeAsked(
  log: CaseLog,
  plan: Plan,
  policy: ResponsePolicy,
  before: CarriedOut | null,
): Promise<boolean> {
  const open = plan.actions.filter(({ alreadySo }) => !alreadySo).length;
  const [obstacle = 'There is no action for this kind of identity.'] = plan.obstacles;
  // Of a case that is watched, what the plan leaves out is known: the watch must not end for it.
  const done = open === 0 && plan.actions.length > 0 && (before !== null || plan.obstacles.length === 0);
  if (policy.mode === 'observe') {
    log.move('RECORDED', 'Observe', `Observe mode: ${open} actions are proposed, nothing is changed.`);
  } else if (done) {
    await nothingToChange(log, before);
  } else if (plan.obstacles.length > 0 || plan.actions.length === 0) {
    log.move('FAILED', 'Plan', `The plan can't be carried out, a person must contain this identity: ${obstacle}`);
  } else {
    log.move('NEEDS_APPROVAL', 'Plan', `${open} actions. ${plan.requirement.reason}`);
    log.move('AWAITING_APPROVAL', 'Ask for approval', `Plan ${plan.digest.slice(0, 12)}`);
  }
  return log.state === 'AWAITING_APPROVAL';
}

/** An alert may tell of calls that were refused: where everything holds, the watch goes on. Else it is beyond what Cordon can do. */
async function nothingToChange(log: CaseLog, before: CarriedOut | null): Promise<void> {
  if (before === null) {
    const { principal, caseId } = log;
    const other = await records.otherOpenCase({ principal, caseId });
    if (other?.state === 'ROLLING_BACK') {
      const undone = `Every action is already so, but case ${other.caseId} is just being rolled back.`;
      const again = 'Then send the alert again under a new id, or contain by hand.';
      return log.move('FAILED', 'Plan', `${undone} Wait for its end: what it puts back, nobody takes away. ${again}`);
    }
    log.move('RECORDED', 'Plan', 'Every action is already so: nothing to change. This does not prove containment.');
    return;
  }
  const step = 'Verify: what was changed before';
  const check = await checkContainment(log, before, {
    step,
    requireLog: false,
    sinceMs: before.boundAtMs,
  });
  const seen = check.lines.join(' ');
  const holds = `Nothing to change, and what was changed before holds. ${seen}`;
  if (check.status === 'clean') log.move(provedBy(check).watched, 'Watch', holds);
  else log.move('FAILED', step, `Every action is already so, and yet a person must contain this identity: ${seen}`);
}
