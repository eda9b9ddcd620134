import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { LogEvent } from './event.ts';
import { readEvent } from './event.ts';
import { assumedRoles, identityChange, isMinting, summarise } from './summary.ts';

const WINDOW = { from: '2023-07-10T11:00:00.000Z', to: '2023-07-10T12:00:00.000Z' };
const ALICE = 'arn:aws:iam::123456789012:user/alice';

let made = 0;
function event(name: string, more: object = {}, identity: object = {}): LogEvent {
  const record = {
    eventVersion: '1.08',
    userIdentity: { type: 'IAMUser', arn: ALICE, accessKeyId: 'AKIAEXAMPLE00000', userName: 'alice', ...identity },
    eventTime: '2023-07-10T11:54:47Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: name,
    awsRegion: 'us-east-1',
    sourceIPAddress: '198.51.100.7',
    userAgent: 'Boto3/1.26',
    requestParameters: null,
    responseElements: null,
    eventID: `e-${made++}`,
    ...more,
  };
  const read = readEvent(JSON.stringify(record));
  if (!read) throw new Error('not read');
  return read;
}
const sts = (name: string, more: object = {}) => event(name, { eventSource: 'sts.amazonaws.com', ...more });
const iam = (name: string, requestParameters: object | null, more: object = {}) =>
  event(name, { eventSource: 'iam.amazonaws.com', requestParameters, ...more });

describe('readEvent', () => {
  it.each(['', 'null', '{}', '[]', '{"eventID":1}', '{"eventID":"a","eventTime":"yesterday"}'])(
    'does not make sense of %s',
    (json) => {
      expect(readEvent(json)).toBeNull();
    },
  );
  it('survives fields of another type than documented', () => {
    expect(event('X', { requestParameters: 'HIDDEN', responseElements: { credentials: 'x' } }).issuedKeyId).toBe('');
  });
});

describe('the answer to a call', () => {
  it.each([
    ['', 'accepted'],
    ['Client.DryRunOperation', 'accepted'],
    ['DryRunOperationException', 'accepted'],
    ['AccessDenied', 'refused'],
    ['Client.UnauthorizedOperation', 'refused'],
    ['Client.AuthFailure', 'refused'],
    ['ThrottlingException', 'refused'],
    ['Client.InstanceLimitExceeded', 'failed'],
    ['NoSuchEntityException', 'failed'],
    ['SomethingThatIsNotKnownYet', 'failed'],
  ])('%s is %s', (errorCode, answer) => {
    expect(event('RunInstances', { errorCode }).answer).toBe(answer);
  });
});

describe('summarise', () => {
  it('counts calls, discovery and denials, and lists where they came from', () => {
    const events = [
      event('DescribeInstances'),
      event('DescribeInstances', { awsRegion: 'eu-west-1', sourceIPAddress: '203.0.113.9' }),
      event('DescribeVolumes', { errorCode: 'Client.UnauthorizedOperation' }),
      event('ListFunctions20150331', { eventSource: 'lambda.amazonaws.com', errorCode: 'AccessDeniedException' }),
      event('RunInstances', { errorCode: 'Client.InstanceLimitExceeded', eventTime: '2023-07-10T11:10:00Z' }),
    ];
    expect(summarise(events, WINDOW, false)).toMatchObject({
      calls: 5,
      discoveryCalls: 4,
      distinctDiscoveryApis: 3,
      denied: 2,
      apis: ['ec2:DescribeInstances', 'ec2:DescribeVolumes', 'ec2:RunInstances', 'lambda:ListFunctions20150331'],
      addresses: ['198.51.100.7', '203.0.113.9'],
      regions: ['eu-west-1', 'us-east-1'],
      firstSeen: '2023-07-10T11:10:00.000Z',
      lastSeen: '2023-07-10T11:54:47.000Z',
      truncated: false,
    });
  });

  it('leaves out what lies outside of the window and what AWS did on its behalf', () => {
    const events = [
      event('DescribeInstances', { eventTime: '2023-07-10T10:59:59Z' }),
      event('DescribeInstances', { eventTime: '2023-07-10T12:00:01Z' }),
      event('DescribeInstances', {}, { invokedBy: 'autoscaling.amazonaws.com' }),
      event('DescribeInstances', {}, { type: 'AWSService' }),
    ];
    const summary = summarise(events, WINDOW, false);
    expect(summary).toMatchObject({ calls: 0, apis: [], truncated: false });
    expect(summary).not.toHaveProperty('firstSeen');
  });

  it('says so when a list is cut', () => {
    const from = (count: number) =>
      Array.from({ length: count }, (_, i) => event('X', { sourceIPAddress: `10.0.0.${i}` }));
    expect(summarise(from(10), WINDOW, false)).toMatchObject({ truncated: false });
    expect(summarise(from(11), WINDOW, false)).toMatchObject({ truncated: true, calls: 11 });
    expect(summarise(from(11), WINDOW, false).addresses).toHaveLength(10);
    expect(summarise([], WINDOW, true).truncated).toBe(true);
  });
});

