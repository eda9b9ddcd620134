import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

import type { Principal } from '../../../src/domain/principal.ts';
import { hubPolicy, memberPolicy, memberTrustPolicy } from '../../../src/providers/aws/account-policies.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import type { AwsAccount, AwsCredentials, AwsSettings } from '../../../src/providers/aws/clients.ts';
import type { MiniStack } from '../../support/processes/ministack.ts';

export const A = '111111111111';
export const B = '222222222222';
export const ACTIONS = Object.keys(AWS_ACTIONS);
export const ALLOW_ALL = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** Two member accounts, each with a user alice and the role that Cordon assumes, and Cordon as a user of an account of its own. */
export interface Members {
  readonly settings: AwsSettings;
  readonly hubArn: string;
  readonly accounts: readonly [AwsAccount, AwsAccount];
  readonly alice: Readonly<Record<string, { readonly principal: Principal; readonly key: AwsCredentials }>>;
  /** Root of an account: builds and inspects, never proves anything. */
  root(accountId: string): IAMClient;
  /** Whether a credential still passes: the error code of the cloud, or `accepted`. */
  tries(credentials: AwsCredentials): Promise<string>;
  /** Who made calls of that name, oldest first, as CloudTrail of the account says: a user, or the name of a session. */
  callersOf(accountId: string, eventName: string): Promise<readonly string[]>;
  /** A role that this principal may assume; its ARN. */
  createRole(accountId: string, RoleName: string, principal: object): Promise<string>;
  assume(credentials: AwsCredentials, roleArn: string): Promise<void>;
  /** Gives Cordon the policy for these accounts besides the two. */
  letHubAssume(more: readonly AwsAccount[]): Promise<void>;
  /** What containment may change of alice there. */
  snapshot(accountId: string): Promise<unknown>;
}

export async function buildMembers(ministack: MiniStack): Promise<Members> {
  await ministack.reset();
  const root = (accountId: string) => new IAMClient(rootOf(ministack, accountId));
  const hubArn = hubOf(ministack);
  const accounts = [memberAccount(A), memberAccount(B)] as const;
  const hub = await createUser(
    root(ministack.accountId),
    'cordon',
    hubPolicy(ACTIONS, ministack.accountId, { accounts }, hubArn),
  );
  const alice: Record<string, { principal: Principal; key: AwsCredentials }> = {};
  for (const account of accounts) {
    const iam = root(account.accountId);
    await createMemberRole(iam, account, memberTrustPolicy(account, hubArn));
    const user = await createUser(iam, 'alice', ALLOW_ALL);
    alice[account.accountId] = { key: user.key, principal: user.principal };
  }
  const settings: AwsSettings = {
    region: ministack.region,
    logRegions: [ministack.region],
    endpoint: ministack.url,
    credentials: hub.key,
    accounts,
    logDelaySeconds: 0,
    lookupsPerSecond: 1000,
    propagationSeconds: 0,
  };
  return {
    settings,
    hubArn,
    accounts,
    alice,
    root,
    snapshot: (accountId) => snapshot(root(accountId)),
    ...deeds(ministack, accounts),
  };
}

type Deeds = Pick<Members, 'tries' | 'callersOf' | 'createRole' | 'assume' | 'letHubAssume'>;

function deeds(ministack: MiniStack, accounts: readonly AwsAccount[]): Deeds {
  const at = reach(ministack);
  return {
    async tries(credentials) {
      try {
        await new EC2Client({ ...at, credentials }).send(new DescribeInstancesCommand({}));
        return 'accepted';
      } catch (error) {
        return (error as Error).name;
      }
    },
    async callersOf(accountId, AttributeValue) {
      const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue } as const];
      const cloudtrail = new CloudTrailClient(rootOf(ministack, accountId));
      const { Events = [] } = await cloudtrail.send(new LookupEventsCommand({ LookupAttributes }));
      return Events.map(({ Username = '' }) => Username).toReversed();
    },
    async createRole(accountId, RoleName, Principal) {
      const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
      const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      const { Role } = await new IAMClient(rootOf(ministack, accountId)).send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }),
      );
      return Role?.Arn ?? '';
    },
    async assume(credentials, RoleArn) {
      await new STSClient({ ...at, credentials }).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'alice' }));
    },
    async letHubAssume(more) {
      const policy = hubPolicy(ACTIONS, ministack.accountId, { accounts: [...accounts, ...more] }, hubOf(ministack));
      const PolicyDocument = JSON.stringify(policy);
      await new IAMClient(rootOf(ministack, ministack.accountId)).send(
        new PutUserPolicyCommand({ UserName: 'cordon', PolicyName: 'work', PolicyDocument }),
      );
    },
  };
}

function reach({ url, region }: MiniStack) {
  return { endpoint: url, region, maxAttempts: 1 };
}

/** MiniStack takes the id of an account for the key of its root. */
function rootOf(ministack: MiniStack, accountId: string) {
  return { ...reach(ministack), credentials: { accessKeyId: accountId, secretAccessKey: 'test' } };
}

function hubOf({ accountId }: MiniStack): string {
  return `arn:aws:iam::${accountId}:user/cordon`;
}

/** Without a path: MiniStack leaves it out of the ARN of a role that a call is about, so no policy on such a role would count. */
export function memberAccount(accountId: string): AwsAccount {
  return {
    accountId,
    roleArn: `arn:aws:iam::${accountId}:role/cordon-responder`,
    externalId: `cordon:${accountId}:7f4e2a`,
  };
}

/** The role as `cordon policy print aws` prints it, unless other policies are given. */
export async function createMemberRole(
  iam: IAMClient,
  account: AwsAccount,
  trust: object,
  policy: object = memberPolicy(ACTIONS, account),
): Promise<void> {
  const path = account.roleArn.split(':role')[1]?.split('/') ?? [];
  const [RoleName, Path] = [path.at(-1), `${path.slice(0, -1).join('/')}/`];
  await iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const PolicyDocument = JSON.stringify(policy);
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'cordon', PolicyDocument }));
}

async function createUser(iam: IAMClient, UserName: string, policy: object) {
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify(policy);
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'work', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const { Arn: arn = '', UserId: uniqueId = '' } = User ?? {};
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  const accountId = arn.split(':')[4] ?? '';
  const principal: Principal = { cloud: 'aws', kind: 'iam-user', accountId, name: UserName, arn, uniqueId };
  return { principal, key: { accessKeyId, secretAccessKey } };
}

async function snapshot(iam: IAMClient): Promise<unknown> {
  const UserName = 'alice';
  const { PolicyNames } = await iam.send(new ListUserPoliciesCommand({ UserName }));
  const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({ UserName }));
  return { PolicyNames, AccessKeyMetadata };
}
