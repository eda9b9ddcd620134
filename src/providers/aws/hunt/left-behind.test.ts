import { describe, expect, it } from 'vitest';

import type { ActivityFacts, IdentityChange } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
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
const group = { kind: 'group', arn: arn('group/org/staff'), uniqueId: 'AGPAEXAMPLESTAFF' } as const;
const vault = { kind: 'role', arn: arn('role/prod/vault'), uniqueId: 'AROAEXAMPLEVAULT' } as const;
const policyArn = arn('policy/developers');
const digest = 'd'.repeat(64);
const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:invoices';
const providerArn = arn('oidc-provider/token.example');
const ID = '0f4e2c9a-1111-2222-3333-444455556666';
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
    ['a group that nobody is in', [unowned('CreateGroup', 'staff')]],
    [
      'a version that is not the default',
      [{ ...unowned('CreatePolicyVersion', policyArn), details: { policyArn, idle: true } }],
    ],
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
    change('UpdateLoginProfile', 'bob'),
    change('UpdateAccessKey', 'bob'),
    change('AddUserToGroup', 'alice'),
    change('DeleteUserPermissionsBoundary', 'alice'),
    change('PutUserPolicy', 'bob', { details: { policyName: 'CordonDeny-ca_1' } }),
    change('PutUserPolicy', 'bob'),
    // By tags policies decide what a user or role may do.
    change('TagUser', 'bob'),
    change('UntagUser', 'alice'),
    change('TagRole', 'vault', { owner: vault }),
    change('UntagRole', 'vault', { owner: vault }),
    // What others had, and can't be had again.
    change('DeleteUser', 'bob', { owner: null }),
    change('DeleteRole', 'vault', { owner: null }),
    change('DeleteAccessKey', 'bob', key),
    change('DeleteLoginProfile', 'bob'),
    // Under another name now.
    change('UpdateUser', 'backdoor', { owner: null }),
  ])('is a caveat for $eventName on $target', (one) => {
    const { measures, caveats } = hunt(one);
    expect(measures).toEqual([]);
    expect(caveats).toEqual([expect.stringContaining(`${one.eventName} on ${one.target}`)]);
  });

  it('is nothing where the suspect took back what it had made, and that alone', () => {
    const at = (second: number) => `2026-01-01T12:00:0${second}.000Z`;
    const gone = { owner: null };
    const own = [
      change('CreateUser', 'b', { at: at(1), ...gone }),
      change('DeleteUser', 'b', { at: at(2), ...gone }),
      change('CreateAccessKey', 'carol', { at: at(1), ...key, ...gone }),
      change('DeleteAccessKey', 'carol', { at: at(2), ...key }),
    ];
    expect(hunt(...own)).toEqual({ measures: [], caveats: [] });
    const others = [
      change('DeleteUser', 'bob', { at: at(1), ...gone }),
      change('CreateUser', 'bob', { at: at(2) }),
      change('CreateAccessKey', 'carol', { at: at(1), ...key }),
      change('DeleteAccessKey', 'carol', { at: at(2), details: { accessKeyId: 'AKIAEXAMPLECAROLSOWN' } }),
    ];
    expect(hunt(...others).caveats).toEqual([
      expect.stringContaining('DeleteAccessKey on carol'),
      expect.stringContaining('DeleteUser on bob'),
    ]);
  });

  it.each(['TagPolicy', 'UntagInstanceProfile', 'TagSAMLProvider'])('is nothing for %s', (eventName) => {
    expect(hunt(unowned(eventName, 'x'))).toEqual({ measures: [], caveats: [] });
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

describe('what was done with a role that others hold too', () => {
  const OPS: AwsPrincipal = { ...ALICE, kind: 'role-session', name: 'ops', arn: arn('role/ops'), session: 'stolen' };
  const ofRole = (...changesByPrincipal: IdentityChange[]) =>
    leftBehind(OPS, { changesByPrincipal } as unknown as ActivityFacts, 'ca_1');
  const by = (is: 'other' | 'unclear', name: string) => ({ holder: { is, name } });

  it("is never undone where it is another's, and said by whom", () => {
    const policy = { details: { policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' } };
    const ci = by('other', arn('user/ci'));
    const facts = [change('CreateUser', 'new-service', ci), change('AttachUserPolicy', 'bob', { ...policy, ...ci })];
    const { measures, caveats } = ofRole(change('CreateUser', 'backdoor'), ...facts);
    expect(measures.map(({ target }) => target)).toEqual([arn('user/backdoor')]);
    expect(caveats).toEqual([expect.stringContaining(arn('user/ci'))]);
    // The same text however much they go on to do: another one would say that the state is another.
    expect(ofRole(...facts).caveats).toEqual(caveats);
  });

  it('is undone where it can not be told whose it is, and said of which sessions', () => {
    const { measures, caveats } = ofRole(change('CreateUser', 'b', by('unclear', 'run-7')));
    expect(measures).toHaveLength(1);
    expect(caveats).toEqual([expect.stringContaining('run-7')]);
  });

  it('is not worth a word where nothing is left of it', () => {
    const gone = { owner: null, ...by('other', arn('user/ci')) };
    expect(ofRole(change('CreateUser', 'b', gone)).caveats).toEqual([]);
    expect(ofRole(change('CreateUser', 'b', { ...gone, ...by('unclear', 'run-7') })).caveats).toEqual([]);
  });

  it('names no crowd', () => {
    const crowd = Array.from({ length: 30 }, (_, i) => change('CreateUser', `u${i}`, by('unclear', `run-${i}`)));
    const { caveats } = ofRole(...crowd);
    expect(caveats).toHaveLength(1);
    expect(caveats[0]).toContain('and others');
    expect(caveats[0]?.length).toBeLessThan(400);
  });
});

describe('each thing that was left', () => {
  const before = { trustPolicy: '{}' };
  const role = (document: string) =>
    change('UpdateAssumeRolePolicy', 'vault', { owner: vault, before, details: { documentDigest: document } });
  const version = (eventName: string, policyVersionId: string) => ({
    ...unowned(eventName, policyArn),
    before: { versionId: 'v1' },
    details: { policyArn, policyVersionId },
  });

  it.each<[string, IdentityChange[], string, string, object]>([
    [
      'a group policy that was attached',
      [change('AttachGroupPolicy', 'staff', { owner: group, details: { policyArn } })],
      'detach-policies',
      group.arn,
      { policyArns: [policyArn], uniqueId: group.uniqueId },
    ],
    [
      'an inline policy of a group',
      [change('PutGroupPolicy', 'staff', { owner: group, details: { policyName: 'more' } })],
      'remove-inline-policies',
      group.arn,
      { policyNames: ['more'], uniqueId: group.uniqueId },
    ],
    [
      'a user in groups',
      ['b', 'a', 'b'].map((groupName) => change('AddUserToGroup', 'bob', { details: { groupName } })),
      'remove-from-groups',
      arn('user/bob'),
      { groupNames: ['a', 'b'], uniqueId: owner('bob').uniqueId },
    ],
    [
      'a password that was made again',
      ['2026-01-01T12:00:00.000Z', '2026-01-01T11:00:00.000Z'].map((at) => change('CreateLoginProfile', 'bob', { at })),
      'remove-created-login-profile',
      arn('user/bob'),
      { createdAt: '2026-01-01T12:00:00.000Z', uniqueId: owner('bob').uniqueId },
    ],
    [
      'trust that was changed twice',
      [role(digest), role('e'.repeat(64))],
      'restore-role-trust',
      vault.arn,
      { ...before, putBySuspect: [digest, 'e'.repeat(64)], uniqueId: vault.uniqueId },
    ],
    [
      'a policy with another default',
      [version('SetDefaultPolicyVersion', 'v3'), version('CreatePolicyVersion', 'v2')],
      'restore-policy-version',
      policyArn,
      { versionId: 'v1', setBySuspect: ['v2', 'v3'] },
    ],
    [
      'an identity provider, with what was added to it',
      [
        { ...unowned('CreateOpenIDConnectProvider', 'x'), at: '2026-01-01T12:00:00.000Z', details: { providerArn } },
        { ...unowned('AddClientIDToOpenIDConnectProvider', providerArn), details: { providerArn } },
      ],
      'delete-created-identity-providers',
      providerArn,
      { createdAt: '2026-01-01T12:00:00.000Z' },
    ],
    [
      'a permission on a function',
      [
        {
          ...unowned('AddPermission20150331v2', 'invoices'),
          details: { functionArn, statementId: 'backdoor', documentDigest: digest },
        },
      ],
      'remove-function-permissions',
      functionArn,
      { statements: [{ statementId: 'backdoor', digest }] },
    ],
  ])('%s', (_, changes, action, target, parameters) => {
    expect(hunt(...changes)).toEqual({ measures: [{ action, target, parameters }], caveats: [] });
    expect(hunt(...changes.toReversed())).toEqual(hunt(...changes));
  });

  it.each<[string, IdentityChange]>([
    [
      'of another account',
      { ...unowned('CreateSAMLProvider', 'x'), details: { providerArn: providerArn.replace('123', '321') } },
    ],
    [
      'of AWS',
      {
        ...version('SetDefaultPolicyVersion', 'v2'),
        details: { policyArn: 'arn:aws:iam::aws:policy/X', policyVersionId: 'v2' },
      },
    ],
    [
      'of Cordon',
      {
        ...version('SetDefaultPolicyVersion', 'v2'),
        details: { policyArn: arn('policy/CordonQuarantine-1'), policyVersionId: 'v2' },
      },
    ],
    [
      'attached that is of Cordon',
      change('AttachUserPolicy', 'bob', { details: { policyArn: arn('policy/CordonQuarantine-1') } }),
    ],
    [
      'whose former state is not known',
      { ...unowned('SetDefaultPolicyVersion', policyArn), details: { policyArn, policyVersionId: 'v2' } },
    ],
    [
      "with a provider that is not the suspect's",
      { ...unowned('AddClientIDToOpenIDConnectProvider', 'x'), details: { providerArn } },
    ],
    ['without a statement', { ...unowned('AddPermission20150331v2', 'x'), details: { functionArn } }],
  ])('is a caveat where it is something %s', (_, one) => {
    expect(hunt(one).measures).toEqual([]);
    expect(hunt(one).caveats).toHaveLength(1);
  });

  it('says what to call against Roles Anywhere, by an id of its own form only', () => {
    const made = (eventName: string, details: object) => ({ ...unowned(eventName, 'corp'), details });
    const known = { rolesAnywhereId: ID, region: 'eu-central-1' };
    const text = hunt(made('CreateTrustAnchor', known), made('CreateProfile', known)).caveats.join();
    expect(text).toContain(`aws rolesanywhere disable-trust-anchor --trust-anchor-id ${ID} --region eu-central-1`);
    expect(text).toContain(`aws rolesanywhere disable-profile --profile-id ${ID} --region eu-central-1`);
    expect(hunt(made('CreateTrustAnchor', {})).caveats.join()).toContain('CreateTrustAnchor on corp');
  });

  it('leaves a trust policy to the action that closes it for the suspect, and says so', () => {
    const facts = { changesByPrincipal: [role(digest)] } as unknown as ActivityFacts;
    const { measures, caveats } = leftBehind(ALICE, facts, 'ca_1', new Set([vault.arn]));
    expect(measures).toEqual([]);
    expect(caveats).toEqual([expect.stringContaining(vault.arn)]);
  });
});
