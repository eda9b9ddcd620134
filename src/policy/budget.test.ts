import { expect, test } from 'vitest';

import { budgetSection } from '../config/budget.ts';
import type { Principal } from '../domain/principal.ts';
import { containmentLimits } from './budget.ts';

const ALICE: Principal = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'alice',
  arn: 'arn:aws:iam::123456789012:user/alice',
};
const APP: Principal = { cloud: 'azure', kind: 'service-principal', accountId: 'tenant', name: 'app', uniqueId: 'id' };
const EVE: Principal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'eve@example.com' };
const budget = budgetSection.parse({ containmentsPerHour: 7, perAccount: 5, perKind: { 'iam-user': 3 } });

test.each<[string, Principal, readonly (readonly [string, number, string])[]]>([
  [
    'a user',
    ALICE,
    [
      ['budget.containmentsPerHour', 7, 'in all'],
      ['budget.perAccount', 5, 'in AWS account 123456789012'],
      ['budget.perKind.iam-user', 3, 'of the kind IAM user'],
    ],
  ],
  [
    'a kind that the configuration leaves out has a limit too',
    APP,
    [
      ['budget.containmentsPerHour', 7, 'in all'],
      ['budget.perAccount', 5, 'in Azure tenant tenant'],
      ['budget.perKind.service-principal', 5, 'of the kind service principal'],
    ],
  ],
  [
    'users of Google belong to no project',
    EVE,
    [
      ['budget.containmentsPerHour', 7, 'in all'],
      ['budget.perAccount', 5, 'in the directory of Google users'],
      ['budget.perKind.google-user', 10, 'of the kind Google user'],
    ],
  ],
])('%s', (_, principal, expected) => {
  const limits = containmentLimits(principal, budget);
  expect(limits.map(({ name, limit, where }) => [name, limit, where])).toEqual(expected);
  expect(limits.every(({ windowSeconds }) => windowSeconds === 3600)).toBe(true);
});

test('accounts and kinds are counted apart, wherever their names are alike', () => {
  const counted = (principal: Principal) =>
    containmentLimits(principal, budget).map(({ name, scope }) => `${name} ${scope ?? ''}`);
  const elsewhere: Principal = { ...ALICE, accountId: '210987654321' };
  const [total, account, kind] = counted(ALICE);
  expect(counted(elsewhere)).toEqual([total, expect.not.stringContaining(account ?? ''), kind]);
  const inAzure = { ...APP, accountId: ALICE.accountId };
  expect(counted(inAzure).filter((one) => counted(ALICE).includes(one))).toEqual([total]);
});
