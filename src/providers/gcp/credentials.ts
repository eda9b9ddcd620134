import { CordonFailure } from '../../contracts/failures.ts';
import type { CredentialFacts } from '../../domain/evidence.ts';
import type { GcpPrincipal } from '../../domain/principal.ts';
import type { GcpClients } from './clients.ts';
import { listKeys } from './keys.ts';

/** From IAM. What it does not tell (a person's password and devices are in Workspace) is a failure, never "has none". */
export async function gatherCredentials(clients: GcpClients, principal: GcpPrincipal): Promise<CredentialFacts> {
  if (principal.kind !== 'service-account') {
    const message =
      'Google Cloud does not show the credentials of a Google user; an administrator of Workspace sees them.';
    throw new CordonFailure('ValidationFailed', message);
  }
  const keys = await listKeys(clients, principal.accountId, principal.name);
  return {
    accessKeys: keys.map(({ keyId, enabled, createdAt }) => ({ accessKeyId: keyId, active: enabled, createdAt })),
    consolePassword: false,
    mfaDevices: 0,
    quarantinedByCloud: keys.some(({ exposed, enabled }) => exposed && !enabled),
  };
}
