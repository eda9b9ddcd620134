import {
  GetLoginProfileCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  IAMServiceException,
  ListAccessKeysCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  paginateListRoles,
  paginateListUsers,
  type IAMClient,
  type Role,
  type User,
} from '@aws-sdk/client-iam';

import { canonicalJson } from '../../src/domain/canonical.ts';
import type { Snapshot } from '../snapshot.ts';

/** Everything of IAM that anyone could have changed. */
export async function snapshot(iam: IAMClient): Promise<Snapshot> {
  const facts = new Map<string, string>();
  for await (const { Users } of paginateListUsers({ client: iam }, {})) {
    for (const user of Users ?? []) await ofUser(iam, user, facts);
  }
  for await (const { Roles } of paginateListRoles({ client: iam }, {})) {
    for (const role of Roles ?? []) await ofRole(iam, role, facts);
  }
  const { Policies = [], IsTruncated } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
  if (IsTruncated) throw new Error('The account has more policies than the demo reads.');
  for (const { Arn: PolicyArn, DefaultVersionId: VersionId } of Policies) {
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
    facts.set(`policy ${PolicyArn} ${VersionId}`, document(PolicyVersion?.Document));
  }
  return facts;
}

async function ofUser(iam: IAMClient, { UserName, Arn, UserId }: User, facts: Map<string, string>): Promise<void> {
  const about = `user ${UserName}`;
  facts.set(about, `${Arn} ${UserId}`);
  const [keys, inline, attached, groups] = await Promise.all([
    iam.send(new ListAccessKeysCommand({ UserName })),
    iam.send(new ListUserPoliciesCommand({ UserName })),
    iam.send(new ListAttachedUserPoliciesCommand({ UserName })),
    iam.send(new ListGroupsForUserCommand({ UserName })),
  ]);
  for (const { AccessKeyId, Status, CreateDate } of keys.AccessKeyMetadata ?? [])
    facts.set(`${about} key ${AccessKeyId}`, `${Status} ${CreateDate?.toISOString()}`);
  for (const PolicyName of inline.PolicyNames ?? []) {
    const { PolicyDocument } = await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }));
    facts.set(`${about} policy ${PolicyName}`, document(PolicyDocument));
  }
  for (const { PolicyArn } of attached.AttachedPolicies ?? []) facts.set(`${about} attached ${PolicyArn}`, 'attached');
  for (const { GroupName } of groups.Groups ?? []) facts.set(`${about} group ${GroupName}`, 'member');
  facts.set(`${about} password`, await passwordOf(iam, UserName));
}

async function passwordOf(iam: IAMClient, UserName: string | undefined): Promise<string> {
  try {
    const { LoginProfile } = await iam.send(new GetLoginProfileCommand({ UserName }));
    return `${LoginProfile?.CreateDate?.toISOString()} reset required: ${LoginProfile?.PasswordResetRequired ?? false}`;
  } catch (error) {
    if (error instanceof IAMServiceException && error.name.startsWith('NoSuchEntity')) return 'none';
    throw error;
  }
}

async function ofRole(iam: IAMClient, role: Role, facts: Map<string, string>): Promise<void> {
  const { RoleName } = role;
  const about = `role ${RoleName}`;
  facts.set(about, `${role.Arn} ${role.RoleId} ${role.MaxSessionDuration}`);
  facts.set(`${about} trust`, document(role.AssumeRolePolicyDocument));
  const [inline, attached] = await Promise.all([
    iam.send(new ListRolePoliciesCommand({ RoleName })),
    iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
  ]);
  for (const PolicyName of inline.PolicyNames ?? []) {
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    facts.set(`${about} policy ${PolicyName}`, document(PolicyDocument));
  }
  for (const { PolicyArn } of attached.AttachedPolicies ?? []) facts.set(`${about} attached ${PolicyArn}`, 'attached');
}

/** The order of fields means nothing to IAM. */
function document(text: string | undefined): string {
  return canonicalJson(JSON.parse(decodeURIComponent(text ?? 'null')) as object);
}
