import { isCancellation, sleep } from '@temporalio/workflow';

import type { ContainmentCheck } from '../src/contracts/activities.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import { CONTAIN } from './activities.ts';
import type { CaseLog } from './case-log.ts';
import { provedBy } from './end-state.ts';
import { failureText } from './failures.ts';

/** A plan that was carried out, as it is looked at afterwards. */
export interface CarriedOut {
  readonly plan: Plan;
  /** In which it was carried out last. */
  readonly round: number;
  /** Milliseconds since 1970: from when on no call may succeed. */
  readonly boundAtMs: number;
}

interface Proof {
  readonly check: ContainmentCheck;
  /** The step that found it. */
  readonly step: string;
}

/**
 * First the cloud's own reads once the change has propagated; then, after a quiet time, its log once that is complete for the
 * time since. Calls within the propagation window may still succeed, as the cloud says itself; one after it is drift. Only both
 * checks together prove a containment. Where the plan does not promise all it is never called contained, and the log is taken as
 * far as it goes: that of some identities never tells all (Google's default), and waiting for it would leave them unwatched.
 */
export async function prove(log: CaseLog, made: CarriedOut, policy: ResponsePolicy): Promise<Proof> {
  const { boundAtMs } = made;
  await sleep(Math.max(1, boundAtMs - Date.now()));
  const holds = { step: 'Verify: every change holds', requireLog: false };
  const first = await checkContainment(log, made, { ...holds, sinceMs: boundAtMs });
  if (first.status !== 'clean') return { check: first, step: holds.step };
  log.note(holds.step, first.lines.join(' '));
  await sleep(Math.max(1, boundAtMs + policy.quietMs + policy.logDelayMs - Date.now()));
  const quiet = { step: 'Verify: the log is clean', requireLog: provedBy(first).proved === 'CONTAINED' };
  const second = await checkContainment(log, made, { ...quiet, sinceMs: boundAtMs });
  if (second.status === 'clean') log.note(quiet.step, second.lines.join(' '));
  return { check: second, step: quiet.step };
}

/** A check that can't be made proves nothing, in neither direction. */
export async function checkContainment(
  log: CaseLog,
  { plan, round }: CarriedOut,
  { step, requireLog, sinceMs }: { step: string; requireLog: boolean; sinceMs: number },
): Promise<ContainmentCheck> {
  const since = new Date(sinceMs).toISOString();
  const input = { planDigest: plan.digest, since, requireLog, alertIds: log.alertIds };
  try {
    return await CONTAIN[plan.principal.cloud].verifying.verifyContainment.executeWithOptions({ summary: step }, [
      round === 1 ? input : { ...input, round },
    ]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { status: 'unproven', lines: [`It could not be verified: ${failureText(error)}`] };
  }
}
