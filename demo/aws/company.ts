import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { randomBytes } from 'node:crypto';

import { leastPrivilegePolicy } from '../../src/providers/aws/index.ts';
import type { MiniStack } from '../../test/support/processes/ministack.ts';
import type { Credentials, Place } from './clients.ts';
import { awsClients, given } from './clients.ts';

export const ACTIONS = ['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions'] as const;

/** Where everybody works from, and with what. Documentation addresses (RFC 5737). */
export const PLACES = {
  office: { address: '203.0.113.20', userAgent: 'aws-sdk-go-v2/1.30 os/linux lang/go' },
  terraform: { address: '192.0.2.10', userAgent: 'APN/1.0 HashiCorp/1.0 Terraform/1.9.8' },
  backup: { address: '203.0.113.77', userAgent: 'Veeam Backup/12.2' },
  attacker: { address: '198.51.100.7', userAgent: 'Boto3/1.34.0 pacu/1.6.0' },
} as const satisfies Record<string, Place>;

export interface Company {
  readonly aliceKeys: readonly [Credentials, Credentials];
  readonly bob: Credentials;
  readonly terraform: Credentials;
  readonly veeam: Credentials;
  readonly breakGlass: Credentials;
  readonly cordon: Credentials;
  readonly roleArn: string;
  readonly aliceId: string;
}

const READS = ['ec2:Describe*', 's3:List*', 's3:Get*', 'rds:Describe*', 'lambda:List*', 'iam:List*', 'iam:Get*'];

/** A small account, as root builds it: people, automation, backup, an emergency administrator, and Cordon. */
export async function buildCompany(ministack: MiniStack): Promise<Company> {
  const { iam } = awsClients(ministack, ministack.root);
  const { accountId } = ministack;
  const arn = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;
  const roleArn = arn('role/deployment');

  const assumes = allow(['sts:AssumeRole'], [roleArn]);
  const alice = await createUser(iam, 'alice', [allow(READS), assumes]);
  const bob = await createUser(iam, 'bob', [allow(READS), assumes]);
  await createRole(iam, 'deployment', [arn('user/alice'), arn('user/bob')]);
  await iam.send(
    new CreateLoginProfileCommand({ UserName: 'alice', Password: `Aa1-${randomBytes(12).toString('hex')}` }),
  );
  const terraform = await createUser(iam, 'terraform-ci', [allow(READS)]);
  const veeam = await createUser(iam, 'veeam-backup', [allow(['ec2:Describe*', 's3:ListAllMyBuckets'])]);
  const breakGlass = await createUser(iam, 'breakglass-admin', [allow(['*'])]);
  const cordon = await createUser(
    iam,
    'cordon-responder',
    leastPrivilegePolicy(ACTIONS, accountId, arn('user/cordon-responder')).Statement,
  );
  return {
    aliceKeys: [alice.key, await createKey(iam, 'alice')],
    aliceId: alice.id,
    bob: bob.key,
    terraform: terraform.key,
    veeam: veeam.key,
    breakGlass: breakGlass.key,
    cordon: cordon.key,
    roleArn,
  };
}

/** A month ago the account was built, yesterday people worked in it: what Cordon compares the attack with. */
export async function giveHistory(ministack: MiniStack, company: Company): Promise<void> {
  await ministack.ageLog(30 * DAY_SECONDS);
  const work = [
    awsClients(ministack, company.aliceKeys[1], PLACES.office),
    awsClients(ministack, company.bob, PLACES.office),
    awsClients(ministack, company.terraform, PLACES.terraform),
    awsClients(ministack, company.veeam, PLACES.backup),
  ];
  for (const { ec2 } of work) await ec2.send(new DescribeInstancesCommand({}));
  await ministack.ageLog(DAY_SECONDS);
}

const DAY_SECONDS = 24 * 3600;

function allow(actions: readonly string[], resources: readonly string[] = ['*']): object {
  return { Effect: 'Allow', Action: actions, Resource: resources };
}

function policy(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

async function createUser(iam: IAMClient, UserName: string, statements: readonly object[]) {
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'work', PolicyDocument: policy(statements) }));
  return { id: given(User?.UserId), key: await createKey(iam, UserName) };
}

async function createKey(iam: IAMClient, UserName: string): Promise<Credentials> {
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: given(AccessKey?.AccessKeyId), secretAccessKey: given(AccessKey?.SecretAccessKey) };
}

async function createRole(iam: IAMClient, RoleName: string, trusted: readonly string[]): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { AWS: trusted }, Action: 'sts:AssumeRole' };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy([trust]) }));
  const PolicyDocument = policy([allow(['ec2:Describe*', 's3:List*', 'lambda:List*'])]);
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'work', PolicyDocument }));
}
