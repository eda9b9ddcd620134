import { allHandlersFinished, condition, continueAsNew, isCancellation, setHandler } from '@temporalio/workflow';

import type { ApprovalSubject } from '../src/contracts/activities.ts';
import type { ContainPrincipalInput, JoinedAlert } from '../src/contracts/messages.ts';
import { alertJoined, planQuery, stateQuery, timelineQuery } from '../src/contracts/messages.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { CaseState } from '../src/domain/case.ts';
import { CALLS_A_HUMAN, END_STATES } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { Verdict } from '../src/domain/verdict.ts';
import { endOfContaining } from './end-state.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { planning, records } from './activities.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { askForApproval, closeMessage, showingMeanwhile, tell } from './approval.ts';
import { carryOut } from './carry-out.ts';
import { CaseLog } from './case-log.ts';
import { failureText } from './failures.ts';
import { prove } from './prove.ts';

/**
 * One case: its workflow id is the lock on the principal, so two alerts on one identity make one plan and one containment.
 * Never continues as new while it may be decided on: update ids, and with them approvals, would be forgotten. Alerts that come
 * after its end, while people are being told, open the next case.
 */
export async function containPrincipal(input: ContainPrincipalInput): Promise<CaseState> {
  const log = new CaseLog({ ...input, state: 'RECEIVED' });
  const alerts: JoinedAlert[] = [];
  const desk = new ApprovalDesk(
    () => log.state,
    (signed) => log.note('Decision', decisionText(signed)),
  );
  let expiresAt: string | undefined;
  const late: JoinedAlert[] = [];
  const join = (alert: JoinedAlert) => {
    alerts.push(alert);
    log.joined(alert.alertId);
    log.note('Alert', `${alert.title} (${alert.alertId})`);
  };
  for (const alert of input.alerts ?? []) join(alert);
  setHandler(alertJoined, async (alert) => {
    if ([...alerts, ...late].some(({ alertId }) => alertId === alert.alertId)) return;
    if (END_STATES.includes(log.state)) late.push(alert);
    else join(alert);
    if (log.state === 'AWAITING_APPROVAL') await log.save();
  });
  setHandler(timelineQuery, () => log.timeline);
  setHandler(planQuery, () => log.plan);
  setHandler(stateQuery, () => ({
    caseId: log.caseId,
    state: log.state,
    alertIds: log.alertIds,
    ...(log.plan ? { planDigest: log.plan.digest } : {}),
    approvals: desk.approvals,
    ...(expiresAt ? { expiresAt } : {}),
  }));

  await condition(() => alerts.length > 0);
  const policy = await records.responsePolicy();
  const plan = await makePlan(log);
  if (plan && isToBeAsked(log, plan, policy)) {
    expiresAt = new Date(Date.now() + policy.approvalDeadlineMs).toISOString();
    const subject = subjectOf(log, plan, gravest(alerts), expiresAt);
    await log.save();
    const { result, message } = await askForApproval(desk, log, plan, subject, policy);
    const lines =
      result.outcome === 'approved'
        ? await contain(log, plan, result.decisions, policy, (made) => closeMessage(log, message, subject, made))
        : refuse(log, result.outcome === 'denied' ? result.decision : null);
    await log.save();
    await closeMessage(log, message, subject, lines);
  }
  await close(log);
  const [next] = late;
  if (next) await continueAsNew<typeof containPrincipal>({ ...input, caseId: next.opens, alerts: late });
  return log.state;
}

async function makePlan(log: CaseLog): Promise<Plan | null> {
  log.move('ENRICHING', 'Plan', 'Reading what there is to change, and what it would break.');
  try {
    const plan = await planning.planContainment.executeWithOptions({ summary: 'Plan the containment' }, [
      { caseId: log.caseId, principal: log.principal, alertIds: log.alertIds },
    ]);
    log.proposed(plan);
    return plan;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.move('FAILED', 'Plan', `No plan could be made, a person must contain this identity: ${failureText(error)}`);
    return null;
  }
}

