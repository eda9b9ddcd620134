import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { ActivityFacts, CallSummary, EvidenceItem, GatheredEvidence, QuestionId } from '../domain/evidence.ts';
import { QUESTIONS } from '../domain/evidence.ts';
import { answerPlaybook } from './playbook.ts';
import { alert, calls, CREDENTIALS, facts, gathered, known, POLICY, TERRAFORM, UNKNOWN } from './testing/scenario.ts';

function answers(evidence: GatheredEvidence, from = alert(), policy = POLICY): Map<QuestionId, EvidenceItem> {
  return new Map(answerPlaybook(from, TERRAFORM, evidence, policy).map((item) => [item.question, item]));
}

const answerTo = (question: QuestionId, activity: ActivityFacts, policy = POLICY) =>
  answers(gathered({ activity: known(activity) }), alert(), policy).get(question)?.answer;
const around = (change: Partial<CallSummary>) => facts({ around: calls(change) });

test('every question is answered, in the order of the playbook, with a sentence and a source', () => {
  for (const evidence of [gathered(), { activity: UNKNOWN, credentials: UNKNOWN, history: UNKNOWN }]) {
    const items = answerPlaybook(alert(), TERRAFORM, evidence, POLICY);
    expect(items.map(({ question }) => question)).toEqual(Object.keys(QUESTIONS));
    for (const { summary, source } of items) expect([summary, source]).not.toContain('');
  }
});

test('what could not be had is unknown with its reason, and nothing else', () => {
  for (const item of answers({ activity: UNKNOWN, credentials: UNKNOWN, history: UNKNOWN }).values())
    expect(item).toMatchObject({ answer: 'unknown', summary: expect.stringContaining(UNKNOWN.reason) });
});

test('a log without calls is late, not innocent', () => {
  const items = answers(
    gathered({ activity: known(around({ calls: 0, discoveryCalls: 0, apis: [], addresses: [] })) }),
  );
  for (const question of ['discovery-excess', 'denials', 'identity-changes', 'assumed-roles', 'rare-address'] as const)
    expect(items.get(question)).toMatchObject({ answer: 'unknown', summary: expect.stringContaining('late') });
});

const DISCOVERY = { discoveryCount: 61, distinctApis: 3, apiList: [], distinctRegions: 1, riskScore: 50 };
test.each<[string, ActivityFacts, ReturnType<typeof alert>]>([
  ['cut short', around({ truncated: true, calls: 5, discoveryCalls: 3, distinctDiscoveryApis: 2 }), alert()],
  [
    'behind the alert’s count',
    around({ discoveryCalls: 3, distinctDiscoveryApis: 2 }),
    alert({ discovery: DISCOVERY }),
  ],
])('a log %s never reassures', (_, activity, from) => {
  const items = [...answers(gathered({ activity: known(activity) }), from).values()];
  const ofActivity = items.filter(({ question }) => question !== 'credentials' && question !== 'related-alerts');
  for (const item of ofActivity) expect(item.answer).toBe('unknown');
});

test('a log cut short still accuses', () => {
  expect(answerTo('denials', around({ truncated: true, denied: 12 }))).toBe('suspicious');
});

describe('discovery-excess', () => {
  test.each([
    [9, 4, 1, 'neutral'],
    [10, 4, 1, 'suspicious'],
    [9, 5, 1, 'suspicious'],
    [51, 1, 1, 'neutral'],
    [51, 1, 8, 'suspicious'],
    [51, 2, 1, 'suspicious'],
  ])('%i calls to %i APIs in %i regions: %s', (discoveryCalls, distinctDiscoveryApis, regions, expected) => {
    const names = Array.from({ length: regions }, (_, index) => `region-${index}`);
    expect(answerTo('discovery-excess', around({ discoveryCalls, distinctDiscoveryApis, regions: names }))).toBe(
      expected,
    );
  });
});

describe('business-hours', () => {
  // 2026-11-18 is a Wednesday.
  const night = { timezone: 'UTC', days: [2], fromHour: 22, toHour: 6 };
  const always = { timezone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7], fromHour: 0, toHour: 24 };
  const kathmandu = { timezone: 'Asia/Kathmandu', days: [3], fromHour: 8, toHour: 18 };
  test.each([
    ['2026-11-18T08:00:00Z', '2026-11-18T17:59:59Z', POLICY.businessHours, 'neutral'],
    ['2026-11-18T07:59:59Z', '2026-11-18T09:00:00Z', POLICY.businessHours, 'suspicious'],
    ['2026-11-18T17:00:00Z', '2026-11-18T18:00:00Z', POLICY.businessHours, 'suspicious'],
    ['2026-11-21T11:00:00Z', '2026-11-21T11:05:00Z', POLICY.businessHours, 'suspicious'],
    ['2026-11-17T17:00:00Z', '2026-11-18T09:00:00Z', POLICY.businessHours, 'suspicious'],
    ['2026-11-17T23:00:00Z', '2026-11-18T05:59:00Z', night, 'neutral'],
    ['2026-11-18T23:00:00Z', '2026-11-18T23:01:00Z', night, 'suspicious'],
    ['2026-11-17T23:50:00Z', '2026-11-18T00:10:00Z', always, 'neutral'],
    ['2026-11-18T02:15:00Z', '2026-11-18T12:14:59Z', kathmandu, 'neutral'],
    ['2026-11-18T02:14:59Z', '2026-11-18T02:20:00Z', kathmandu, 'suspicious'],
    ['2026-11-18T09:00:00Z', '2026-11-18T08:00:00Z', POLICY.businessHours, 'unknown'],
    ['yesterday', '2026-11-18T08:00:00Z', POLICY.businessHours, 'unknown'],
    ['2026-11-18T11:00:00Z', '2026-11-18T11:00:00Z', { ...always, timezone: 'Mars/Olympus' }, 'unknown'],
  ])('%s to %s', (firstSeen, lastSeen, businessHours, expected) => {
    expect(answerTo('business-hours', around({ firstSeen, lastSeen }), { ...POLICY, businessHours })).toBe(expected);
  });
});

