import { CancellationScope } from '@temporalio/workflow';

import type { SecondPlanInput } from '../src/contracts/messages.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { CaseState } from '../src/domain/case.ts';
import { mayMove } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import { CONTAIN } from './activities.ts';
import { tell } from './approval.ts';
import { carryOut } from './carry-out.ts';
import type { CaseLog } from './case-log.ts';
import type { ActionEnd } from './end-state.ts';
import { endOfContaining } from './end-state.ts';
import { proofOf } from './proof-of-second-plan.ts';
import type { SecondEnd, SecondPlan } from './second-plan.ts';
import { runSecondPlan, share } from './second-plan.ts';

/**
 * Undoes what a case changed, from the ledger: it needs no history of the containment. Its own plan, its own approval. A case that
 * is being watched stops the watch before anything is put back, so that the two never fight.
 */
export function rollBack(input: SecondPlanInput): Promise<CaseState> {
  return runSecondPlan(input, ROLLBACK);
}

const BUSY =
  'The case was reopened. Decide on its new plan first, then ask for the rollback again. Nothing was rolled back.';

const ROLLBACK: SecondPlan = {
  step: 'Rollback',
  name: 'rollback',
  nothingDone: 'Nothing was rolled back.',
  waitsBecause: (standing) => (standing === 'busy' ? BUSY : null),
  make: ({ principal }, asked) =>
    CONTAIN[principal.cloud].planning.planRollback.executeWithOptions({ summary: 'Plan the rollback' }, [asked]),
  carryOut: undo,
};

async function undo(log: CaseLog, plan: Plan, approvals: readonly SignedDecision[]): Promise<SecondEnd> {
  if ((await share(log, { approved: true })) !== 'ended') {
    log.note('Rollback', BUSY);
    return { lines: [BUSY], shownAs: 'FAILED' };
  }
  // A reopened case may have ended without a containment of its own; what was changed before that still stands.
  if (!mayMove(log.state, 'ROLLING_BACK')) log.move('CLOSED', 'Closed', 'For the rollback of what was changed.');
  log.move('ROLLING_BACK', 'Roll back', `Approved by ${approvals.map(({ decision }) => decision.actor).join(', ')}`);
  await log.save();
  const ends = await carryOut(plan, approvals, log);
  return CancellationScope.nonCancellable(() => told(log, plan, ends));
}

async function told(log: CaseLog, plan: Plan, ends: readonly ActionEnd[]): Promise<SecondEnd> {
  const lines = ends.map(({ title, status, detail }) => `${title}: ${status}. ${detail}`);
  const proof =
    endOfContaining(ends) === 'VERIFYING'
      ? await proofOf(
          CONTAIN[plan.principal.cloud].verifying.verifyRollback,
          'Verify: the prior state is back',
          plan.digest,
        )
      : 'Not every change was undone.';
  const restored =
    plan.caveats.length === 0 ? 'The prior state is restored.' : `What can be undone is. ${plan.caveats.join(' ')}`;
  log.move(proof === null ? 'ROLLED_BACK' : 'ROLLBACK_PARTIAL', 'Rolled back', proof ?? restored);
  if (proof !== null) {
    await log.save();
    await tell({
      key: `${log.caseId}:ROLLBACK_PARTIAL`,
      urgency: 'page',
      title: `ROLLBACK_PARTIAL: ${log.resource}`,
      lines: [proof, ...lines],
      caseId: log.caseId,
    });
  }
  return { lines: [...lines, proof ?? 'Read back: what the plan undoes is as it was.', ...plan.caveats] };
}
