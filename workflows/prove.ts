import { isCancellation, sleep } from '@temporalio/workflow';

import type { Plan } from '../src/domain/plan.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { verifying } from './activities.ts';
import type { CaseLog } from './case-log.ts';
import { failureText } from './failures.ts';

/**
 * First the cloud's own reads once the change has propagated; then, after a quiet time, its log once that is complete for the
 * time since. Calls within the propagation window may still succeed, as the cloud says itself; one after it is drift. Only both
 * checks together say CONTAINED.
 */
export async function prove(log: CaseLog, plan: Plan, policy: ResponsePolicy): Promise<readonly string[]> {
  const boundAt = Date.now() + policy.propagationMs;
  const since = new Date(boundAt).toISOString();
  const rounds = [
    { due: boundAt, requireLog: false, step: 'Verify: every change holds' },
    { due: boundAt + policy.quietMs + policy.logDelayMs, requireLog: true, step: 'Verify: the log is clean' },
  ];
  let lines: readonly string[] = [];
  for (const { due, requireLog, step } of rounds) {
    await sleep(Math.max(1, due - Date.now()));
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
