import { ApplicationFailure, condition, proxyActivities, setHandler } from '@temporalio/workflow';

import type { SignedDecision } from '../../../src/domain/approval.ts';
import { decide, rollbackNews, stateQuery, type CaseStatus } from '../../../src/contracts/messages.ts';

const { check } = proxyActivities<{ check(): Promise<void> }>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 1 },
});

/** A case no more than what the client needs: it answers by the reason of the decision. */
export async function containPrincipal({ caseId }: { readonly caseId: string }): Promise<void> {
  let over = false;
  let counted = 0;
  const status = (): CaseStatus => ({ caseId, state: 'AWAITING_APPROVAL', alertIds: [], approvals: counted });
  setHandler(stateQuery, status);
  setHandler(
    decide,
    async ({ decision }) => {
      if (decision.reason === 'end in between') over = true;
      if (decision.reason === 'end in between') await condition(() => false);
      if (decision.reason === 'bad signature') await check();
      counted += 1;
      return { state: 'APPROVED', approvals: counted, required: 1 };
    },
    {
      validator: ({ decision }: SignedDecision) => {
        if (decision.planDigest !== 'right')
          throw ApplicationFailure.nonRetryable('It is another plan.', 'ApprovalInvalid');
      },
    },
  );
  setHandler(rollbackNews, async () => {
    over = true;
    await condition(() => false);
    return null;
  });
  await condition(() => over);
}

export async function respondToAlert(): Promise<void> {
  await condition(() => false);
}

export async function rollBack(): Promise<void> {
  await condition(() => false);
}

export async function deleteKeys(): Promise<void> {
  await condition(() => false);
}
