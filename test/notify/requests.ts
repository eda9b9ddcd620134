import type { Alert } from '../../src/domain/alert.ts';
import type { Plan, PlannedAction } from '../../src/domain/plan.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import type { ApprovalRequest } from '../../src/notify/port.ts';
import { ALICE } from '../support/alice.ts';

export const CASE_ID = `ca_${'0a1b2c3d'.repeat(4)}`;
export const DIGEST = '1f2e3d4c'.repeat(8);

export function action(sequence: number, overrides: Partial<PlannedAction> = {}): PlannedAction {
  return {
    sequence,
    request: {
      action: 'deny-principal',
      cloud: 'aws',
      accountId: '123456789012',
      principal: ALICE,
      target: ALICE.arn,
      parameters: {},
    },
    title: 'Deny everything to alice',
    calls: [
      {
        service: 'iam',
        operation: 'PutUserPolicy',
        parameters: {
          UserName: 'alice',
          PolicyName: 'CordonDenyAll',
          PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
        },
      },
    ],
    mayBreak: ['Everything that runs as alice stops.'],
    reversibility: 'exact',
    effect: 'declarative',
    alreadySo: false,
    idempotencyKey: 'ab'.repeat(32),
    ...overrides,
  };
}

const keys: Partial<PlannedAction> = {
  title: 'Deactivate 2 access keys of alice',
  calls: ['AKIAEXAMPLE000000001', 'AKIAEXAMPLE000000002'].map((AccessKeyId) => ({
    service: 'iam',
    operation: 'UpdateAccessKey',
    parameters: { UserName: 'alice', AccessKeyId, Status: 'Inactive' },
  })),
  mayBreak: ['Programs that use these keys are refused.'],
};

export const VERDICT: Verdict = {
  outcome: 'contain',
  risk: 90,
  reasons: [
    {
      rule: 'burst-score',
      weight: 'decides',
      text: '21 discovery calls in 3 minutes',
      questions: ['discovery-excess'],
    },
  ],
  evidence: [
    {
      question: 'discovery-excess',
      answer: 'suspicious',
      summary: '21 calls of 17 APIs, where 2 a day are usual.',
      source: 'CloudTrail us-east-1',
    },
    {
      question: 'rare-address',
      answer: 'unknown',
      summary: 'The log before the alert could not be read.',
      source: 'CloudTrail us-east-1',
    },
  ],
};

export const ALERT: Alert = {
  alertId: `al_${'00'.repeat(16)}`,
  source: 'generic',
  sourceAlertId: '1',
  title: 'Cloud infrastructure discovery burst',
  rule: 't1580-aws-discovery-burst',
  severity: 'high',
  techniques: ['T1580'],
  cloud: 'aws',
  clues: [],
  sourceAddresses: ['203.0.113.7'],
  userAgents: [],
  firstSeen: '2026-03-01T02:10:00Z',
  lastSeen: '2026-03-01T02:13:00Z',
  sample: false,
};

export function plan(overrides: Partial<Plan> = {}): Plan {
  return {
    kind: 'containment',
    caseId: CASE_ID,
    principal: ALICE,
    actions: [action(0), action(1, keys)],
    requirement: { approvals: 1, reason: 'one identity, all changes reversible' },
    obstacles: [],
    caveats: [],
    digest: DIGEST,
    ...overrides,
  };
}

export function request(overrides: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    caseId: CASE_ID,
    workflowId: 'case-1',
    plan: plan(),
    verdict: VERDICT,
    alerts: [ALERT],
    expiresAt: '2026-03-01T06:15:00.000Z',
    ...overrides,
  };
}
