import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';

import type { ContainPrincipalInput } from '../src/contracts/messages.ts';
import { planQuery, stateQuery, timelineQuery } from '../src/contracts/messages.ts';
import type { CaseState } from '../src/domain/case.ts';
import { CALLS_A_HUMAN, WATCHED } from '../src/domain/case.ts';
import { records } from './activities.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { decisionText, tell } from './approval.ts';
import { Asides } from './asides.ts';
import { CaseLog } from './case-log.ts';
import { endWhenCutOff } from './end-state.ts';
import { Inbox } from './inbox.ts';
import type { OpenCase, Proved } from './respond.ts';
import { keepWatch, respond } from './respond.ts';

/**
 * One case: its workflow id is the lock on the principal, so two alerts on one identity make one plan and one containment. What
 * the watch sees reopens it, for a new plan with an approval of its own, in the same run: it never continues as new while it may
 * be decided on, because update ids, and with them approvals, would be forgotten. Alerts that come after its end, while people
 * are being told, open the next case. One that is cancelled comes to rest in a state that is true, and people are called.
 */
export async function containPrincipal(input: ContainPrincipalInput): Promise<CaseState> {
  const log = new CaseLog({ ...input, state: 'RECEIVED' });
  const inbox = new Inbox(log, input.alerts ?? []);
  const desk = new ApprovalDesk(
    () => log.state,
    (signed) => log.note('Decision', decisionText(signed)),
  );
  let open: OpenCase | null = null;
  setHandler(timelineQuery, () => log.timeline);
  setHandler(planQuery, () => log.plan);
  setHandler(stateQuery, () => ({
    caseId: log.caseId,
    state: log.state,
    alertIds: log.alertIds,
    ...(log.plan ? { planDigest: log.plan.digest } : {}),
    approvals: desk.approvals,
    ...(open?.expiresAt ? { expiresAt: open.expiresAt } : {}),
  }));

  const asides = new Asides();
  let cancelled: unknown = null;
  try {
    await condition(() => inbox.alerts.length > 0);
    const policy = await records.responsePolicy({ cloud: log.principal.cloud });
    open = { log, inbox, desk, asides, policy };
    await run(open);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    cancelled = error;
  }
  await CancellationScope.nonCancellable(async () => {
    if (cancelled !== null) await cutOff(log, open?.showEnd);
    await close(log, asides);
  });
  const [next] = inbox.late;
  if (next) await continueAsNew<typeof containPrincipal>({ ...input, caseId: next.opens, alerts: inbox.late });
  if (cancelled !== null) throw cancelled;
  return log.state;
}

async function run(open: OpenCase): Promise<void> {
  const { log } = open;
  let proved: Proved | null = null;
  for (let reopenings = 0; reopenings === 0 || log.state === 'REOPENED'; reopenings += 1) {
    proved = await respond(open, reopenings, proved);
    if (proved && WATCHED.includes(log.state)) await keepWatch(open, proved);
  }
}

/** What was changed stays, and nobody looks any more whether it holds: the end state says no more than is known. */
async function cutOff(log: CaseLog, showEnd: OpenCase['showEnd']): Promise<void> {
  const [before, end] = [log.state, endWhenCutOff(log.state)];
  const left = end === 'FAILED' ? 'Nothing was changed by its last plan.' : 'What was changed is left as it is.';
  const known = end === before ? (log.timeline.at(-1)?.detail ?? '') : `It was ${before}.`;
  const line = `The case was cancelled in Temporal. ${known} ${left}`;
  if (end === before) log.note('Cancelled', line);
  else log.move(end, 'Cancelled', line);
  await log.save();
  await showEnd?.([line]);
}

const STANDS =
  'What was changed before the case was reopened stands as far as nobody undid it, and nobody watches it any more.';

/** The end state is told; the case ends once no alert and no decision is still on its way in. */
async function close(log: CaseLog, asides: Asides): Promise<void> {
  await log.save();
  if (log.state === 'RECORDED' || CALLS_A_HUMAN.includes(log.state)) {
    const before = log.timeline.some(({ state }) => state === 'REOPENED') ? [STANDS] : [];
    await tell({
      key: `${log.caseId}:${log.state}`,
      urgency: CALLS_A_HUMAN.includes(log.state) ? 'page' : 'inform',
      title: `${log.state}: ${log.resource}`,
      lines: [log.timeline.at(-1)?.detail ?? '', ...before, `Read the case with: cordon case show ${log.caseId}`],
      caseId: log.caseId,
    });
  }
  await asides.settled();
  await condition(allHandlersFinished);
  await log.save();
}
