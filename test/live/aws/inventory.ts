import {
  DeleteAccessKeyCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteServiceSpecificCredentialCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListRolePoliciesCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListUserPoliciesCommand,
  paginateListPolicies,
  paginateListRoles,
  paginateListUsers,
} from '@aws-sdk/client-iam';
import { DeleteSecretCommand, paginateListSecrets } from '@aws-sdk/client-secrets-manager';

import type { AwsClients } from '../../../src/providers/aws/clients.ts';
import type { LeftOver } from '../account.ts';
import type { Ownership } from '../ownership.ts';

/** Users before the policies that are attached to them. */
export async function leftOvers(clients: AwsClients, ownership: Ownership): Promise<readonly LeftOver[]> {
  const { iam: client } = clients;
  const found: LeftOver[] = [];
  const add = (kind: string, name: string | undefined, remove: (name: string) => Promise<unknown>) => {
    if (name && ownership.owns(name)) found.push({ kind, name, remove: async () => void (await remove(name)) });
  };
  for await (const { Users = [] } of paginateListUsers({ client }, {}))
    for (const { UserName } of Users) add('user', UserName, (name) => removeUser(clients, name));
  for await (const { Roles = [] } of paginateListRoles({ client }, {}))
    for (const { RoleName } of Roles) add('role', RoleName, (name) => removeRole(clients, name));
  for await (const { Policies = [] } of paginateListPolicies({ client }, { Scope: 'Local' }))
    for (const { Arn } of Policies)
      add('policy', Arn, (PolicyArn) => client.send(new DeletePolicyCommand({ PolicyArn })));
  for await (const { SecretList = [] } of paginateListSecrets({ client: clients.secrets }, {}))
    for (const { Name } of SecretList)
      add('secret', Name, (SecretId) =>
        clients.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
      );
  return found;
}

async function removeUser({ iam }: AwsClients, UserName: string): Promise<void> {
  const of = { UserName };
  for (const { AccessKeyId } of (await iam.send(new ListAccessKeysCommand(of))).AccessKeyMetadata ?? [])
    await iam.send(new DeleteAccessKeyCommand({ ...of, AccessKeyId }));
  for (const { SSHPublicKeyId } of (await iam.send(new ListSSHPublicKeysCommand(of))).SSHPublicKeys ?? [])
    await iam.send(new DeleteSSHPublicKeyCommand({ ...of, SSHPublicKeyId }));
  for (const { CertificateId } of (await iam.send(new ListSigningCertificatesCommand(of))).Certificates ?? [])
    await iam.send(new DeleteSigningCertificateCommand({ ...of, CertificateId }));
  const services = await iam.send(new ListServiceSpecificCredentialsCommand(of));
  for (const { ServiceSpecificCredentialId } of services.ServiceSpecificCredentials ?? [])
    await iam.send(new DeleteServiceSpecificCredentialCommand({ ...of, ServiceSpecificCredentialId }));
  for (const PolicyName of (await iam.send(new ListUserPoliciesCommand(of))).PolicyNames ?? [])
    await iam.send(new DeleteUserPolicyCommand({ ...of, PolicyName }));
  for (const { PolicyArn } of (await iam.send(new ListAttachedUserPoliciesCommand(of))).AttachedPolicies ?? [])
    await iam.send(new DetachUserPolicyCommand({ ...of, PolicyArn }));
  await iam.send(new DeleteUserCommand(of));
}

async function removeRole({ iam }: AwsClients, RoleName: string): Promise<void> {
  for (const PolicyName of (await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames ?? [])
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  await iam.send(new DeleteRoleCommand({ RoleName }));
}