/** Whether there is anything to approve. */
function isToBeAsked(log: CaseLog, plan: Plan, policy: ResponsePolicy): boolean {
  const open = plan.actions.filter(({ alreadySo }) => !alreadySo).length;
  const [obstacle = 'There is no action for this kind of identity.'] = plan.obstacles;
  if (policy.mode === 'observe') {
    log.move('RECORDED', 'Observe', `Observe mode: ${open} actions are proposed, nothing is changed.`);
  } else if (plan.obstacles.length > 0 || plan.actions.length === 0) {
    log.move('FAILED', 'Plan', `The plan can't be carried out, a person must contain this identity: ${obstacle}`);
  } else if (open === 0) {
    log.move('RECORDED', 'Plan', 'Every action is already so: nothing to change. This does not prove containment.');
  } else {
    log.move('NEEDS_APPROVAL', 'Plan', `${open} actions. ${plan.requirement.reason}`);
    log.move('AWAITING_APPROVAL', 'Ask for approval', `Plan ${plan.digest.slice(0, 12)}`);
  }
  return log.state === 'AWAITING_APPROVAL';
}

async function contain(
  log: CaseLog,
  plan: Plan,
  decisions: readonly SignedDecision[],
  policy: ResponsePolicy,
  show: (made: readonly string[]) => Promise<void>,
): Promise<readonly string[]> {
  log.move('APPROVED', 'Approval', decisions.map(decisionText).join('; '));
  log.move('CONTAINING', 'Contain', `${plan.actions.length} actions`);
  await log.save();
  const ends = await carryOut(plan, decisions, log);
  const end = endOfContaining(ends);
  const lines = [...decisions.map(decisionText), ...ends.map(({ title, status }) => `${title}: ${status}`)];
  const changed = ends.filter(({ status }) => status === 'done').length;
  log.move(end, 'Contain', `${changed} of ${ends.length} actions done`);
  if (end !== 'VERIFYING')
    return [...lines, ...ends.filter(({ status }) => status !== 'done').map(({ detail }) => detail)];
  await log.save();
  // The proof takes a quarter of an hour on a real cloud: until then people see that the changes are made, and no live button.
  return [...lines, ...(await showingMeanwhile(() => show(lines), prove(log, plan, policy)))];
}

function refuse(log: CaseLog, denial: SignedDecision | null): readonly string[] {
  if (denial) log.move('REJECTED', 'Denied', decisionText(denial));
  else log.move('EXPIRED', 'Expired', 'Nobody decided in time. Nothing was changed.');
  return denial ? [decisionText(denial), 'Nothing was changed.'] : ['Nobody decided in time. Nothing was changed.'];
}

/** The end state is told; the case ends once no alert and no decision is still on its way in. */
async function close(log: CaseLog): Promise<void> {
  await log.save();
  if (log.state === 'RECORDED' || CALLS_A_HUMAN.includes(log.state)) {
    await tell({
      key: `${log.caseId}:${log.state}`,
      urgency: CALLS_A_HUMAN.includes(log.state) ? 'page' : 'inform',
      title: `${log.state}: ${log.principal.arn}`,
      lines: [log.timeline.at(-1)?.detail ?? '', `Read the case with: cordon case show ${log.caseId}`],
      caseId: log.caseId,
    });
  }
  await condition(allHandlersFinished);
  await log.save();
}

function subjectOf(log: CaseLog, plan: Plan, verdict: Verdict, expiresAt: string): ApprovalSubject {
  const { workflowId } = log.snapshot();
  return { caseId: log.caseId, workflowId, planDigest: plan.digest, verdict, alertIds: [...log.alertIds], expiresAt };
}

/** Several alerts, one message: the gravest verdict speaks. */
function gravest(alerts: readonly JoinedAlert[]): Verdict {
  const [first, ...others] = alerts.map(({ verdict }) => verdict);
  if (!first) throw new Error('A case has an alert.');
  return others.reduce((worst, verdict) => (verdict.risk > worst.risk ? verdict : worst), first);
}

function decisionText({ decision }: SignedDecision): string {
  const verb = decision.decision === 'approve' ? 'Approved' : 'Denied';
  const reason = decision.reason ? `: ${decision.reason}` : '';
  return `${verb} by ${decision.actor} by ${decision.channel} at ${decision.decidedAt}${reason}`;
}
