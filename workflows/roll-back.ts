import { allHandlersFinished, condition, isCancellation, setHandler, uuid4 } from '@temporalio/workflow';

import type { RollBackInput } from '../src/contracts/messages.ts';
import { planQuery, stateQuery, timelineQuery } from '../src/contracts/messages.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { CaseState } from '../src/domain/case.ts';
import { mayMove } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { Verdict } from '../src/domain/verdict.ts';
import { endOfContaining, forRollback } from './end-state.ts';
import { CONTAIN, decisions, records } from './activities.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { askForApproval, closeMessage, tell } from './approval.ts';
import { carryOut } from './carry-out.ts';
import { CaseLog } from './case-log.ts';
import { failureText } from './failures.ts';

/**
 * Undoes what a case changed, from the ledger: it needs no history of the containment. Its own plan, its own approval. A case that
 * is being watched stops the watch before anything is put back, so that the two never fight.
 */
export async function rollBack({ caseId, requestedBy, reason }: RollBackInput): Promise<CaseState> {
  const log = new CaseLog({ ...(await records.loadCase({ caseId })) });
  const desk = new ApprovalDesk(
    () => log.state,
    ({ decision }) => log.note('Decision', `${decision.decision} by ${decision.actor} by ${decision.channel}`),
  );
  setHandler(timelineQuery, () => log.timeline);
  setHandler(planQuery, () => log.plan);
  setHandler(stateQuery, () => ({
    caseId,
    state: log.state,
    alertIds: log.alertIds,
    ...(log.plan ? { planDigest: log.plan.digest } : {}),
    approvals: desk.approvals,
  }));

  log.note('Rollback', `Asked for by ${requestedBy}: ${reason}`);
  const policy = await records.responsePolicy({ cloud: log.principal.cloud });
  const plan = (await share(log, { approved: false })) === 'busy' ? await notNow(log) : await makePlan(log);
  if (plan) {
    const expiresAt = new Date(Date.now() + policy.approvalDeadlineMs).toISOString();
    const { alertIds, workflowId } = log.snapshot();
    const verdict = whyRolledBack(requestedBy, reason);
    const subject = { caseId, workflowId, planDigest: plan.digest, verdict, alertIds, expiresAt };
    await save(log);
    const { result, message } = await askForApproval(desk, log, plan, subject, policy);
    const lines =
      result.outcome === 'approved'
        ? await undo(log, plan, result.decisions)
        : leaveAsIs(log, result.outcome === 'denied' ? result.decision : null);
    await save(log);
    await closeMessage(log, message, subject, lines);
  }
  await condition(allHandlersFinished);
  await save(log);
  return log.state;
}

/** From here on no workflow runs for the case but this one. */
const IN_OUR_HANDS: readonly CaseState[] = ['ROLLING_BACK', 'ROLLED_BACK', 'ROLLBACK_PARTIAL'];

async function save(log: CaseLog): Promise<void> {
  if (IN_OUR_HANDS.includes(log.state)) await log.save();
  else if (log.unsaved.length > 0) await share(log, { approved: false });
}

/**
 * While the workflow of the case runs it alone writes the record, and is told our lines; `busy`: it is making or carrying out a
 * plan, and takes none. When `approved` is answered with `ended`, the watch is over. What it wrote meanwhile counts.
 */
async function share(log: CaseLog, { approved }: { approved: boolean }): Promise<ReturnType<typeof forRollback>> {
  const { caseId, principal, unsaved, plan } = log;
  const lines = unsaved.map(({ step, detail }) => ({ step, detail }));
  const news = { caseId, id: uuid4(), lines, approved, ...(plan ? { planDigest: plan.digest } : {}) };
  const heard = await decisions.tellCase.executeWithOptions({ summary: 'Tell the case' }, [{ principal, news }]);
  const standing = forRollback(heard?.state ?? null);
  if (heard?.taken) log.takenOver();
  if (standing !== 'ended') return standing;
  log.rebase(await records.loadCase({ caseId }));
  await log.save();
  return standing;
}

