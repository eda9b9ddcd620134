import { CancellationScope } from '@temporalio/workflow';

import type { SecondPlanInput } from '../src/contracts/messages.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { CaseState } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import { CONTAIN } from './activities.ts';
import { tell } from './approval.ts';
import { carryOut } from './carry-out.ts';
import type { CaseLog } from './case-log.ts';
import type { ActionEnd } from './end-state.ts';
import { endOfContaining } from './end-state.ts';
import { proofOf } from './proof-of-second-plan.ts';
import type { SecondEnd, SecondPlan } from './second-plan.ts';
import { runSecondPlan } from './second-plan.ts';

/**
 * The end, days later and for good, of the access keys that a case deactivated. The case stays in the state in which it ended: what
 * was contained is so still, and its timeline tells of the deletion.
 */
export function deleteKeys(input: SecondPlanInput): Promise<CaseState> {
  return runSecondPlan(input, DELETION);
}

const STEP = 'Deletion of keys';
const GONE = "The keys are gone, as the cloud itself shows. This can't be undone.";

const DELETION: SecondPlan = {
  step: STEP,
  name: 'deletion',
  nothingDone: 'No key was deleted.',
  waitsBecause: (standing) =>
    standing === 'ended' ? null : 'The case is not closed: keys are deleted when it is. No key was deleted.',
  make: ({ principal }, asked) =>
    CONTAIN[principal.cloud].planning.planDeletion.executeWithOptions({ summary: 'Plan the deletion of the keys' }, [
      asked,
    ]),
  async carryOut(log: CaseLog, plan: Plan, approvals: readonly SignedDecision[]) {
    const ends = await carryOut(plan, approvals, log);
    return CancellationScope.nonCancellable(() => told(log, plan, ends));
  },
};

async function told(log: CaseLog, plan: Plan, ends: readonly ActionEnd[]): Promise<SecondEnd> {
  const lines = ends.map(({ title, status, detail }) => `${title}: ${status}. ${detail}`);
  const end = endOfContaining(ends);
  const unproved =
    end === 'VERIFYING'
      ? await proofOf(CONTAIN[plan.principal.cloud].verifying.verifyDeletion, 'Verify: the keys are gone', plan.digest)
      : 'Not every key was deleted for certain.';
  log.note(STEP, unproved ?? GONE);
  if (unproved === null) return { lines: [...lines, GONE], shownAs: 'CLOSED' };
  await tell({
    key: `${plan.digest}:deletion-${end}`,
    urgency: 'page',
    title: `Keys not deleted for certain: ${log.resource}`,
    lines: [unproved, ...lines],
    caseId: log.caseId,
  });
  return { lines: [...lines, unproved], shownAs: end === 'VERIFYING' ? 'OUTCOME_UNKNOWN' : end };
}
