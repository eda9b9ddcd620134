import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  setHandler,
  uuid4,
} from '@temporalio/workflow';

import type { ApprovalSubject, SecondPlanAsked } from '../src/contracts/activities.ts';
import type { SecondPlanInput } from '../src/contracts/messages.ts';
import { planQuery, stateQuery, timelineQuery } from '../src/contracts/messages.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { CaseState } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { Verdict } from '../src/domain/verdict.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { decisions, records } from './activities.ts';
import type { ApprovalResult } from './approval-desk.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { askForApproval, closeMessage, tell } from './approval.ts';
import { CaseLog } from './case-log.ts';
import { endWhenCutOff, forRollback } from './end-state.ts';
import { failureText } from './failures.ts';

type Standing = ReturnType<typeof forRollback>;

/** What became of the plan, for its message. */
export interface SecondEnd {
  readonly lines: readonly string[];
  /** If that is not the state of the case. */
  readonly shownAs?: CaseState;
}

/** A plan for a case that was contained before: asked for by a person, made from the ledger, approved on its own. */
export interface SecondPlan {
  /** Of its lines in the timeline, and in the titles of messages. */
  readonly step: string;
  /** Of its notices and its verdict. */
  readonly name: 'rollback' | 'deletion';
  /** Said wherever it ends without a change. */
  readonly nothingDone: string;
  /** Why it must wait, or null. `watched`: the case goes on, and would go on beside it. */
  waitsBecause(standing: Standing): string | null;
  make(log: CaseLog, asked: SecondPlanAsked): Promise<Plan>;
  /** Never cancelled half-way: what is under way is waited for, and said. */
  carryOut(log: CaseLog, plan: Plan, approvals: readonly SignedDecision[]): Promise<SecondEnd>;
}

/** Plans, asks, carries out and tells. Its workflow id is the lock: no two of a case run at a time. */
export async function runSecondPlan(input: SecondPlanInput, kind: SecondPlan): Promise<CaseState> {
  const log = new CaseLog({ ...(await records.loadCase({ caseId: input.caseId })) });
  const desk = new ApprovalDesk(
    () => log.state,
    ({ decision }) => log.note('Decision', `${decision.decision} by ${decision.actor} by ${decision.channel}`),
  );
  setHandler(timelineQuery, () => log.timeline);
  setHandler(planQuery, () => log.plan);
  setHandler(stateQuery, () => ({
    caseId: log.caseId,
    state: log.state,
    alertIds: log.alertIds,
    ...(log.plan ? { planDigest: log.plan.digest } : {}),
    approvals: desk.approvals,
  }));

  log.note(kind.step, `Asked for by ${input.requestedBy}: ${input.reason}`);
  let cancelled: unknown = null;
  try {
    const policy = await records.responsePolicy({ cloud: log.principal.cloud });
    const waits = kind.waitsBecause(await share(log, { approved: false })) ?? (await otherCase(log, kind));
    const plan = waits === null ? await makePlan(log, kind, input) : await notNow(log, kind, waits);
    if (plan) await decideOn(log, desk, plan, input, { kind, policy });
  } catch (error) {
    if (!isCancellation(error)) throw error;
    cancelled = error;
    log.note(kind.step, `${CANCELLED} ${kind.nothingDone}`);
  }
  await CancellationScope.nonCancellable(async () => {
    await condition(allHandlersFinished);
    await save(log);
  });
  if (cancelled !== null) throw cancelled;
  return log.state;
}

async function decideOn(
  log: CaseLog,
  desk: ApprovalDesk,
  plan: Plan,
  { requestedBy, reason }: SecondPlanInput,
  { kind, policy }: { kind: SecondPlan; policy: ResponsePolicy },
): Promise<void> {
  const expiresAt = new Date(Date.now() + policy.approvalDeadlineMs).toISOString();
  const { caseId, alertIds, workflowId } = log.snapshot();
  const verdict = askedBecause(kind, requestedBy, reason);
  const subject: ApprovalSubject = { caseId, workflowId, planDigest: plan.digest, verdict, alertIds, expiresAt };
  await save(log);
  const { result, message } = await askForApproval(desk, log, plan, subject, policy);
  const end =
    result.outcome === 'approved' ? await unlessOther(log, plan, kind, result.decisions) : leaveAsIs(log, kind, result);
  await CancellationScope.nonCancellable(async () => {
    await save(log);
    await closeMessage(log, message, subject, end.lines, end.shownAs);
  });
}

