import {
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListRolePoliciesCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListUserPoliciesCommand,
  paginateListPolicies,
} from '@aws-sdk/client-iam';

import type { AwsClients } from '../../../src/providers/aws/clients.ts';
import { readPolicy } from '../../../src/providers/aws/policies.ts';

/** All that containment may change of one throw-away user and role, and the policies of its case. */
export async function snapshotOf(clients: AwsClients, UserName: string, RoleName: string, caseId: string) {
  const { iam } = clients;
  const of = { UserName };
  const documents = (owner: 'user' | 'role', ownerName: string, names: readonly string[] = []) =>
    Promise.all(
      names.map(async (policyName) => [policyName, await readPolicy(clients, { owner, ownerName, policyName })]),
    );
  const [inline, attached, keys, ssh, certificates, services, roleInline] = await Promise.all([
    iam.send(new ListUserPoliciesCommand(of)),
    iam.send(new ListAttachedUserPoliciesCommand(of)),
    iam.send(new ListAccessKeysCommand(of)),
    iam.send(new ListSSHPublicKeysCommand(of)),
    iam.send(new ListSigningCertificatesCommand(of)),
    iam.send(new ListServiceSpecificCredentialsCommand(of)),
    iam.send(new ListRolePoliciesCommand({ RoleName })),
  ]);
  const policies: (string | undefined)[] = [];
  for await (const { Policies = [] } of paginateListPolicies({ client: iam }, { Scope: 'Local' }))
    policies.push(...Policies.map(({ PolicyName }) => PolicyName).filter((name) => name?.includes(caseId)));
  return {
    user: {
      inline: await documents('user', UserName, inline.PolicyNames),
      attached: attached.AttachedPolicies,
      keys: keys.AccessKeyMetadata?.map(({ AccessKeyId, Status }) => `${AccessKeyId} ${Status}`).toSorted(),
      ssh: ssh.SSHPublicKeys?.map(({ SSHPublicKeyId, Status }) => `${SSHPublicKeyId} ${Status}`),
      certificates: certificates.Certificates?.map(({ CertificateId, Status }) => `${CertificateId} ${Status}`),
      services: services.ServiceSpecificCredentials?.map(
        ({ ServiceSpecificCredentialId, Status }) => `${ServiceSpecificCredentialId} ${Status}`,
      ),
    },
    role: await documents('role', RoleName, roleInline.PolicyNames),
    policies,
  };
}
