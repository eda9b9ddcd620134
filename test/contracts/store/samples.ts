import { sealPlan } from '../../../src/approval/digest.ts';
import { alertIdOf, respondWorkflowId } from '../../../src/contracts/ids.ts';
import type { Alert } from '../../../src/domain/alert.ts';
import type { NewLedgerEntry } from '../../../src/domain/ledger.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { CaseRecord, Store } from '../../../src/store/port.ts';
import type { Fixture } from './fixture.ts';

export const CANARY = 'canary-5e1f';
export const ALICE = `aws:123456789012:iam-user:alice-${CANARY}`;

export function alertNamed(name: string, change: Partial<Alert> = {}): Alert {
  return {
    alertId: alertIdOf('generic', name),
    source: 'generic',
    sourceAlertId: name,
    title: `Discovery burst ${CANARY}`,
    rule: 'T1580',
    severity: 'high',
    techniques: ['T1580'],
    cloud: 'aws',
    accountId: '123456789012',
    clues: [{ form: 'user-name', value: `alice-${CANARY}` }],
    sourceAddresses: ['203.0.113.7'],
    userAgents: [`Boto3 ${CANARY}`],
    firstSeen: '2026-01-02T03:00:00.000Z',
    lastSeen: '2026-01-02T03:04:05.000Z',
    sample: false,
    ...change,
  };
}

export function accept(store: Store, name: string, change: Partial<Alert> = {}) {
  const alert = alertNamed(name, change);
  return store.alerts.accept(alert, `{"raw":"${CANARY} ${name}"}`, name, respondWorkflowId(alert.alertId));
}

export function caseNamed(
  caseId: string,
  change: Partial<CaseRecord> = {},
): Omit<CaseRecord, 'openedAt' | 'updatedAt'> {
  return {
    caseId,
    workflowId: `case-${caseId}`,
    principalKey: ALICE,
    principal: { name: `alice-${CANARY}` },
    state: 'ENRICHING',
    alertIds: ['al_1'],
    timeline: [{ at: '2026-01-02T03:04:05.000Z', state: 'ENRICHING', step: 'Gather', detail: CANARY }],
    ...change,
  };
}

export function entryNumber(number: number, change: Partial<NewLedgerEntry> = {}): NewLedgerEntry {
  return {
    type: 'intent',
    caseId: `ca_${number % 3}`,
    key: `key-${number}`,
    body: { number, secret: CANARY },
    ...change,
  };
}

/** Entries 1 to `count`. */
export async function appendMany({ store }: Fixture, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) await store.ledger.append(entryNumber(number));
}

export function planNamed(name: string): Plan {
  return sealPlan({
    kind: 'containment',
    caseId: 'ca_1',
    principal: { cloud: 'aws', kind: 'iam-user', accountId: '123456789012', name, arn: `arn:aws:iam::1:user/${name}` },
    actions: [],
    requirement: { approvals: 1, reason: '' },
    obstacles: [],
    caveats: [],
  });
}
