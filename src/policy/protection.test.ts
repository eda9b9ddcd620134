import { describe, expect, test } from 'vitest';

import type { AwsPrincipalKind, Principal } from '../domain/principal.ts';
import { protectedResourceBecause, protectedBecause } from './protection.ts';

const ACCOUNT = '123456789012';

function principal(kind: AwsPrincipalKind, name: string, resource: string, uniqueId?: string): Principal {
  const service = resource.startsWith('assumed-role') ? 'sts' : 'iam';
  const base = {
    cloud: 'aws',
    kind,
    accountId: ACCOUNT,
    name,
    arn: `arn:aws:${service}::${ACCOUNT}:${resource}`,
  } as const;
  return uniqueId === undefined ? base : { ...base, uniqueId };
}

const SELF = principal('role-session', 'cordon', 'assumed-role/cordon/worker-1');
const ALICE = principal('iam-user', 'alice', 'user/alice');
const list = (resource: string) => [{ principal: `arn:aws:iam::${ACCOUNT}:${resource}`, reason: 'break glass' }];

test('an ordinary user is not protected', () => {
  expect(protectedBecause(ALICE, [SELF], list('user/break-glass'))).toBeNull();
});

test.each([
  ['root', principal('root', 'root', 'root'), /root/u],
  [
    'a service-linked role',
    principal('service-linked-role', 'AWSServiceRoleForX', 'role/aws-service-role/x/AWSServiceRoleForX'),
    /service-linked/u,
  ],
  ['another session of its role', principal('role-session', 'cordon', 'assumed-role/cordon/other'), /Cordon/u],
  ['itself, in another case', principal('role-session', 'Cordon', 'assumed-role/Cordon/other'), /Cordon/u],
])('%s is protected', (_, suspect, because) => {
  expect(protectedBecause(suspect, [SELF], [])).toMatch(because);
});

test('its own user is protected, by ARN and by unique id', () => {
  const self = principal('iam-user', 'cordon', 'user/cordon', 'AIDASELF');
  expect(protectedBecause(self, [self], [])).toMatch(/Cordon/u);
  expect(protectedBecause(principal('iam-user', 'renamed', 'user/renamed', 'AIDASELF'), [self], [])).toMatch(/Cordon/u);
  expect(protectedBecause(ALICE, [self], [])).toBeNull();
});

describe('the protected list', () => {
  const session = principal('role-session', 'break-glass', 'assumed-role/break-glass/dana');
  test.each<[string, Principal, string, RegExp | null]>([
    ['a user by name', principal('iam-user', 'break-glass', 'user/break-glass'), 'user/break-glass', /break glass/u],
    ['a user by pattern', principal('iam-user', 'bg-1', 'user/bg-1'), 'user/bg-*', /break glass/u],
    ['a session by its role', session, 'role/break-glass', /break glass/u],
    ['a session by its role with a path', session, 'role/ops/break-glass', /break glass/u],
    ['a session by a pattern over names', session, 'role/break-*', /break glass/u],
    ['a session that may lie under a path', session, 'role/ops/*', /may be protected/u],
    ['not a session of another role', session, 'role/break', null],
    ['not a user of a role name', principal('iam-user', 'break-glass', 'user/break-glass'), 'role/break-glass', null],
  ])('%s', (_, suspect, pattern, because) => {
    const answer = protectedBecause(suspect, [SELF], list(pattern));
    if (because === null) expect(answer).toBeNull();
    else expect(answer).toMatch(because);
  });

  test('does not reach into another account', () => {
    const elsewhere = {
      ...session,
      accountId: '999999999999',
      arn: 'arn:aws:sts::999999999999:assumed-role/break-glass/dana',
    };
    expect(protectedBecause(elsewhere, [SELF], list('role/break-glass'))).toBeNull();
  });
});

test('a role by its ARN: Cordon’s own is protected, with any path; no ARN is never contained', () => {
  expect(protectedResourceBecause(`arn:aws:iam::${ACCOUNT}:role/security/cordon`, [SELF], [])).toMatch(/Cordon/u);
  expect(protectedResourceBecause(`arn:aws:iam::${ACCOUNT}:role/deploy`, [SELF], [])).toBeNull();
  expect(protectedResourceBecause('deploy', [SELF], [])).toMatch(/no valid resource name/u);
});
