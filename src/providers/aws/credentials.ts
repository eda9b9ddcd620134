import {
  GetLoginProfileCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListMFADevicesCommand,
} from '@aws-sdk/client-iam';

import { CordonFailure } from '../../contracts/failures.ts';
import type { AccessKeyFacts, CredentialFacts } from '../../domain/evidence.ts';
import type { AwsPrincipal } from '../../domain/principal.ts';
import type { AccessKey } from './access-keys.ts';
import { lastUse, listAccessKeys } from './access-keys.ts';
import type { AwsClients } from './clients.ts';
import { orNull } from './confirm.ts';

/** Only AWS can make policies of this account part: a namesake that the suspect made does not count. */
const QUARANTINE = /^arn:aws:iam::aws:policy\/AWSCompromisedKeyQuarantine/u;

/** From IAM. Kinds of identity whose credentials IAM does not list are a failure, never "has none". */
export async function gatherCredentials(clients: AwsClients, principal: AwsPrincipal): Promise<CredentialFacts> {
  switch (principal.kind) {
    case 'iam-user':
      return ofUser(clients, principal.name);
    case 'role-session':
    case 'service-linked-role':
      return ofRole(clients, principal.name);
    case 'identity-center-user':
      throw new CordonFailure(
        'ValidationFailed',
        'AWS has no API that tells the password or the second factor of a user of Identity Center.',
      );
    default:
      throw new CordonFailure(
        'ValidationFailed',
        `IAM does not list the credentials of a principal of kind ${principal.kind}.`,
      );
  }
}

async function ofUser(clients: AwsClients, UserName: string): Promise<CredentialFacts> {
  const [accessKeys, login, mfa, attached] = await Promise.all([
    listAccessKeys(clients, UserName).then((keys) => Promise.all(keys.map((key) => withLastUse(clients, key)))),
    orNull(clients.iam.send(new GetLoginProfileCommand({ UserName }))),
    clients.iam.send(new ListMFADevicesCommand({ UserName })),
    clients.iam.send(new ListAttachedUserPoliciesCommand({ UserName, MaxItems: 1000 })),
  ]);
  return {
    accessKeys,
    consolePassword: login !== null,
    mfaDevices: mfa.MFADevices?.length ?? 0,
    quarantinedByCloud: (attached.AttachedPolicies ?? []).some(({ PolicyArn }) => QUARANTINE.test(PolicyArn ?? '')),
  };
}

/** A role has neither keys nor a password; what its sessions hold is in the log, not in IAM. */
async function ofRole(clients: AwsClients, RoleName: string): Promise<CredentialFacts> {
  const attached = await clients.iam.send(new ListAttachedRolePoliciesCommand({ RoleName, MaxItems: 1000 }));
  const quarantinedByCloud = (attached.AttachedPolicies ?? []).some(({ PolicyArn }) =>
    QUARANTINE.test(PolicyArn ?? ''),
  );
  return { accessKeys: [], consolePassword: false, mfaDevices: 0, quarantinedByCloud };
}

async function withLastUse(clients: AwsClients, key: AccessKey): Promise<AccessKeyFacts> {
  const used = await lastUse(clients, key.accessKeyId);
  return { ...key, ...(used ? { lastUsedAt: used.toISOString() } : {}) };
}
