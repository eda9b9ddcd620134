import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import {
  DescribeUserCommand,
  GetUserIdCommand,
  IdentitystoreClient,
  ListGroupMembershipsForMemberCommand,
} from '@aws-sdk/client-identitystore';
import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DeleteInlinePolicyFromPermissionSetCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  DescribePermissionSetProvisioningStatusCommand,
  GetInlinePolicyForPermissionSetCommand,
  ListAccountsForProvisionedPermissionSetCommand,
  paginateListAccountAssignmentsForPrincipal,
  ProvisionPermissionSetCommand,
  PutInlinePolicyToPermissionSetCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { startMiniStack, type MiniStack } from '../processes/ministack.ts';
import { startIdentityCenter, type IdentityCenter, type Session } from './identity-center.ts';
import type { PermissionSet, User } from './identity-center-state.ts';

let ministack: MiniStack;
let center: IdentityCenter;
let store: IdentitystoreClient;
let admin: SSOAdminClient;
let jane: User;
let bob: User;
let set: PermissionSet;
let names: { InstanceArn: string; PermissionSetArn: string };

beforeAll(async () => void (ministack = await startMiniStack()));
afterAll(() => ministack?.stop());
beforeEach(async () => {
  await ministack.reset();
  center = await startIdentityCenter(ministack);
  const settings = { endpoint: center.url, region: 'us-east-1', credentials: ministack.root, maxAttempts: 1 };
  store = new IdentitystoreClient(settings);
  admin = new SSOAdminClient(settings);
  const { organisation } = center;
  jane = organisation.addUser('jane@corp.example');
  bob = organisation.addUser('bob@corp.example');
  set = organisation.addPermissionSet('Admin');
  names = { InstanceArn: organisation.instanceArn, PermissionSetArn: set.arn };
  for (const { id } of [jane, bob]) await assign('USER', id);
  await center.announcePeople();
  return () => center.stop();
});

const assign = (PrincipalType: 'USER' | 'GROUP', PrincipalId: string, AccountId = ministack.accountId) =>
  center.organisation.assign({ AccountId, PermissionSetArn: set.arn, PrincipalType, PrincipalId });

async function tries(credentials: Session): Promise<string> {
  const settings = { endpoint: ministack.url, region: 'us-east-1', credentials, maxAttempts: 1 };
  return new EC2Client(settings).send(new DescribeInstancesCommand({})).then(
    () => 'accepted',
    (error: unknown) => (error as Error).name,
  );
}

const denying = (userId: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { 'identitystore:userId': userId } } },
    ],
  });

