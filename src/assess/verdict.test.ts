import { describe, expect, test } from 'vitest';

import type { Alert } from '../domain/alert.ts';
import type { ActivityFacts, GatheredEvidence } from '../domain/evidence.ts';
import type { AwsPrincipalKind } from '../domain/principal.ts';
import type { AssessmentPolicy } from '../policy/policy.ts';
import {
  alert,
  calls,
  CREDENTIALS,
  ENTRY,
  facts,
  gathered,
  known,
  POLICY,
  RESOLVED,
  TERRAFORM,
  UNKNOWN,
  UNLISTED,
} from './testing/scenario.ts';
import { assess } from './verdict.ts';

const judge = (evidence: GatheredEvidence | null, policy: AssessmentPolicy = UNLISTED, from: Alert = alert()) =>
  assess({ alert: from, resolution: RESOLVED, gathered: evidence, policy });
const activity = (change: Partial<ActivityFacts>) => gathered({ activity: known(facts(change)) });
const claim = (riskScore: number) => ({
  discoveryCount: 50,
  distinctApis: 4,
  apiList: [],
  distinctRegions: 1,
  riskScore,
});

const QUIET = { discoveryCalls: 0, distinctDiscoveryApis: 0 };
const ATTACK: ActivityFacts = facts({
  around: calls({
    calls: 31,
    discoveryCalls: 31,
    distinctDiscoveryApis: 16,
    apis: [
      'ec2:DescribeInstances',
      'iam:CreateAccessKey',
      'iam:ListRoles',
      'iam:ListUsers',
      'rds:DescribeDBInstances',
      's3:GetBucketAcl',
      'lambda:ListFunctions20150331',
    ],
    denied: 6,
    addresses: ['198.51.100.9'],
    userAgents: ['aws-cli/2.15.0'],
  }),
  changesByPrincipal: [{ eventName: 'PutUserPolicy', target: 'alice', at: '2026-11-18T11:05:00Z', denied: false }],
});

describe('rules before the evidence', () => {
  test('no certain target is parked, never guessed', () => {
    const unresolved = { status: 'unresolved', reason: 'No such user.' } as const;
    const ambiguous = { status: 'ambiguous', reason: 'Two users.', candidates: ['a', 'b'] } as const;
    for (const resolution of [unresolved, ambiguous]) {
      const verdict = assess({ alert: alert({ severity: 'critical' }), resolution, gathered: null, policy: POLICY });
      expect(verdict).toMatchObject({
        outcome: 'park',
        reasons: [{ rule: `principal-${resolution.status}`, weight: 'decides' }],
      });
    }
  });

  test('a protected identity is parked with the reason, whatever the evidence says', () => {
    const protectedBecause = 'break glass';
    for (const evidence of [null, gathered(), gathered({ activity: known(ATTACK) })])
      expect(
        assess({ alert: alert(), resolution: RESOLVED, protectedBecause, gathered: evidence, policy: POLICY }),
      ).toMatchObject({
        outcome: 'park',
        reasons: expect.arrayContaining([
          expect.objectContaining({ rule: 'protected', text: 'Never contained: break glass' }),
        ]),
      });
  });

  const kinds: AwsPrincipalKind[] = [
    'identity-center-user',
    'federated-user',
    'service-linked-role',
    'root',
    'aws-service',
  ];
  test.each(kinds)('%s is parked with what a person can do', (kind) => {
    const resolution = { status: 'resolved', principal: { ...TERRAFORM, kind } } as const;
    for (const evidence of [null, gathered(), gathered({ activity: known(ATTACK) })]) {
      const verdict = assess({ alert: alert(), resolution, gathered: evidence, policy: POLICY });
      expect(verdict).toMatchObject({
        outcome: 'park',
        reasons: expect.arrayContaining([expect.objectContaining({ rule: `kind:${kind}` })]),
      });
    }
  });

  test('an Identity Center user whom the identity store knows is judged like anybody else', () => {
    const uniqueId = '9067000000-00000000-0000-4000-8000-000000000001';
    const principal = { ...TERRAFORM, kind: 'identity-center-user', uniqueId } as const;
    const resolution = { status: 'resolved', principal } as const;
    const evidence = gathered({ activity: known(ATTACK) });
    expect(assess({ alert: alert(), resolution, gathered: evidence, policy: POLICY }).outcome).toBe('contain');
  });

  test('a sample is recorded, and without evidence a person looks', () => {
    expect(judge(gathered({ activity: known(ATTACK) }), POLICY, alert({ sample: true })).outcome).toBe('record');
    expect(judge(null, POLICY)).toMatchObject({ outcome: 'park', reasons: [{ rule: 'no-evidence' }] });
  });
});

