import { describe, expect, it } from 'vitest';

import type { ActivityFacts, IdentityChange } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import { readEvent } from '../log/event.ts';
import { detailsOf } from './details.ts';
import { leftBehind } from './left-behind.ts';

const arn = (resource: string) => `arn:aws:iam::123456789012:${resource}`;
const ALICE: AwsPrincipal = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'alice',
  arn: arn('user/alice'),
};
const owner = (name: string) =>
  ({ kind: 'user', arn: arn(`user/${name}`), uniqueId: `AIDAEXAMPLE${name.toUpperCase()}` }) as const;
const change = (eventName: string, name: string, more: Partial<IdentityChange> = {}): IdentityChange => ({
  eventName,
  target: name,
  at: '',
  denied: false,
  owner: owner(name),
  ...more,
});
const hunt = (...changesByPrincipal: IdentityChange[]) =>
  leftBehind(ALICE, { changesByPrincipal } as unknown as ActivityFacts, 'ca_1');
const done = (...changes: IdentityChange[]) =>
  hunt(...changes).measures.map(({ action, target }) => [action, target.split('/').at(-1)]);
const unowned = (eventName: string, target: string) => {
  const { owner: _, ...rest } = change(eventName, target);
  return rest;
};

describe('what was left behind', () => {
  const key = { details: { accessKeyId: 'AKIAEXAMPLEBACKDOOR0' } };

  it('is the same for the same facts in another order', () => {
    const changes = [change('CreateUser', 'b'), change('CreateUser', 'a'), change('CreateAccessKey', 'b', key)];
    expect(hunt(...changes.toReversed())).toEqual(hunt(...changes));
    expect(done(...changes)).toEqual([
      ['deactivate-created-keys', 'b'],
      ['deny-created-identity', 'a'],
      ['deny-created-identity', 'b'],
    ]);
  });

  it.each<[string, IdentityChange[]]>([
    ['a call that was refused', [change('CreateUser', 'b', { denied: true, failed: true })]],
    ['a call that failed', [change('CreateUser', 'b', { failed: true })]],
    [
      'a user that is gone',
      [change('CreateUser', 'b', { owner: null }), change('PutUserPolicy', 'b', { owner: null })],
    ],
    ["the suspect's own key, which the other actions take", [change('CreateAccessKey', 'alice', key)]],
    ["the suspect's own password", [change('CreateLoginProfile', 'alice')]],
    ['a policy that nobody has', [unowned('CreatePolicy', 'wide')]],
  ])('is nothing for %s', (_, changes) => {
    expect(hunt(...changes)).toEqual({ measures: [], caveats: [] });
  });

  it.each([
    unowned('CreateSAMLProvider', 'corp'),
    unowned('CreateOpenIDConnectProvider', 'https://token.example'),
    unowned('AddPermission20150331v2', 'function'),
    unowned('CreateTrustAnchor', 'anchor'),
    unowned('AttachGroupPolicy', 'admins'),
    unowned('SetDefaultPolicyVersion', 'arn:aws:iam::123456789012:policy/p'),
    unowned('SomethingThatIsNotKnownYet', 'x'),
    unowned('CreateUser', 'could-not-be-read'),
    change('UpdateAssumeRolePolicy', 'deploy'),
    change('CreateLoginProfile', 'bob'),
    change('UpdateAccessKey', 'bob'),
    change('AddUserToGroup', 'alice'),
    change('DeleteUserPermissionsBoundary', 'alice'),
    change('PutUserPolicy', 'bob', { details: { policyName: 'CordonDeny-ca_1' } }),
    change('PutUserPolicy', 'bob'),
  ])('is a caveat for $eventName on $target', (one) => {
    const { measures, caveats } = hunt(one);
    expect(measures).toEqual([]);
    expect(caveats).toEqual([expect.stringContaining(`${one.eventName} on ${one.target}`)]);
  });

  it('needs nothing more on a user that is denied everything', () => {
    const changes = [change('CreateUser', 'b'), change('CreateLoginProfile', 'b'), change('AddUserToGroup', 'b')];
    expect(hunt(...changes).caveats).toEqual([]);
  });

  it('says a flood in one line', () => {
    const flood = Array.from({ length: 300 }, (_, i) => unowned('CreateSAMLProvider', `p${i}`));
    expect(hunt(...flood, unowned('CreateTrustAnchor', 't')).caveats).toHaveLength(2);
    expect(hunt(...flood).caveats[0]).toContain('295 more');
  });
});

describe('what the log names', () => {
  it.each<[object, object]>([
    [
      { userName: 'bob', policyArn: 'arn:aws:iam::aws:policy/X' },
      { userName: 'bob', policyArn: 'arn:aws:iam::aws:policy/X' },
    ],
    [{ userName: '*', policyName: 'a b', policyArn: 'arn:aws:iam::aws:policy/*' }, {}],
    [{ userName: { $ne: 1 }, roleName: '../x', policyName: '<@U1>' }, {}],
    [{ roleName: 'r'.repeat(65) }, {}],
  ])('%j', (requestParameters, expected) => {
    const event = readEvent(
      JSON.stringify({
        eventID: 'e',
        eventTime: '2026-01-01T12:00:00Z',
        eventSource: 'iam.amazonaws.com',
        eventName: 'X',
        requestParameters,
      }),
    );
    expect(event && detailsOf(event)).toEqual(expected);
  });
});
