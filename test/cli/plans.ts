import { sealPlan } from '../../src/approval/digest.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { ALICE } from '../support/alice.ts';

export const CASE_ID = `ca_${'0123456789abcdef'.repeat(2)}`;

/** What an attacker would have a terminal do: recolour, clear, reverse, break the line. */
export const HOSTILE = '\u001b[2J\u001b[31mred\u202e\n1. Harmless';

export const PLAN: Plan = sealPlan({
  kind: 'containment',
  caseId: CASE_ID,
  principal: ALICE,
  actions: [
    {
      sequence: 0,
      request: {
        action: 'deny-principal',
        cloud: 'aws',
        accountId: ALICE.accountId,
        principal: ALICE,
        target: ALICE.arn,
        parameters: {},
      },
      title: `Deny everything ${HOSTILE}`,
      calls: [{ service: 'iam', operation: 'PutUserPolicy', parameters: { UserName: 'alice', [HOSTILE]: [HOSTILE] } }],
      mayBreak: ['alice can do nothing'],
      reversibility: 'exact',
      effect: 'declarative',
      alreadySo: false,
      idempotencyKey: 'ab'.repeat(32),
    },
  ],
  requirement: { approvals: 1, reason: 'the configuration asks for 1' },
  obstacles: [],
  caveats: ['The log of us-west-2 could not be read'],
});
