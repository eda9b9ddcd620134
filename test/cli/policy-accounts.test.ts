import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { UsageError } from '../../src/cli/failures.ts';
import { buildProgram } from '../../src/cli/program.ts';
import {
  hubPolicy,
  identityCenterPolicy,
  memberPolicy,
  memberTrustPolicy,
} from '../../src/providers/aws/account-policies.ts';
import { leastPrivilegePolicy } from '../../src/providers/aws/index.ts';
import { cordon, scratch } from './cordon.ts';

const HOME = '123456789012';
const SELF = `arn:aws:iam::${HOME}:role/cordon`;
const ACTIONS = ['deny-principal', 'revoke-role-sessions'];
const member = (accountId: string) => ({
  accountId,
  roleArn: `arn:aws:iam::${accountId}:role/security/team/cordon-responder`,
  externalId: `id-of-${accountId}`,
});
const [A, B] = [member('111111111111'), member('222222222222')];

const configOf = (accounts: readonly object[]) =>
  `aws: ${JSON.stringify({ actions: ACTIONS, ...(accounts.length > 0 ? { accounts } : {}) })}`;

async function print(args: readonly string[], accounts: readonly object[] = [A, B]) {
  const cwd = await scratch({ 'cordon.yaml': configOf(accounts) });
  const { status, stdout, stderr } = await cordon(['policy', 'print', 'aws', ...args], { cwd });
  expect(status, stderr).toBe(0);
  return { document: JSON.parse(stdout) as unknown, notes: stderr };
}

describe('of the identity of the credentials', () => {
  test('may assume the roles that are listed and no other, besides what it needs in its own account', async () => {
    const { document, notes } = await print(['--self', SELF]);
    const own = leastPrivilegePolicy(ACTIONS, HOME, SELF);
    expect(document).toEqual({
      ...own,
      Statement: [
        ...own.Statement,
        {
          Sid: 'CordonWorksInAccounts',
          Effect: 'Allow',
          Action: ['sts:AssumeRole'],
          Resource: [A.roleArn, B.roleArn],
        },
      ],
    });
    expect(notes).toContain('--account ID prints the role');
  });

  test('may do nothing else where its own account is listed', async () => {
    const { document } = await print(['--self', SELF], [A, member(HOME)]);
    expect(document).toEqual(hubPolicy(ACTIONS, HOME, { accounts: [A, member(HOME)] }, SELF));
    expect(JSON.stringify(document)).not.toContain('iam:PutUserPolicy');
  });

  test('is as it was where no account is listed', async () => {
    expect((await print(['--self', SELF], [])).document).toEqual(leastPrivilegePolicy(ACTIONS, HOME, SELF));
  });
});

describe('of the role for Identity Center', () => {
  const center = member('333333333333');
  const config = `aws: ${JSON.stringify({
    actions: ['deny-permission-set-user'],
    identityCenter: {
      instanceArn: 'arn:aws:sso:::instance/ssoins-0123456789abcdef',
      identityStoreId: 'd-1234567890',
      region: 'eu-central-1',
      role: center,
    },
  })}`;
  const printed = async (...args: readonly string[]) => {
    const cwd = await scratch({ 'cordon.yaml': config });
    return cordon(['policy', 'print', 'aws', ...args], { cwd });
  };

  test('trusts the identity that --self names, which is of another account', async () => {
    const { status, stdout, stderr } = await printed('--account', center.accountId, '--self', SELF);
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      RoleName: 'cordon-responder',
      Path: '/security/team/',
      AssumeRolePolicyDocument: memberTrustPolicy(center, SELF),
      PolicyDocument: identityCenterPolicy(['deny-permission-set-user'], center),
    });
  });

  test('is not printed for any other account that --self is not of', async () => {
    const { status, stderr } = await printed('--account', '444444444444', '--self', SELF);
    expect(status).toBe(2);
    expect(stderr).toContain('--self belongs to account');
  });
});

describe('of the role of an account', () => {
  const trust = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'CordonAssumesThisRole',
        Effect: 'Allow',
        Principal: { AWS: SELF },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': B.externalId } },
      },
    ],
  };
  const policy = leastPrivilegePolicy(ACTIONS, B.accountId, B.roleArn);

  test('trusts Cordon alone, with the external id, and may do what the actions declare', async () => {
    expect(memberTrustPolicy(B, SELF)).toEqual(trust);
    expect(memberPolicy(ACTIONS, B)).toEqual(policy);
    const { document } = await print(['--account', B.accountId, '--self', SELF]);
    expect(document).toEqual({
      RoleName: 'cordon-responder',
      Path: '/security/team/',
      AssumeRolePolicyDocument: trust,
      PolicyDocument: policy,
    });
  });

  test('is the same as CloudFormation and Terraform', async () => {
    const args = ['--account', B.accountId, '--self', SELF, '--format'];
    const stack = await print([...args, 'cloudformation']);
    expect(stack.document).toMatchObject({
      Resources: {
        CordonRole: {
          Type: 'AWS::IAM::Role',
          Properties: { RoleName: 'cordon-responder', Path: '/security/team/', AssumeRolePolicyDocument: trust },
        },
        CordonPolicy: {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { PolicyDocument: policy, Roles: [{ Ref: 'CordonRole' }] },
        },
      },
    });
    expect(stack.notes).toContain('CAPABILITY_NAMED_IAM');
    expect((await print([...args, 'terraform'])).document).toMatchObject({
      resource: {
        aws_iam_role: {
          cordon: { name: 'cordon-responder', path: '/security/team/', assume_role_policy: JSON.stringify(trust) },
        },
        aws_iam_policy: { cordon: { policy: JSON.stringify(policy) } },
        aws_iam_role_policy_attachment: {
          cordon: { role: '${aws_iam_role.cordon.name}', policy_arn: '${aws_iam_policy.cordon.arn}' },
        },
      },
    });
  });

  test.each([
    [['--account', '333333333333', '--self', SELF], '--self belongs to account'],
    [['--account', B.accountId, '--self', `arn:aws:iam::*:role/cordon`], 'must name its account'],
    [['--account', B.accountId, '--self', `arn:aws:iam::${HOME}:root`], '--self must be'],
  ])('%j is refused', async (args, message) => {
    const file = join(await scratch({ 'cordon.yaml': configOf([A, B]) }), 'cordon.yaml');
    const run = buildProgram().parseAsync(['--config', file, 'policy', 'print', 'aws', ...args], { from: 'user' });
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toBeInstanceOf(UsageError);
  });
});