describe('rare-address', () => {
  const before = (change: Partial<CallSummary>, addresses = ['198.51.100.9']) =>
    facts({ around: calls({ addresses }), before: calls(change) });
  test.each<[string, ActivityFacts, string]>([
    ['seen before', facts(), 'reassuring'],
    ['seen before in another spelling', before({}, ['::ffff:192.0.2.7']), 'reassuring'],
    ['new', before({}), 'suspicious'],
    ['new, and no address at all', before({}, ['253.252.51.07']), 'suspicious'],
    ['without a baseline', before({ calls: 0, addresses: [] }), 'unknown'],
    ['not in a baseline cut short', before({ truncated: true }), 'unknown'],
    ['AWS itself only', before({}, ['AWS Internal', 'ec2.amazonaws.com']), 'unknown'],
  ])('%s', (_, activity, expected) => {
    expect(answerTo('rare-address', activity)).toBe(expected);
  });
});

describe('the other questions', () => {
  const six = ['a:A', 'a:B', 'a:C', 'a:D', 'a:E', 'a:F'];
  const change = { eventName: 'CreateAccessKey', target: 'x', at: '2026-11-18T11:00:00Z', denied: true };
  const role = { roleArn: 'arn:aws:iam::123456789012:role/x', sessionName: 's', at: '2026-11-18T11:00:00Z' };
  test.each<[QuestionId, string, ActivityFacts, string]>([
    ['denials', 'none', around({ denied: 0 }), 'reassuring'],
    ['denials', 'a missing permission', around({ denied: 2 }), 'neutral'],
    ['denials', 'a probe', around({ denied: 3 }), 'suspicious'],
    ['unusual-behaviour', 'as ever', facts(), 'neutral'],
    ['unusual-behaviour', 'other work', around({ apis: six }), 'suspicious'],
    [
      'unusual-behaviour',
      'no baseline',
      facts({ around: calls({ apis: six }), before: calls({ calls: 0, apis: [] }) }),
      'unknown',
    ],
    [
      'unusual-behaviour',
      'half a baseline',
      facts({ around: calls({ apis: six }), before: calls({ truncated: true }) }),
      'unknown',
    ],
    ['unusual-behaviour', 'another key', around({ accessKeyIds: ['AKIAOTHEREXAMPLE'] }), 'suspicious'],
    ['identity-changes', 'none', facts(), 'reassuring'],
    ['identity-changes', 'refused ones', facts({ changesByPrincipal: [change] }), 'suspicious'],
    ['identity-changes', 'by someone else', facts({ changesOfPrincipal: [change] }), 'suspicious'],
    ['assumed-roles', 'none', facts(), 'reassuring'],
    ['assumed-roles', 'none in a log cut short', facts({ assumedRolesTruncated: true }), 'unknown'],
    ['assumed-roles', 'one', facts({ assumedRoles: [role] }), 'neutral'],
    ['assumed-roles', 'a minted session', facts({ mintedSessions: 1 }), 'suspicious'],
    ['credentials', 'as ever', facts(), 'neutral'],
    ['credentials', 'by hand', around({ userAgents: ['aws-cli/2.15.0'] }), 'suspicious'],
    ['credentials', 'Pacu', around({ userAgents: ['Boto3/1.26.165 pacu'] }), 'suspicious'],
    [
      'credentials',
      'by hand with a session',
      around({ userAgents: ['aws-cli/2'], accessKeyIds: ['ASIAEXAMPLE'] }),
      'neutral',
    ],
  ])('%s, %s', (question, _, activity, expected) => {
    expect(answerTo(question, activity)).toBe(expected);
  });

  test('credentials: quarantine accuses, and a key used by hand accuses though IAM did not answer', () => {
    const quarantined = known({ ...CREDENTIALS, quarantinedByCloud: true });
    expect(answers(gathered({ credentials: quarantined })).get('credentials')?.answer).toBe('suspicious');
    const byHand = known(around({ userAgents: ['aws-cli/2'] }));
    expect(answers(gathered({ activity: byHand, credentials: UNKNOWN })).get('credentials')?.answer).toBe('suspicious');
  });

  test('related alerts: an earlier one or an open case accuses', () => {
    const related = [{ alertId: 'al_1', title: 'x', at: '2026-11-18T10:00:00Z' }];
    expect(answers(gathered()).get('related-alerts')?.answer).toBe('neutral');
    expect(answers(gathered({ history: known({ relatedAlerts: related }) })).get('related-alerts')?.answer).toBe(
      'suspicious',
    );
    const open = known({ relatedAlerts: [], openCaseId: 'ca_1' });
    expect(answers(gathered({ history: open })).get('related-alerts')?.answer).toBe('suspicious');
  });
});

test('names out of the log can not break a line, turn the text or run on', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('\n', '\r', '\u202E', '\u2028', '\u0000', 'a'),
    minLength: 1,
    maxLength: 5000,
  });
  fc.assert(
    fc.property(hostile, (name) => {
      const role = { roleArn: name, sessionName: name, at: name };
      const activity = known(facts({ around: calls({ apis: [name], addresses: [name] }), assumedRoles: [role] }));
      for (const { summary } of answers(gathered({ activity })).values()) {
        expect(summary).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(summary.length).toBeLessThanOrEqual(601);
      }
    }),
  );
});