describe('what became of the credentials', () => {
  it('counts only sessions that were given out', () => {
    const role = { roleArn: 'arn:aws:iam::123456789012:role/deploy', roleSessionName: 'a' };
    const events = [
      sts('AssumeRole', { requestParameters: role }),
      sts('AssumeRole', { requestParameters: role, eventTime: '2023-07-10T11:55:00Z' }),
      sts('AssumeRole', { requestParameters: { ...role, roleSessionName: 'b' } }),
      sts('AssumeRole', { requestParameters: null, errorCode: 'AccessDenied' }),
      sts('AssumeRole', { requestParameters: { roleArn: 7 } }),
    ];
    expect(assumedRoles(events).roles.map(({ sessionName, at }) => [sessionName, at])).toEqual([
      ['b', '2023-07-10T11:54:47.000Z'],
      ['a', '2023-07-10T11:55:00.000Z'],
    ]);
    expect(
      [sts('GetSessionToken'), sts('GetFederationToken'), sts('GetSessionToken', { errorCode: 'AccessDenied' })].filter(
        isMinting,
      ),
    ).toHaveLength(2);
  });

  it('never drops a role for the many sessions of another', () => {
    const arn = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const noise = Array.from({ length: 200 }, (_, i) =>
      sts('AssumeRole', { requestParameters: { roleArn: arn('noise'), roleSessionName: `s${i}` } }),
    );
    const one = sts('AssumeRole', {
      requestParameters: { roleArn: arn('real'), roleSessionName: 'z' },
      eventTime: '2023-07-10T11:59:00Z',
    });
    const { roles, cut } = assumedRoles([...noise, one]);
    expect(new Set(roles.map(({ roleArn }) => roleArn))).toEqual(new Set([arn('noise'), arn('real')]));
    expect(cut).toBe(false);
  });

  it.each([
    [iam('CreateAccessKey', { userName: 'bob' }), 'bob'],
    [iam('CreateAccessKey', null), 'alice'],
    [iam('AttachUserPolicy', { userName: 'bob', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }), 'bob'],
    [iam('UpdateAssumeRolePolicy', { roleName: 'deploy' }), 'deploy'],
    [
      event('AddPermission20150331v2', {
        eventSource: 'lambda.amazonaws.com',
        requestParameters: { functionName: 'f' },
      }),
      'f',
    ],
    [event('CreateTrustAnchor', { eventSource: 'rolesanywhere.amazonaws.com', requestParameters: { name: 'x' } }), 'x'],
  ])('$name is a change of %s', (written, target) => {
    expect(identityChange(written)).toMatchObject({ eventName: written.name, target, denied: false });
  });

  it.each([iam('ListUsers', null), iam('GetUser', { userName: 'bob' }), event('CreateVpc'), sts('AssumeRole')])(
    '$name is none',
    (read) => {
      expect(identityChange(read)).toBeNull();
    },
  );
});

const DATA = new URL('../../../../../shared/data/', import.meta.url);
const invictus = new URL('invictus-aws_dataset/part1-before-1207.jsonl', DATA);
const stratus = new URL('stratus-red-team/detonation-logs/', DATA);

describe.skipIf(!existsSync(invictus))('on 25 recorded minutes of an account (Invictus)', () => {
  const lines = existsSync(invictus) ? readFileSync(invictus, 'utf8').trim().split('\n') : [];
  const events = lines.map(readEvent);

  it('reads every record', () => {
    expect(events).toHaveLength(1091);
    expect(events.filter((read) => read === null)).toEqual([]);
  });

  it('follows the attacker into the role', () => {
    const own = events
      .filter((read) => read !== null)
      .filter(({ identityArn }) => identityArn.endsWith(':user/bert-jan'));
    const window = { from: '2023-07-10T00:00:00.000Z', to: '2023-07-11T00:00:00.000Z' };
    const summary = summarise(own, window, false);
    expect(summary.calls).toBe(own.filter(({ byService }) => !byService).length);
    expect(summary.denied).toBeGreaterThan(0);
    expect(summary.discoveryCalls).toBeGreaterThan(10);
    const { roles } = assumedRoles(own);
    expect(new Set(roles.map(({ roleArn }) => roleArn.split('/').at(-1)))).toContain(
      'stratus-red-team-ec2-get-password-data-role',
    );
    expect(own.some(({ issuedKeyId }) => issuedKeyId.startsWith('ASIA'))).toBe(true);
    expect(
      own
        .map(identityChange)
        .filter((change) => change !== null)
        .map(({ eventName }) => eventName),
    ).toContain('CreateRole');
  });
});

describe.skipIf(!existsSync(stratus))('on recorded attack techniques (Stratus Red Team)', () => {
  const read = (file: string) =>
    (JSON.parse(readFileSync(new URL(file, stratus), 'utf8')) as object[]).map((record) =>
      readEvent(JSON.stringify(record)),
    );

  it.each(existsSync(stratus) ? readdirSync(stratus) : [])('reads every record of %s', (file) => {
    expect(read(file).filter((found) => found === null)).toEqual([]);
  });

  it.each([
    ['aws.persistence.iam-backdoor-user.json', ['CreateAccessKey']],
    ['aws.persistence.iam-create-admin-user.json', ['CreateUser', 'AttachUserPolicy', 'CreateAccessKey']],
    ['aws.persistence.lambda-backdoor-function.json', ['AddPermission20150331v2']],
  ])('sees what %s left behind', (file, names) => {
    const changes = read(file).map((found) => (found ? identityChange(found)?.eventName : undefined));
    expect(changes).toEqual(expect.arrayContaining(names));
  });
});