describe('the recordings', () => {
  test('a person at work with a large burst looks like an attack: contain asks a person', () => {
    expect(judge(gathered())).toMatchObject({ outcome: 'contain', risk: 70 });
  });

  test('the clear attacker is contained, with a reason for each mark', () => {
    const verdict = judge(gathered({ activity: known(ATTACK) }));
    expect(verdict).toMatchObject({ outcome: 'contain', risk: 100 });
    const rules = verdict.reasons.map(({ rule }) => rule);
    for (const rule of [
      'risk',
      'burst-score',
      'rare-address',
      'unusual-behaviour',
      'denials',
      'identity-changes',
      'credentials',
    ])
      expect(rules).toContain(rule);
  });

  test('the same burst by listed automation is suppressed with the reason', () => {
    const [reason] = judge(gathered(), POLICY).reasons;
    expect(judge(gathered(), POLICY).outcome).toBe('suppress');
    expect(reason).toMatchObject({
      rule: 'allowlist:terraform-ci',
      weight: 'decides',
      text: expect.stringContaining('owner platform'),
    });
  });

  test('an attacker with identity and address of listed Terraform is contained', () => {
    const changesByPrincipal = [{ eventName: 'PutUserPolicy', target: 'x', at: '2026-11-18T11:05:00Z', denied: false }];
    const verdict = judge(activity({ changesByPrincipal }), POLICY);
    expect(verdict).toMatchObject({ outcome: 'contain', reasons: [{ rule: 'allowlist:terraform-ci' }, {}, {}] });
  });

  test('polling one API 51 times is no discovery by itself, though the alert scores it 50', () => {
    const around = calls({
      calls: 51,
      discoveryCalls: 51,
      distinctDiscoveryApis: 1,
      apis: ['ssm:DescribeInstanceInformation'],
    });
    const discovery = { ...claim(50), discoveryCount: 51, distinctApis: 1 };
    expect(judge(activity({ around, before: around }), UNLISTED, alert({ discovery }))).toMatchObject({
      outcome: 'record',
      risk: 30,
    });
  });

  test('a write on its own permissions without a burst is contained', () => {
    const changesByPrincipal = [
      { eventName: 'CreateAccessKey', target: 'x', at: '2026-11-18T11:05:00Z', denied: false },
    ];
    expect(judge(activity({ around: calls({ ...QUIET, calls: 1 }), changesByPrincipal }))).toMatchObject({
      outcome: 'contain',
      risk: 50,
    });
  });

  test('quarantined by AWS itself is contained, listed or not', () => {
    const credentials = known({ ...CREDENTIALS, quarantinedByCloud: true });
    expect(judge(gathered({ credentials }), POLICY)).toMatchObject({
      outcome: 'contain',
      reasons: [{ rule: 'cloud-quarantine' }, {}, {}],
    });
  });
});

describe('unknown is never benign', () => {
  const quiet = facts({ around: calls({ ...QUIET, calls: 3 }) });
  test('a quiet identity is recorded only while all of it is known', () => {
    expect(judge(gathered({ activity: known(quiet) })).outcome).toBe('record');
    for (const one of [
      UNKNOWN,
      known(facts({ around: calls({ calls: 0 }) })),
      known(facts({ around: calls({ ...QUIET, truncated: true }) })),
    ])
      expect(judge(gathered({ activity: one })).outcome).toMatch(/park|contain/u);
  });

  test('a log outage proposes no plan on an ordinary alert, and leaves the alert to a person', () => {
    const verdict = judge(gathered({ activity: UNKNOWN }), POLICY, alert({ severity: 'low' }));
    expect(verdict).toMatchObject({
      outcome: 'park',
      reasons: [{ rule: 'activity-unknown' }, {}, {}, {}, {}, {}, {}, {}],
    });
  });

  test('listed automation is not suppressed while its keys, or its calls, are not known', () => {
    expect(judge(gathered({ credentials: UNKNOWN }), POLICY).outcome).not.toBe('suppress');
    expect(judge(gathered({ activity: UNKNOWN }), POLICY).outcome).not.toBe('suppress');
    expect(judge(activity({ around: calls({ truncated: true }) }), POLICY).outcome).not.toBe('suppress');
  });

  test('a quiet identity whose log is cut short, or whose keys are not known, is left to a person, whatever the threshold', () => {
    const highest = { ...UNLISTED, containFromRisk: 100 };
    const cut = known(facts({ around: calls({ ...QUIET, truncated: true }) }));
    for (const less of [gathered({ activity: cut }), gathered({ activity: known(quiet), credentials: UNKNOWN })])
      expect(judge(less, highest, alert({ severity: 'low' }))).toMatchObject({
        outcome: 'park',
        reasons: expect.arrayContaining([expect.objectContaining({ rule: 'unknown-left' })]),
      });
  });

  test('what is not known counts in full for whether a person looks, by half for the risk', () => {
    const around = calls({ ...QUIET, userAgents: ['aws-cli/2'] });
    const evidence = activity({ around, before: calls({ calls: 0, addresses: [] }) });
    const verdict = judge(evidence, UNLISTED, alert({ severity: 'medium' }));
    expect(verdict).toMatchObject({ outcome: 'park', risk: 20 + 15 + 8 });
    expect(verdict.reasons[0]).toMatchObject({ rule: 'unknown-left', text: expect.stringContaining('could be 50') });
  });

  test('listed automation is not recorded either while alert and log disagree', () => {
    const from = alert({ severity: 'low', sourceAddresses: ['203.0.113.5'] });
    const evidence = gathered({ activity: known(quiet) });
    expect(judge(evidence, UNLISTED, from).outcome).toBe('record');
    expect(judge(evidence, POLICY, from)).toMatchObject({
      outcome: 'park',
      reasons: expect.arrayContaining([expect.objectContaining({ rule: 'allowlist:terraform-ci' })]),
    });
  });

  test('a claim counts only where the log does not yet show as much', () => {
    const around = calls({ ...QUIET, calls: 60 });
    const late = calls({ ...QUIET, calls: 2 });
    const from = alert({ discovery: claim(90), severity: 'low' });
    expect(judge(activity({ around }), UNLISTED, from).risk).toBe(10);
    expect(judge(activity({ around: late }), UNLISTED, from).risk).toBeGreaterThanOrEqual(90);
  });
});

