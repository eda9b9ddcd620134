import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { receive } from '../index.ts';
import { AlertInvalid } from '../invalid.ts';

const RECEIVED = new Date('2026-02-01T00:00:00Z');
const fixture = (file: string) => JSON.parse(readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8'));
const alertsOf = (body: unknown) => receive('guardduty', body, RECEIVED).map(({ alert }) => alert);
const event = fixture('event-iam-user.json');
const withKey = (change: object) => {
  const copy = structuredClone(event);
  Object.assign(copy.detail.resource.accessKeyDetails, change);
  return copy;
};

describe('GuardDuty', () => {
  it('reads an event about a user, times, address and user agent', () => {
    expect(alertsOf(event)).toEqual([
      {
        alertId: expect.stringMatching(/^al_/u),
        source: 'guardduty',
        sourceAlertId: '1ab92989eaf0e742df4a014d5c0ffee1',
        title: 'User alice is anomalously invoking APIs commonly used in Discovery tactics.',
        rule: 'Discovery:IAMUser/AnomalousBehavior',
        severity: 'medium',
        techniques: [],
        cloud: 'aws',
        accountId: '123456789012',
        clues: [
          { form: 'user-name', value: 'alice' },
          { form: 'access-key-id', value: 'AKIAIOSFODNN7EXAMPLE' },
          { form: 'principal-id', value: 'AIDACKCEVSQ6C2EXAMPLE' },
        ],
        sourceAddresses: ['203.0.113.7'],
        userAgents: ['Boto3/1.34.0'],
        firstSeen: '2026-01-31T23:50:00.000Z',
        lastSeen: '2026-01-31T23:54:30.000Z',
        sample: false,
      },
    ]);
  });

  it('builds the session of a role, whose userName is never taken for a user', () => {
    const [alert] = alertsOf(fixture('event-assumed-role.json'));
    expect(alert?.clues[0]).toEqual({ form: 'arn', value: 'arn:aws:sts::123456789012:assumed-role/deployer/i-0abc' });
    expect(alert?.clues.map(({ form }) => form)).not.toContain('user-name');
    expect(alert?.sourceAddresses).toEqual(['2001:db8::7']);
  });

  it.each([
    [
      { userType: 'Root', userName: 'Root' },
      { form: 'arn', value: 'arn:aws:iam::123456789012:root' },
    ],
    [
      { userType: 'AssumedRole', principalId: 'AROAX' },
      { form: 'other', value: 'role alice' },
    ],
    [{ userType: 'FederatedUser' }, { form: 'arn', value: 'arn:aws:sts::123456789012:federated-user/alice' }],
    [{ userType: 'AWSAccount' }, { form: 'other', value: 'AWSAccount alice' }],
    [{ userType: 'SomethingNew' }, { form: 'other', value: 'SomethingNew alice' }],
    [{ userType: null }, { form: 'other', value: 'unknown kind alice' }],
    [{ userName: null }, { form: 'other', value: 'IAMUser without a name' }],
  ])('%j leads to %j', (change, clue) => expect(alertsOf(withKey(change))[0]?.clues[0]).toEqual(clue));

  it('reads each finding of GetFindings; one about an instance has no clue; a sample is a sample', () => {
    expect(alertsOf(fixture('get-findings.json'))).toMatchObject([
      { severity: 'critical', sample: false, clues: [{ value: 'alice' }, {}, {}] },
      { severity: 'low', sample: true, clues: [] },
    ]);
  });

  it('takes a finding that comes again with a higher count for the same alert', () => {
    const later = structuredClone(event);
    Object.assign(later.detail, { updatedAt: '2026-01-31T23:59:00Z', service: { ...later.detail.service, count: 40 } });
    expect(alertsOf(later)[0]?.alertId).toBe(alertsOf(event)[0]?.alertId);
  });

  it('is not talked into a sample by a name inside the title', () => {
    const copy = structuredClone(event);
    copy.detail.title = 'User [SAMPLE FINDINGS] is calling';
    expect(alertsOf(copy)[0]?.sample).toBe(false);
  });

  it('names the field in the spelling of the sender', () => {
    const wrong = fixture('get-findings.json');
    wrong.Findings[1].Resource.AccessKeyDetails = { AccessKeyId: 7 };
    delete wrong.Findings[1].AccountId;
    expect(pointersOf(wrong)).toEqual(['/Findings/1/AccountId', '/Findings/1/Resource/AccessKeyDetails/AccessKeyId']);
    const timeless = structuredClone(event);
    for (const holder of [timeless.detail, timeless.detail.service]) {
      for (const key of ['createdAt', 'updatedAt', 'eventFirstSeen', 'eventLastSeen']) delete holder[key];
    }
    expect(pointersOf(timeless)).toEqual(['/detail/service/eventFirstSeen']);
    expect(pointersOf({ ...event, source: 'aws.s3' })).toEqual(['/source']);
    expect(pointersOf({ Findings: [] })).toEqual(['/Findings']);
    expect(pointersOf([])).toEqual(['']);
  });
});

function pointersOf(body: unknown) {
  try {
    alertsOf(body);
  } catch (error) {
    if (error instanceof AlertInvalid) return error.problems.map(({ pointer }) => pointer);
    throw error;
  }
  throw new Error('was accepted');
}
