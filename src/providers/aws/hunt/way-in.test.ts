import { describe, expect, it } from 'vitest';

import type { ActivityFacts, AssumedRole, SessionCaller } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import { callerOf } from '../log/caller.ts';
import { readEvent } from '../log/event.ts';
import { waysIn } from './way-in.ts';

const arn = (resource: string, account = '123456789012') => `arn:aws:iam::${account}:${resource}`;
const OPS: AwsPrincipal = {
  cloud: 'aws',
  kind: 'role-session',
  accountId: '123456789012',
  name: 'ops',
  arn: arn('role/ops'),
};
const entry = (by: SessionCaller, sessionName = 's', roleArn = OPS.arn): AssumedRole => ({
  roleArn,
  sessionName,
  at: '',
  by,
});
const facts = (entries: AssumedRole[], assumedRoles: AssumedRole[] = []) =>
  ({ entries, assumedRoles }) as unknown as ActivityFacts;
const mallory: SessionCaller = { kind: 'principal', id: arn('user/mallory') };
const carol: SessionCaller = { kind: 'principal', id: arn('user/carol') };
const closed = (principal: AwsPrincipal, found: ActivityFacts | null) =>
  waysIn(principal, found).ways.map(({ roleArn, callers }) => [roleArn, ...callers.map(({ id }) => id)]);

describe('the way into a role', () => {
  it('is closed to the one who was given its sessions, however many', () => {
    const found = facts([entry(mallory), entry(mallory, 't')]);
    expect(closed(OPS, found)).toEqual([[OPS.arn, mallory.id]]);
    expect(waysIn(OPS, found).caveats).toEqual([]);
  });

  it('is closed to the holder of the session that the alert named', () => {
    const found = facts([entry(carol, 'work'), entry(mallory, 'stolen')]);
    expect(closed({ ...OPS, session: 'stolen' }, found)).toEqual([[OPS.arn, mallory.id]]);
  });

  it.each<[string, AwsPrincipal, ActivityFacts | null, RegExp]>([
    ['the log could not be read', OPS, null, /unknown/u],
    ['nobody was given one', OPS, facts([]), /not in the log/u],
    ['only others were', { ...OPS, session: 'x' }, facts([entry(carol, 'work')]), /not in the log/u],
    ['two were', OPS, facts([entry(carol), entry(mallory)]), /carol.*mallory|mallory.*carol/u],
    ['two called it the same', { ...OPS, session: 's' }, facts([entry(carol), entry(mallory)]), /can't be told/u],
    ['a service was', OPS, facts([entry({ kind: 'service', id: 'ec2.amazonaws.com' })]), /isolate/u],
    ['root was', OPS, facts([entry({ kind: 'unknown', id: arn('root') })]), /by hand/u],
    ['a name is a pattern', OPS, facts([entry({ kind: 'principal', id: arn('user/*') })]), /by hand/u],
    [
      'a subject is a variable',
      OPS,
      facts([entry({ kind: 'federated', id: arn('oidc-provider/x'), subject: '${saml:sub}' })]),
      /by hand/u,
    ],
  ])('is left to a person where %s', (_, principal, found, caveat) => {
    expect(closed(principal, found)).toEqual([]);
    expect(waysIn(principal, found).caveats).toEqual([expect.stringMatching(caveat)]);
  });

  it('is closed along the chain of the stolen session only, and in our account only', () => {
    const by = (role: string, subject: string): SessionCaller => ({
      kind: 'principal',
      id: arn(`role/${role}`),
      subject,
    });
    const chain = [
      entry(by('inner', 'a'), 'b', arn('role/deep')),
      entry(by('ops', 'stolen'), 'a', arn('role/inner')),
      entry(by('ops', 'work'), 'w', arn('role/daily')),
      entry(by('deep', 'b'), 'c', arn('role/theirs', '210987654321')),
      entry(by('inner', 'other'), 'd', arn('role/elsewhere')),
    ];
    const found = facts([entry(mallory, 'stolen'), entry(carol, 'work')], chain);
    expect(closed({ ...OPS, session: 'stolen' }, found)).toEqual([
      [OPS.arn, mallory.id],
      [arn('role/deep'), arn('role/inner')],
      [arn('role/inner'), arn('role/ops')],
    ]);
    expect(closed(OPS, found).map(([role]) => role)).toEqual([arn('role/daily'), arn('role/deep'), arn('role/inner')]);
  });

  it('is no matter of users: a denied user gets into no role', () => {
    expect(waysIn({ ...OPS, kind: 'iam-user' }, facts([], [entry(mallory)]))).toEqual({ ways: [], caveats: [] });
  });
});

/** As the CloudTrail user guide and the STS guide show them. */
describe('who asked for a session', () => {
  const asked = (userIdentity: object, more: object = {}) => {
    const event = {
      eventID: 'e',
      eventTime: '2026-01-01T12:00:00Z',
      eventSource: 'sts.amazonaws.com',
      eventName: 'AssumeRole',
    };
    const read = readEvent(
      JSON.stringify({ ...event, userIdentity, requestParameters: { roleArn: OPS.arn }, ...more }),
    );
    return read && callerOf(read);
  };

  it.each<[string, unknown, SessionCaller]>([
    ['a user', asked({ type: 'IAMUser', arn: mallory.id, principalId: 'AIDAEXAMPLEMALLORY' }), mallory],
    [
      'a role',
      asked({
        type: 'AssumedRole',
        arn: 'arn:aws:sts::123456789012:assumed-role/ci/run-7',
        sessionContext: { sessionIssuer: { arn: arn('role/path/ci') } },
      }),
      { kind: 'principal', id: arn('role/path/ci'), subject: 'run-7' },
    ],
    [
      'an identity of another account',
      asked({ type: 'AWSAccount', accountId: '210987654321', principalId: 'AROAEXAMPLEFOREIGN:mine' }),
      { kind: 'foreign', id: 'AROAEXAMPLEFOREIGN', subject: 'mine' },
    ],
    [
      'a service',
      asked({ type: 'AWSService', invokedBy: 'ec2.amazonaws.com' }),
      { kind: 'service', id: 'ec2.amazonaws.com' },
    ],
    [
      'a web identity',
      asked(
        { type: 'WebIdentityUser', userName: 'repo:o/r', identityProvider: 'token.example' },
        { responseElements: { provider: arn('oidc-provider/token.example'), subjectFromWebIdentityToken: 'repo:o/r' } },
      ),
      { kind: 'federated', id: arn('oidc-provider/token.example'), subject: 'repo:o/r' },
    ],
    [
      'a SAML subject',
      asked(
        { type: 'SAMLUser', userName: 'jane@corp', identityProvider: 'bdGOnTesti4+Examplex' },
        { requestParameters: { roleArn: OPS.arn, principalArn: arn('saml-provider/corp') } },
      ),
      { kind: 'federated', id: arn('saml-provider/corp'), subject: 'jane@corp' },
    ],
    ['root', asked({ type: 'Root', arn: arn('root') }), { kind: 'unknown', id: arn('root') }],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });
});
