import { isCancellation } from '@temporalio/workflow';
import type { ActivityFunctionWithOptions } from '@temporalio/workflow';

import type { ContainmentCheck } from '../src/contracts/activities.ts';
import { failureText } from './failures.ts';

type Verify = ActivityFunctionWithOptions<(input: { readonly planDigest: string }) => Promise<ContainmentCheck>>;

/** Null when a read of its own shows what the plan was for; else what differs. */
export async function proofOf(verify: Verify, summary: string, planDigest: string): Promise<string | null> {
  try {
    const check = await verify.executeWithOptions({ summary }, [{ planDigest }]);
    return check.status === 'clean' ? null : check.lines.join(' ');
  } catch (error) {
    if (isCancellation(error)) throw error;
    return `It could not be verified: ${failureText(error)}`;
  }
}