/** Hours may lie between the question and the answer: asked again, before anything is changed and before a watch is ended. */
async function unlessOther(
  log: CaseLog,
  plan: Plan,
  kind: SecondPlan,
  approvals: readonly SignedDecision[],
): Promise<SecondEnd> {
  const other = await otherCase(log, kind);
  if (other === null) return kind.carryOut(log, plan, approvals);
  await notNow(log, kind, other);
  return { lines: [other], shownAs: 'FAILED' };
}

/** What is put back under another case of the identity would be contained no more, and that case would not know. */
async function otherCase({ principal, caseId }: CaseLog, { nothingDone }: SecondPlan): Promise<string | null> {
  const other = await records.otherOpenCase({ principal, caseId });
  if (other === null) return null;
  const { caseId: id, state } = other;
  return `Case ${id} of the same identity is open (${state}). Decide on it, or roll it back, then ask again. ${nothingDone}`;
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
export function share(log: CaseLog, { approved }: { approved: boolean }): Promise<Standing> {
  return CancellationScope.nonCancellable(async () => {
    const { caseId, principal, unsaved, plan } = log;
    const lines = unsaved.map(({ step, detail }) => ({ step, detail }));
    const news = { caseId, id: uuid4(), lines, approved, ...(plan ? { planDigest: plan.digest } : {}) };
    const heard = await decisions.tellCase.executeWithOptions({ summary: 'Tell the case' }, [{ principal, news }]);
    const standing = forRollback(heard?.state ?? null);
    if (heard?.taken) log.takenOver();
    if (standing !== 'ended') return standing;
    log.rebase(await records.loadCase({ caseId }));
    restIfCutOff(log);
    await log.save();
    return standing;
  });
}

/** Of a case whose workflow was terminated nobody wrote down how it ended. */
function restIfCutOff(log: CaseLog): void {
  const [before, end] = [log.state, endWhenCutOff(log.state)];
  if (end !== before)
    log.move(end, 'Ended from outside', `No workflow runs for the case, and the record says ${before}.`);
}

async function notNow(log: CaseLog, kind: SecondPlan, why: string): Promise<null> {
  log.note(kind.step, why);
  await tellWhyNot(log, kind, 'not-now', why);
  return null;
}

async function makePlan(log: CaseLog, kind: SecondPlan, { requestedBy }: SecondPlanInput): Promise<Plan | null> {
  let why: string;
  try {
    const plan = await kind.make(log, { caseId: log.caseId, requestedBy });
    log.proposed(plan);
    if (plan.actions.length > 0 && plan.obstacles.length === 0) {
      log.note(
        'Plan',
        `${plan.actions.length} ${plan.actions.length === 1 ? 'action' : 'actions'}. ${plan.requirement.reason}`,
      );
      return plan;
    }
    const nothing = ['The ledger holds no change of this case that still stands.', ...plan.caveats];
    why = (plan.obstacles.length > 0 ? plan.obstacles : nothing).join(' ');
  } catch (error) {
    if (isCancellation(error)) throw error;
    why = failureText(error);
  }
  log.note('Plan', `${kind.nothingDone} ${why}`);
  await tellWhyNot(log, kind, 'impossible', why);
  return null;
}

function tellWhyNot(log: CaseLog, { step, name }: SecondPlan, what: string, why: string): Promise<void> {
  return tell({
    key: `${log.caseId}:${name}-${what}`,
    urgency: 'page',
    title: `No ${step.toLowerCase()}${what === 'not-now' ? ' now' : ''}: ${log.resource}`,
    lines: [why],
    caseId: log.caseId,
  });
}

const CANCELLED = 'Cancelled in Temporal.';

function leaveAsIs(
  log: CaseLog,
  { step, nothingDone }: SecondPlan,
  result: Exclude<ApprovalResult, { readonly outcome: 'approved' }>,
): SecondEnd {
  const line = {
    denied: `Denied by ${result.outcome === 'denied' ? result.decision.decision.actor : ''}.`,
    expired: 'Nobody decided in time.',
    cancelled: CANCELLED,
  }[result.outcome];
  const shownAs = ({ denied: 'REJECTED', expired: 'EXPIRED', cancelled: 'FAILED' } as const)[result.outcome];
  log.note(step, `${line} ${nothingDone}`);
  return { lines: [line, nothingDone], shownAs };
}

function askedBecause({ name }: SecondPlan, requestedBy: string, reason: string): Verdict {
  const text = `${requestedBy} asked for it: ${reason}`;
  return {
    outcome: 'contain',
    risk: 0,
    reasons: [{ rule: name, weight: 'decides', text, questions: [] }],
    evidence: [],
  };
}
