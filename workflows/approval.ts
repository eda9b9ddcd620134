import { CancellationScope, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';

import type { ApprovalSubject, Notice } from '../src/contracts/activities.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { CaseState } from '../src/domain/case.ts';
import type { JsonObject } from '../src/domain/json.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { asking, fallback, telling } from './activities.ts';
import type { ApprovalDesk, ApprovalResult } from './approval-desk.ts';
import type { CaseLog } from './case-log.ts';

/** Posts the request, shows the fallback when the channel is away, reminds, and waits until the plan is decided or expires. */
export async function askForApproval(
  desk: ApprovalDesk,
  log: CaseLog,
  plan: Plan,
  subject: ApprovalSubject,
  policy: ResponsePolicy,
): Promise<{ readonly result: ApprovalResult; readonly message: JsonObject | null }> {
  let message: JsonObject | null = null;
  const channel = new CancellationScope();
  const posting = channel.run(async () => {
    message = await asking.requestApproval.executeWithOptions(
      { summary: 'Ask in Slack for approval', scheduleToCloseTimeout: policy.approvalDeadlineMs },
      [subject],
    );
  });
  const asides = [
    unlessCancelled(posting).catch(() => showByFallback(subject, 'The request could not be posted.')),
    unlessCancelled(channel.run(() => remind(() => message !== null, subject, policy))),
  ];
  const result = await desk.settle(plan, policy.approvalDeadlineMs);
  channel.cancel();
  await Promise.all(asides);
  if (message === null) log.note('Ask for approval', 'The request never reached the channel; the fallback showed it.');
  return { result, message };
}

/** Ends when the scope is cancelled, that is when the plan is decided. */
async function remind(posted: () => boolean, subject: ApprovalSubject, policy: ResponsePolicy): Promise<void> {
  await sleep(policy.fallbackAfterMs);
  if (!posted()) await showByFallback(subject, 'The channel does not answer; the request is still being tried there.');
  for (let reminder = 1; ; reminder += 1) {
    await sleep(policy.reminderEveryMs);
    await tell({
      key: `${subject.planDigest}:reminder:${reminder}`,
      urgency: 'page',
      title: 'A plan still waits for a decision',
      lines: [`It expires at ${subject.expiresAt}; without a decision nothing is changed.`],
      caseId: subject.caseId,
    });
  }
}

function showByFallback(subject: ApprovalSubject, reason: string): Promise<void> {
  return fallback.notifyByFallback({
    key: `${subject.planDigest}:fallback`,
    urgency: 'page',
    title: 'A plan waits for a decision',
    lines: [
      reason,
      `Read it with: cordon case show ${subject.caseId}`,
      `Decide with: cordon case approve ${subject.caseId}, or deny`,
      `It expires at ${subject.expiresAt}; without a decision nothing is changed.`,
    ],
    caseId: subject.caseId,
  });
}

/**
 * Reaches a person by the first channel, or by the one that always works. A key is the run's own: what a later run has to say is
 * never taken for the message of an earlier one.
 */
export async function tell(event: Notice): Promise<void> {
  const notice = { ...event, key: `${workflowInfo().runId}:${event.key}` };
  try {
    await telling.notifyPeople.executeWithOptions({ summary: notice.title }, [notice]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await fallback.notifyByFallback(notice);
  }
}

/** Locks the message with who, when and what; if the channel is away that is said by the fallback. `state`: what the plan came to. */
export async function closeMessage(
  log: CaseLog,
  message: JsonObject | null,
  subject: ApprovalSubject,
  lines: readonly string[],
  state: CaseState = log.state,
): Promise<void> {
  const of = log.plan && log.plan.kind !== 'containment' ? ` (${log.plan.kind})` : '';
  const title = `${state}${of}: ${log.resource}`;
  const notice: Notice = {
    key: `${subject.planDigest}:${state}`,
    urgency: 'inform',
    title,
    lines,
    caseId: log.caseId,
  };
  if (message === null) return tell(notice);
  try {
    await telling.closeApproval.executeWithOptions({ summary: `Lock the message: ${state}` }, [
      { message, subject: { ...subject, alertIds: [...log.alertIds] }, state, lines },
    ]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await fallback.notifyByFallback(notice);
  }
}

/** No more tries once the work has ended: a channel that is away must not hold up the end state with the state before it. */
export async function showingMeanwhile<Result>(show: () => Promise<void>, work: Promise<Result>): Promise<Result> {
  const channel = new CancellationScope();
  const shown = unlessCancelled(channel.run(show));
  const result = await work;
  channel.cancel();
  await shown;
  return result;
}

export async function unlessCancelled(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}

export function decisionText({ decision }: SignedDecision): string {
  const verb = decision.decision === 'approve' ? 'Approved' : 'Denied';
  const reason = decision.reason ? `: ${decision.reason}` : '';
  return `${verb} by ${decision.actor} by ${decision.channel} at ${decision.decidedAt}${reason}`;
}