describe('the identity store', () => {
  const IdentityStoreId = 'd-1234567890';
  const byName = (AttributeValue: string) => ({ UniqueAttribute: { AttributePath: 'userName', AttributeValue } });

  it('tells the id of a user name and what it knows of the user', async () => {
    const AlternateIdentifier = byName(jane.name);
    const { UserId } = await store.send(new GetUserIdCommand({ IdentityStoreId, AlternateIdentifier }));
    expect(UserId).toBe(jane.id);
    expect(UserId).toMatch(/^[0-9a-f]{10}-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/u);
    const described = await store.send(new DescribeUserCommand({ IdentityStoreId, UserId }));
    expect(described).toMatchObject({ UserName: jane.name, UserStatus: 'ENABLED' });
  });

  it('lists the groups of a member', async () => {
    const GroupId = center.organisation.addGroup(jane);
    const input = { IdentityStoreId, MemberId: { UserId: jane.id } };
    const { GroupMemberships } = await store.send(new ListGroupMembershipsForMemberCommand(input));
    expect(GroupMemberships).toMatchObject([{ GroupId, MemberId: { UserId: jane.id } }]);
  });

  it('knows no stranger, and no other store', async () => {
    const stranger = { IdentityStoreId, AlternateIdentifier: byName('nobody') };
    await expect(store.send(new GetUserIdCommand(stranger))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 400 },
    });
    const elsewhere = { IdentityStoreId: 'd-0000000000', UserId: jane.id };
    await expect(store.send(new DescribeUserCommand(elsewhere))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('permission sets', () => {
  it('bind nobody by a new inline policy before it is provisioned, and then one person only', async () => {
    const sessions = await Promise.all([center.signIn(jane, set), center.signIn(bob, set)]);
    const put = { ...names, InlinePolicy: denying(jane.id) };
    await admin.send(new PutInlinePolicyToPermissionSetCommand(put));
    expect(await Promise.all(sessions.map(tries))).toEqual(['accepted', 'accepted']);
    const outdated = { ...names, ProvisioningStatus: 'LATEST_PERMISSION_SET_NOT_PROVISIONED' as const };
    const list = () => admin.send(new ListAccountsForProvisionedPermissionSetCommand(outdated));
    expect((await list()).AccountIds).toEqual([ministack.accountId]);

    const TargetType = 'ALL_PROVISIONED_ACCOUNTS' as const;
    const begun = await admin.send(new ProvisionPermissionSetCommand({ ...names, TargetType }));
    expect(begun.PermissionSetProvisioningStatus).toMatchObject({
      Status: 'IN_PROGRESS',
      PermissionSetArn: set.arn,
      CreatedDate: expect.any(Date),
    });
    await expect(admin.send(new ProvisionPermissionSetCommand({ ...names, TargetType }))).rejects.toMatchObject({
      name: 'ConflictException',
    });
    const request = {
      InstanceArn: names.InstanceArn,
      ProvisionPermissionSetRequestId: begun.PermissionSetProvisioningStatus?.RequestId ?? '',
    };
    await vi.waitFor(async () => {
      const answer = await admin.send(new DescribePermissionSetProvisioningStatusCommand(request));
      expect(answer.PermissionSetProvisioningStatus?.Status).toBe('SUCCEEDED');
    });
    expect((await list()).AccountIds).toEqual([]);
    expect(await Promise.all(sessions.map(tries))).toEqual(['UnauthorizedOperation', 'accepted']);
  });

  it('have no inline policy as an empty text, and refuse to lose what they have not', async () => {
    expect((await admin.send(new GetInlinePolicyForPermissionSetCommand(names))).InlinePolicy).toBe('');
    await expect(admin.send(new DeleteInlinePolicyFromPermissionSetCommand(names))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const bad = { ...names, InlinePolicy: '{' };
    await expect(admin.send(new PutInlinePolicyToPermissionSetCommand(bad))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    const long = { ...names, InlinePolicy: JSON.stringify('x'.repeat(10_240)) };
    await expect(admin.send(new PutInlinePolicyToPermissionSetCommand(long))).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
    });
  });

  it('do not let a session of the name through another role be taken for the person', async () => {
    await admin.send(new PutInlinePolicyToPermissionSetCommand({ ...names, InlinePolicy: denying(jane.id) }));
    const other = center.organisation.addPermissionSet('ReadOnly');
    await center.organisation.provision(set, [ministack.accountId]);
    await center.organisation.assign({
      AccountId: ministack.accountId,
      PermissionSetArn: other.arn,
      PrincipalType: 'USER',
      PrincipalId: jane.id,
    });
    expect(await tries(await center.signIn(jane, set))).toBe('UnauthorizedOperation');
    expect(await tries(await center.signIn(jane, other))).toBe('accepted');
  });
});

describe('account assignments', () => {
  const target = () => ({
    ...names,
    TargetId: ministack.accountId,
    TargetType: 'AWS_ACCOUNT' as const,
    PrincipalType: 'USER' as const,
    PrincipalId: jane.id,
  });

  it('come in pages, those of a user without those of its groups', async () => {
    for (const account of ['210987654321', '333333333333']) await assign('USER', jane.id, account);
    await assign('GROUP', center.organisation.addGroup(jane), '444444444444');
    const pages = paginateListAccountAssignmentsForPrincipal(
      { client: admin },
      { InstanceArn: names.InstanceArn, PrincipalId: jane.id, PrincipalType: 'USER' },
    );
    const found = [];
    for await (const { AccountAssignments = [] } of pages) found.push(AccountAssignments.map((one) => one.AccountId));
    expect(found).toEqual([[ministack.accountId, '210987654321'], ['333333333333']]);
  });

  it('end and come back some time later; the role goes with the last of them, and another comes back', async () => {
    const { organisation } = center;
    const name = organisation.roleName(set, ministack.accountId);
    const [, second] = organisation.assignments;
    if (second) await organisation.unassign(second);
    const begun = await admin.send(new DeleteAccountAssignmentCommand(target()));
    expect(begun.AccountAssignmentDeletionStatus).toMatchObject({ Status: 'IN_PROGRESS', PrincipalId: jane.id });
    const request = {
      InstanceArn: names.InstanceArn,
      AccountAssignmentDeletionRequestId: begun.AccountAssignmentDeletionStatus?.RequestId ?? '',
    };
    await vi.waitFor(async () => {
      const answer = await admin.send(new DescribeAccountAssignmentDeletionStatusCommand(request));
      expect(answer.AccountAssignmentDeletionStatus?.Status).toBe('SUCCEEDED');
    });
    await expect(center.signIn(jane, set)).rejects.toThrow(/no more/u);
    await admin.send(new CreateAccountAssignmentCommand(target()));
    await vi.waitFor(async () => expect(await tries(await center.signIn(jane, set))).toBe('accepted'));
    expect(organisation.roleName(set, ministack.accountId)).not.toBe(name);
  });
});

describe('the caller', () => {
  it('is denied what IAM does not allow, in the words of AWS', async () => {
    const iam = new IAMClient({ endpoint: ministack.url, region: 'us-east-1', credentials: ministack.root });
    const UserName = 'reader';
    await iam.send(new CreateUserCommand({ UserName }));
    const Statement = [{ Effect: 'Allow', Action: 'sso:GetInlinePolicyForPermissionSet', Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'read', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
    const reader = new SSOAdminClient({ endpoint: center.url, region: 'us-east-1', credentials });
    expect(await reader.send(new GetInlinePolicyForPermissionSetCommand(names))).toMatchObject({ InlinePolicy: '' });
    const write = reader.send(new DeleteInlinePolicyFromPermissionSetCommand(names));
    await expect(write).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/^User: \S+:user\/reader is not authorized to perform: sso:DeleteInline\S+ on /u),
    });
    expect(center.calls.at(-1)?.action).toBe('sso:DeleteInlinePolicyFromPermissionSet');
  });
});
