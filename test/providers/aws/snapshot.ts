import type { IAMClient } from '@aws-sdk/client-iam';
import {
  GetGroupCommand,
  GetGroupPolicyCommand,
  GetLoginProfileCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetSAMLProviderCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsCommand,
  ListOpenIDConnectProvidersCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListSAMLProvidersCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { GetPolicyCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';

/** What containment may change, exactly, without the moment at which a provider was made: it is made again by a rollback. */
export async function snapshot({ iam, lambda }: { readonly iam: IAMClient; readonly lambda: LambdaClient }) {
  const { Users = [] } = await iam.send(new ListUsersCommand({}));
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const { Groups = [] } = await iam.send(new ListGroupsCommand({}));
  const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
  const each = <Item, Found>(items: readonly Item[], find: (item: Item) => Promise<Found>) =>
    Promise.all(items.map(find));
  return {
    users: await each(Users, ({ UserName = '' }) => user(iam, UserName)),
    roles: await each(Roles, ({ RoleName = '' }) => role(iam, RoleName)),
    groups: await each(Groups, ({ GroupName = '' }) => group(iam, GroupName)),
    policies: await each(Policies, async (policy) => [
      policy.Arn,
      policy.AttachmentCount,
      policy.DefaultVersionId,
      (await iam.send(new ListPolicyVersionsCommand({ PolicyArn: policy.Arn }))).Versions,
    ]),
    providers: await providers(iam),
    functions: await functions(lambda),
  };
}

async function user(iam: IAMClient, UserName: string) {
  const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
  const policies = PolicyNames.toSorted().map(async (PolicyName) => [
    PolicyName,
    (await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument,
  ]);
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  const { AttachedPolicies = [], ...others } = await credentialsOf(iam, UserName);
  const attached = arns(AttachedPolicies);
  return { UserName, policies: await Promise.all(policies), keys: AccessKeyMetadata, attached, ...others };
}

async function role(iam: IAMClient, RoleName: string) {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const policies = PolicyNames.toSorted().map(async (PolicyName) => [
    PolicyName,
    (await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument,
  ]);
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const trust: unknown = JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
  return { RoleName, trust, attached: arns(AttachedPolicies), policies: await Promise.all(policies) };
}

async function group(iam: IAMClient, GroupName: string) {
  const { PolicyNames = [] } = await iam.send(new ListGroupPoliciesCommand({ GroupName }));
  const policies = PolicyNames.toSorted().map(async (PolicyName) => [
    PolicyName,
    (await iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName }))).PolicyDocument,
  ]);
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName }));
  const { Users = [] } = await iam.send(new GetGroupCommand({ GroupName }));
  const members = Users.map(({ UserName = '' }) => UserName).toSorted();
  return { GroupName, members, attached: arns(AttachedPolicies), policies: await Promise.all(policies) };
}

async function providers(iam: IAMClient) {
  const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  const { SAMLProviderList = [] } = await iam.send(new ListSAMLProvidersCommand({}));
  const oidc = OpenIDConnectProviderList.map(async ({ Arn }) => {
    const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: Arn }));
    return { Arn, Url: found.Url, ids: found.ClientIDList?.toSorted(), prints: found.ThumbprintList, Tags: found.Tags };
  });
  const saml = SAMLProviderList.map(async ({ Arn }) => {
    const found = await iam.send(new GetSAMLProviderCommand({ SAMLProviderArn: Arn }));
    return { Arn, document: found.SAMLMetadataDocument, Tags: found.Tags };
  });
  return [await Promise.all(oidc), await Promise.all(saml)];
}

async function functions(lambda: LambdaClient) {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const found = Functions.map(async ({ FunctionName }) => {
    const policy = await lambda.send(new GetPolicyCommand({ FunctionName })).catch(() => null);
    return [FunctionName, policy?.Policy];
  });
  return Promise.all(found);
}

/** All that a user may sign in or call with beside access keys, by root; throws where it is more than a page. */
export async function credentialsOf(iam: IAMClient, UserName: string) {
  const login = iam.send(new GetLoginProfileCommand({ UserName })).catch((error: unknown) => (error as Error).name);
  const { AttachedPolicies } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
  const listed = [
    await iam.send(new ListSSHPublicKeysCommand({ UserName })),
    await iam.send(new ListSigningCertificatesCommand({ UserName })),
    await iam.send(new ListServiceSpecificCredentialsCommand({ UserName })),
  ].map(({ $metadata: _metadata, ...list }) => list);
  if (listed.some(({ IsTruncated }) => IsTruncated)) throw new Error('More than a page: the snapshot would miss some.');
  const profile = await login;
  return { profile: typeof profile === 'string' ? profile : profile.LoginProfile, AttachedPolicies, listed };
}

function arns(attached: readonly { PolicyArn?: string | undefined }[]) {
  return attached.map(({ PolicyArn = '' }) => PolicyArn).toSorted();
}