const BUSY =
  'The case was reopened. Decide on its new plan first, then ask for the rollback again. Nothing was rolled back.';

async function notNow(log: CaseLog): Promise<null> {
  log.note('Rollback', BUSY);
  await tell({
    key: `${log.caseId}:rollback-not-now`,
    urgency: 'page',
    title: `No rollback now: ${log.resource}`,
    lines: [BUSY],
    caseId: log.caseId,
  });
  return null;
}

async function makePlan(log: CaseLog): Promise<Plan | null> {
  let why: string;
  try {
    const plan = await CONTAIN[log.principal.cloud].planning.planRollback.executeWithOptions(
      { summary: 'Plan the rollback' },
      [{ caseId: log.caseId }],
    );
    log.proposed(plan);
    log.note('Plan', `${plan.actions.length} changes to undo. ${plan.requirement.reason}`);
    if (plan.actions.length > 0 && plan.obstacles.length === 0) return plan;
    why = plan.obstacles.join(' ') || 'The ledger holds no change of this case that still stands.';
  } catch (error) {
    if (isCancellation(error)) throw error;
    why = failureText(error);
  }
  log.note('Plan', `Nothing was rolled back: ${why}`);
  await tell({
    key: `${log.caseId}:rollback-impossible`,
    urgency: 'page',
    title: `No rollback: ${log.resource}`,
    lines: [why],
    caseId: log.caseId,
  });
  return null;
}

async function undo(log: CaseLog, plan: Plan, approvals: readonly SignedDecision[]): Promise<readonly string[]> {
  if ((await share(log, { approved: true })) !== 'ended') {
    log.note('Rollback', BUSY);
    return [BUSY];
  }
  // A reopened case may have ended without a containment of its own; what was changed before that still stands.
  if (!mayMove(log.state, 'ROLLING_BACK')) log.move('CLOSED', 'Closed', 'For the rollback of what was changed.');
  log.move('ROLLING_BACK', 'Roll back', `Approved by ${approvals.map(({ decision }) => decision.actor).join(', ')}`);
  await log.save();
  const ends = await carryOut(plan, approvals, log);
  const lines = ends.map(({ title, status, detail }) => `${title}: ${status}. ${detail}`);
  const proof = endOfContaining(ends) === 'VERIFYING' ? await proofOf(plan) : 'Not every change was undone.';
  log.move(proof === null ? 'ROLLED_BACK' : 'ROLLBACK_PARTIAL', 'Rolled back', proof ?? 'The prior state is restored.');
  if (proof !== null) {
    await log.save();
    await tell({
      key: `${log.caseId}:ROLLBACK_PARTIAL`,
      urgency: 'page',
      title: `ROLLBACK_PARTIAL: ${log.resource}`,
      lines: [proof, ...lines],
      caseId: log.caseId,
    });
  }
  return [...lines, proof ?? 'Read back: the prior state is restored.'];
}

/** Null when the state read back equals the state before the containment; else what differs. */
async function proofOf(plan: Plan): Promise<string | null> {
  try {
    const check = await CONTAIN[plan.principal.cloud].verifying.verifyRollback.executeWithOptions(
      { summary: 'Verify: the prior state is back' },
      [{ planDigest: plan.digest }],
    );
    return check.status === 'clean' ? null : check.lines.join(' ');
  } catch (error) {
    if (isCancellation(error)) throw error;
    return `It could not be verified: ${failureText(error)}`;
  }
}

function leaveAsIs(log: CaseLog, denial: SignedDecision | null): readonly string[] {
  const line = denial ? `Denied by ${denial.decision.actor}.` : 'Nobody decided in time.';
  log.note('Rollback', `${line} Nothing was rolled back.`);
  return [line, 'Nothing was rolled back.'];
}

function whyRolledBack(requestedBy: string, reason: string): Verdict {
  const text = `${requestedBy} asked for it: ${reason}`;
  return {
    outcome: 'contain',
    risk: 0,
    reasons: [{ rule: 'rollback', weight: 'decides', text, questions: [] }],
    evidence: [],
  };
}