describe('a plan is proposed only on what the cloud itself shows', () => {
  const loud = alert({ severity: 'critical', discovery: claim(100) });
  const quiet = known(facts({ around: calls({ ...QUIET, calls: 60 }) }));
  const late = known(facts({ around: calls({ calls: 0 }) }));
  const cut = known(facts({ around: calls({ ...QUIET, calls: 3, truncated: true }) }));
  const related = known({
    relatedAlerts: [{ alertId: 'al_1', title: 'the same sender again', at: '2026-11-18T11:05:00Z' }],
  });
  const quarantined = known({ ...CREDENTIALS, quarantinedByCloud: true });
  const ownChange = {
    changesByPrincipal: [{ eventName: 'PutUserPolicy', target: 'x', at: '2026-11-18T11:05:00Z', denied: false }],
  };

  const newKey = { eventName: 'CreateAccessKey', target: 'terraform-ci', at: '2026-11-18T11:05:00Z', denied: false };

  test.each<[string, Partial<GatheredEvidence>]>([
    ['nothing could be read', { activity: UNKNOWN, credentials: UNKNOWN, history: UNKNOWN }],
    ['the log could not be read, and the credentials are ordinary', { activity: UNKNOWN }],
    ['the log is late', { activity: late }],
    ['the log is cut short and shows nothing so far', { activity: cut }],
    ['the log is whole and quiet', { activity: quiet }],
    ['other alerts say the same', { activity: UNKNOWN, history: related }],
  ])('parked for a person: %s', (_, evidence) => {
    const verdict = judge(gathered(evidence), UNLISTED, loud);
    expect(verdict).toMatchObject({ outcome: 'park', reasons: expect.arrayContaining([decidedBy('claims-alone')]) });
    expect(verdict.risk).toBeGreaterThanOrEqual(50);
  });

  test.each<[string, Partial<GatheredEvidence>]>([
    ['a burst in the log', {}],
    ['a burst in a log that is cut short', { activity: known(facts({ around: calls({ truncated: true }) })) }],
    [
      'a change that the identity made',
      { activity: known(facts({ around: calls({ ...QUIET, calls: 60 }), ...ownChange })) },
    ],
    [
      'a new key in a log that shows no call yet',
      { activity: known(facts({ around: calls({ calls: 0 }), changesOfPrincipal: [newKey] })) },
    ],
    ['quarantined by the cloud, while the log could not be read', { activity: UNKNOWN, credentials: quarantined }],
    ['the log shows a burst, while the credentials could not be read', { credentials: UNKNOWN }],
  ])('proposed: %s', (_, evidence) => {
    expect(judge(gathered(evidence), UNLISTED, loud).outcome).toBe('contain');
  });
});

const decidedBy = (rule: string) => expect.objectContaining({ rule, weight: 'decides' });

test('an expired entry vouches for nothing and is named', () => {
  const verdict = judge(gathered(), { ...POLICY, allowlist: [{ ...ENTRY, expires: '2026-01-01' }] });
  expect(verdict.outcome).toBe('contain');
  expect(verdict.reasons[0]?.text).toContain('terraform-ci expired on 2026-01-01');
});
