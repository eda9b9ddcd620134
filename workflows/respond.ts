import { CancellationScope, CancelledFailure } from '@temporalio/workflow';

import type { ApprovalSubject } from '../src/contracts/activities.ts';
import type { JoinedAlert } from '../src/contracts/messages.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import { WATCHED } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { Verdict } from '../src/domain/verdict.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import type { ApprovalDesk } from './approval-desk.ts';
import { askForApproval, closeMessage, decisionText, showingMeanwhile, tell } from './approval.ts';
import type { Asides } from './asides.ts';
import type { CaseLog } from './case-log.ts';
import { contain } from './contain.ts';
import type { Inbox } from './inbox.ts';
import { isToBeAsked, makePlan } from './propose.ts';
import type { CarriedOut } from './prove.ts';
import { watch } from './watch.ts';

/** What a case works with from its first plan to its last. */
export interface OpenCase {
  readonly log: CaseLog;
  readonly inbox: Inbox;
  readonly desk: ApprovalDesk;
  readonly asides: Asides;
  readonly policy: ResponsePolicy;
  /** ISO 8601: until when the present plan can be decided on. */
  expiresAt?: string;
  /** Shows the end in the message of the present plan, if the case is cut off before it does so itself. */
  showEnd?: (lines: readonly string[]) => Promise<void>;
}

/** A containment that was proved, or a part of one, and the message that tells of it. */
export interface Proved {
  readonly carriedOut: CarriedOut;
  readonly lines: readonly string[];
  readonly show: (lines: readonly string[]) => Promise<void>;
}

/**
 * One plan: made, asked for, carried out, proved. `before`: what was proved until the case was reopened. Answers what is to be
 * watched, or null where nothing is proved.
 */
export async function respond(open: OpenCase, reopenings: number, before: Proved | null): Promise<Proved | null> {
  const { log, inbox, policy } = open;
  inbox.answer();
  const plan = await makePlan(log, reopenings);
  if (!plan) return null;
  if (await isToBeAsked(log, plan, policy, before?.carriedOut ?? null)) return decideOn(open, plan, before);
  return WATCHED.includes(log.state) ? before : null;
}

async function decideOn(open: OpenCase, plan: Plan, before: Proved | null): Promise<Proved | null> {
  const { log, inbox, desk, asides, policy } = open;
  const expiresAt = new Date(Date.now() + policy.approvalDeadlineMs).toISOString();
  open.expiresAt = expiresAt;
  const subject = {
    ...subjectOf(log, plan, gravest(inbox.alerts), expiresAt),
    ...(before === null ? {} : { reopened: true }),
  };
  await log.save();
  const { result, message } = await askForApproval(desk, log, plan, subject, policy);
  const show = (lines: readonly string[]) => closeMessage(log, message, subject, lines);
  open.showEnd = show;
  if (result.outcome === 'cancelled') throw new CancelledFailure('Cancelled while the plan waited for a decision.');
  if (result.outcome !== 'approved') {
    const lines = refuse(log, result.outcome === 'denied' ? result.decision : null, before !== null);
    await log.save();
    aside(asides, () => show(lines));
    return null;
  }
  const { decisions } = result;
  const by = decisions.map(decisionText);
  log.move('APPROVED', 'Approval', by.join('; '));
  const end = await contain(log, { plan, decisions }, policy, asides, (made) => show([...by, ...made]));
  const lines = [...by, ...end.lines];
  open.showEnd = (more) => show([...lines, ...more]);
  await log.save();
  // Under watch the message is written along with the watch. A channel that is away must hold up neither that nor the page.
  if (!WATCHED.includes(log.state)) aside(asides, () => show(lines));
  return end.proved && { carriedOut: end.proved, lines, show };
}

/** What was waited for may have ended in a case that is cancelled by now: its end tells of it all. */
function aside(asides: Asides, show: () => Promise<void>): void {
  if (CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('Cancelled while a plan was at work.');
  asides.start(show);
}

/** Until the case is closed or reopened. People are told at once of what was seen; the next plan does not wait for that. */
export async function keepWatch(open: OpenCase, { carriedOut, lines, show }: Proved): Promise<void> {
  const { log, inbox, asides, policy } = open;
  await log.save();
  const seen = await showingMeanwhile(() => show(lines), watch(log, carriedOut, policy, inbox, asides));
  await log.save();
  delete open.showEnd;
  asides.start(() => show([...lines, ...seen]));
  if (log.state === 'REOPENED') asides.start(() => tellReopened(log, seen));
}

function tellReopened(log: CaseLog, seen: readonly string[]): Promise<void> {
  return tell({
    key: `${log.caseId}:REOPENED:${log.timeline.length}`,
    urgency: 'page',
    title: `REOPENED: ${log.resource}`,
    lines: [...seen, 'A new plan is being made.', `Read the case with: cordon case show ${log.caseId}`],
    caseId: log.caseId,
  });
}

function refuse(log: CaseLog, denial: SignedDecision | null, reopened: boolean): readonly string[] {
  const nothing = reopened
    ? 'Nothing was changed; what was changed before the case was reopened is left as it is.'
    : 'Nothing was changed.';
  if (denial) log.move('REJECTED', 'Denied', decisionText(denial));
  else log.move('EXPIRED', 'Expired', `Nobody decided in time. ${nothing}`);
  return denial ? [decisionText(denial), nothing] : [`Nobody decided in time. ${nothing}`];
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
