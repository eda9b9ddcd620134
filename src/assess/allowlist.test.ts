import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { ActivityFacts } from '../domain/evidence.ts';
import type { AllowlistEntry } from '../policy/policy.ts';
import { matchAllowlist } from './allowlist.ts';
import { alert, calls, ENTRY, facts, known, POLICY, TERRAFORM, UNKNOWN } from './testing/scenario.ts';

const match = (activity: ActivityFacts, entries: readonly AllowlistEntry[] = [ENTRY], asOf = POLICY.asOf) =>
  matchAllowlist(TERRAFORM, known(activity), alert(), { ...POLICY, allowlist: entries, asOf });

const change = { target: 'terraform-ci', at: '2026-11-18T11:01:00Z', denied: false };

describe('a listed identity', () => {
  test('that does what its entry says is matched', () => {
    expect(match(facts())).toEqual({ status: 'matched', entry: ENTRY });
  });

  test.each<[string, ActivityFacts, RegExp]>([
    ['another address', facts({ around: calls({ addresses: ['192.0.2.7', '198.51.100.1'] }) }), /198\.51\.100\.1/u],
    ['AWS Internal', facts({ around: calls({ addresses: ['AWS Internal'] }) }), /AWS Internal/u],
    ['a service name', facts({ around: calls({ addresses: ['cloudformation.amazonaws.com'] }) }), /cloudformation/u],
    ['an impossible address', facts({ around: calls({ addresses: ['253.252.51.07'] }) }), /253\.252\.51\.07/u],
    ['no address', facts({ around: calls({ addresses: [] }) }), /no address/u],
    ['no API', facts({ around: calls({ apis: [] }) }), /no API/u],
    ['another API', facts({ around: calls({ apis: ['ec2:DescribeVpcs', 'iam:ListUsers'] }) }), /iam:ListUsers/u],
    ['a prefix of a listed API', facts({ around: calls({ apis: ['sts:GetCallerIdentityX'] }) }), /IdentityX/u],
    [
      'a write on identities',
      facts({ changesByPrincipal: [{ eventName: 'PutUserPolicy', ...change }] }),
      /iam:PutUserPolicy/u,
    ],
    [
      'a refused one',
      facts({ changesByPrincipal: [{ eventName: 'CreateUser', ...change, denied: true }] }),
      /iam:CreateUser/u,
    ],
    [
      'a new key of its own',
      facts({ changesOfPrincipal: [{ eventName: 'CreateAccessKey', ...change }] }),
      /CreateAccessKey/u,
    ],
    ['a role', facts({ assumedRoles: [{ roleArn: 'r', sessionName: 's', at: change.at }] }), /sts:AssumeRole/u],
    ['a minted session', facts({ mintedSessions: 1 }), /sessions minted/u],
  ])('with %s is outside its entry', (_, activity, because) => {
    expect(match(activity)).toMatchObject({ status: 'outside', because: [expect.stringMatching(because)] });
  });

  test.each<[string, ActivityFacts]>([
    ['cut short', facts({ around: calls({ truncated: true }) })],
    ['empty', facts({ around: calls({ calls: 0, apis: [], addresses: [] }) })],
  ])('whose log is %s can not be decided', (_, activity) => {
    expect(match(activity)).toMatchObject({ status: 'undecidable' });
  });

  test('whose log is unknown, or behind the alert, can not be decided', () => {
    expect(matchAllowlist(TERRAFORM, UNKNOWN, alert(), POLICY).status).toBe('undecidable');
    const discovery = { discoveryCount: 61, distinctApis: 3, apiList: [], distinctRegions: 1, riskScore: 50 };
    expect(matchAllowlist(TERRAFORM, known(facts()), alert({ discovery }), POLICY).status).toBe('undecidable');
    const foreign = alert({ sourceAddresses: ['198.51.100.1'] });
    expect(matchAllowlist(TERRAFORM, known(facts()), foreign, POLICY).status).toBe('undecidable');
  });

  test('is outside even in a log cut short, when what is visible suffices', () => {
    const around = calls({ truncated: true, apis: ['iam:CreateUser'] });
    expect(match(facts({ around })).status).toBe('outside');
  });
});

test('the attacker of the recording, who shares identity, address and user agent with Terraform, is not matched', () => {
  const around = calls({ apis: [...calls().apis, 'iam:CreateRole', 'iam:PutRolePolicy'] });
  const changesByPrincipal = [{ eventName: 'PutRolePolicy', ...change }];
  expect(match(facts({ around, changesByPrincipal }))).toMatchObject({ status: 'outside' });
});

test.each([
  ['2026-12-31T23:59:59Z', 'matched'],
  ['2027-01-01T00:00:00Z', 'none'],
  ['no time', 'none'],
])('at %s an entry that expires on 2026-12-31 is %s', (asOf, status) => {
  expect(match(facts(), [ENTRY], asOf).status).toBe(status);
});

test('another account, or a date that is none, never matches', () => {
  expect(match(facts(), [{ ...ENTRY, principal: 'arn:aws:iam::999999999999:user/*' }]).status).toBe('none');
  expect(match(facts(), [{ ...ENTRY, principal: 'arn:aws:iam::*:user/terraform-ci' }]).status).toBe('none');
  expect(match(facts(), [{ ...ENTRY, principal: 'arn:aws:iam::123456789012:*' }]).status).toBe('none');
  expect(match(facts(), [{ ...ENTRY, expires: 'never' }]).status).toBe('none');
});

test('entries are not combined: the network of one and the actions of another match nothing', () => {
  const network = { ...ENTRY, name: 'a', actions: ['s3:List*'] };
  const actions = { ...ENTRY, name: 'b', networks: ['198.51.100.0/24'] };
  expect(match(facts(), [network, actions]).status).toBe('outside');
});

test('the order of the entries never matters', () => {
  const variants: AllowlistEntry[] = [
    ENTRY,
    { ...ENTRY, name: 'narrow', actions: ['s3:*'] },
    { ...ENTRY, name: 'away', networks: ['198.51.100.0/24'] },
    { ...ENTRY, name: 'old', expires: '2020-01-01' },
    { ...ENTRY, name: 'wide', actions: ['ec2:*', 's3:*', 'sts:*', 'iam:*'] },
    { ...ENTRY, name: 'other', principal: 'arn:aws:iam::123456789012:user/veeam-*' },
  ];
  const orders = fc
    .shuffledSubarray(variants)
    .chain((one) =>
      fc.tuple(fc.constant(one), fc.shuffledSubarray(one, { minLength: one.length, maxLength: one.length })),
    );
  const activities = fc.constantFrom(
    facts(),
    facts({ around: calls({ apis: ['iam:ListUsers'] }) }),
    facts({ around: calls({ addresses: ['198.51.100.4'] }) }),
    facts({ around: calls({ truncated: true }) }),
  );
  fc.assert(
    fc.property(orders, activities, ([one, other], activity) => {
      expect(match(activity, one)).toEqual(match(activity, other));
    }),
  );
});
