import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';

import type { ContainmentCheck } from '../src/contracts/activities.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { tell, unlessCancelled } from './approval.ts';
import type { Asides } from './asides.ts';
import type { CaseLog } from './case-log.ts';
import { inWords } from './contain.ts';
import { endOfWatch } from './end-state.ts';
import type { Inbox } from './inbox.ts';
import type { CarriedOut } from './prove.ts';
import { checkContainment } from './prove.ts';

const STEP = 'Watch: does it still hold?';
/** Temporal ends a workflow at 51,200 events; what follows a watch needs room as well. */
const MOST_EVENTS = 30_000;

/**
 * Looks again and again whether what was proved still holds, until the time is over, something is seen, or a rollback is
 * approved. The case is watched no more when this returns. Answers what there is to say.
 */
export async function watch(
  log: CaseLog,
  proved: CarriedOut,
  policy: ResponsePolicy,
  inbox: Inbox,
  asides: Asides,
): Promise<readonly string[]> {
  const began = Date.now();
  const watched = log.state === 'MONITORING' ? 'MONITORING' : 'MONITORING_PARTIAL';
  const until = began + policy.watchMs;
  const called = () => inbox.rollbackApproved || inbox.unanswered.length > 0;
  let sinceMs = proved.boundAtMs;
  let blind = false;
  for (;;) {
    await condition(called, Math.max(1, Math.min(policy.watchEveryMs, until - Date.now())));
    const at = Date.now();
    const check = await checkUnless(called, () =>
      checkContainment(log, proved, { step: STEP, requireLog: watched === 'MONITORING', sinceMs }),
    );
    const over = at >= until || workflowInfo().historyLength > MOST_EVENTS;
    const { rollbackApproved, unanswered } = inbox;
    const seen = { rollbackApproved, alerts: unanswered.length, check: check?.status ?? null, over };
    const end = endOfWatch({ watched, ...seen });
    if (end) {
      const lines = linesOf(end, { unanswered, rollbackApproved, check, watchedMs: at - began });
      log.move(end, 'Watch', lines.join(' '));
      return lines;
    }
    // The log is late: what it did not show yet must come within the next check.
    if (check?.status === 'clean') sinceMs = Math.max(sinceMs, at - policy.logDelayMs);
    else if (!blind) asides.start(() => cannotSee(log, check, at));
    blind = check?.status !== 'clean';
  }
}

interface Seen {
  readonly unanswered: Inbox['unanswered'];
  readonly rollbackApproved: boolean;
  readonly check: ContainmentCheck | null;
  readonly watchedMs: number;
}

function linesOf(
  end: NonNullable<ReturnType<typeof endOfWatch>>,
  { unanswered, rollbackApproved, check, watchedMs }: Seen,
): readonly string[] {
  if (end === 'CLOSED' && rollbackApproved) return ['A rollback was approved: the watch ends.'];
  const quiet = `Watched ${inWords(watchedMs)}, nothing seen.`;
  if (end === 'CLOSED') return [quiet];
  if (end === 'PARTIAL')
    return [quiet, 'Nobody watches any more, and a part is left to a person.', ...(check?.gaps ?? [])];
  return [
    ...unanswered.map(({ title, alertId }) => `Alert while it was watched: ${title} (${alertId})`),
    ...(check?.lines ?? []),
  ];
}

/** Null when what it would tell is not needed any more. */
async function checkUnless(
  called: () => boolean,
  check: () => Promise<ContainmentCheck>,
): Promise<ContainmentCheck | null> {
  if (called()) return null;
  const looking = new CancellationScope();
  const waiting = new CancellationScope();
  const interrupted = unlessCancelled(waiting.run(() => condition(called).then(() => looking.cancel())));
  try {
    return await looking.run(check);
  } catch (error) {
    if (!isCancellation(error) || !called()) throw error;
    return null;
  } finally {
    waiting.cancel();
    await interrupted;
  }
}

/** Once for each time that it becomes blind; the next check covers what this one could not. */
function cannotSee(log: CaseLog, check: ContainmentCheck | null, at: number): Promise<void> {
  const lines = check?.lines ?? [];
  log.note(STEP, lines.join(' '));
  return tell({
    key: `${log.caseId}:blind:${at}`,
    urgency: 'page',
    title: `The watch can't see: ${log.resource}`,
    lines: [...lines, 'It is not known whether the containment still holds; the watch goes on trying.'],
    caseId: log.caseId,
  });
}
