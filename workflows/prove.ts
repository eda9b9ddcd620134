import { isCancellation, sleep } from '@temporalio/workflow';

import type { Plan } from '../src/domain/plan.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { verifying } from './activities.ts';
import type { CaseLog } from './case-log.ts';
import { failureText } from './failures.ts';

/** First the cloud's own reads once they have propagated, then its log once that is complete. Only both say CONTAINED. */
export async function prove(
  log: CaseLog,
  plan: Plan,
  since: string,
  policy: ResponsePolicy,
): Promise<readonly string[]> {
  const changedAt = Date.now();
  const rounds = [
    { dueMs: policy.propagationMs, requireLog: false, step: 'Verify: every change holds' },
    { dueMs: policy.propagationMs + policy.logDelayMs, requireLog: true, step: 'Verify: the log is clean' },
  ];
  let lines: readonly string[] = [];
  for (const { dueMs, requireLog, step } of rounds) {
    await sleep(Math.max(1, changedAt + dueMs - Date.now()));
    try {
      const check = await verifying.verifyContainment.executeWithOptions({ summary: step }, [
        { planDigest: plan.digest, since, requireLog, alertIds: log.alertIds },
      ]);
      lines = check.lines;
      if (check.status !== 'clean') {
        log.move(check.status === 'drifted' ? 'PARTIAL' : 'OUTCOME_UNKNOWN', step, lines.join(' '));
        return lines;
      }
      log.note(step, lines.join(' '));
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.move('OUTCOME_UNKNOWN', step, `It could not be verified: ${failureText(error)}`);
      return [`It could not be verified: ${failureText(error)}`];
    }
  }
  log.move('CONTAINED', 'Contained', lines.join(' '));
  return lines;
}
