import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import type { AccessKeyFacts, CredentialFacts } from '../../domain/evidence.ts';
import type { AzurePrincipal } from '../../domain/principal.ts';
import type { AzureClients } from './clients.ts';
import type { Application, ServicePrincipal } from './directory.ts';
import { findApplication, findServicePrincipal, listFederated } from './directory.ts';

/** https://learn.microsoft.com/graph/api/authentication-list-methods */
const method = z.object({ '@odata.type': z.string() });
const PASSWORD = '#microsoft.graph.passwordAuthenticationMethod';

/** From Entra. What can't be read is a failure, never "has none". */
export async function gatherCredentials(
  clients: AzureClients,
  principal: AzurePrincipal,
  now: Date,
): Promise<CredentialFacts> {
  if (principal.kind === 'entra-user') return ofUser(clients, principal.uniqueId);
  const found = await findServicePrincipal(clients, { objectId: principal.uniqueId });
  if (!found)
    throw new CordonFailure('NotFound', `The directory has no service principal ${principal.uniqueId} (any more).`);
  const application = await findApplication(clients, found.appId);
  const federated = application ? await listFederated(clients, application.id) : [];
  return {
    accessKeys: [
      ...(application ? keysOf(application, now) : []),
      ...keysOf(found, now),
      // A federation has neither a beginning nor an end: whoever the other side vouches for may come.
      ...federated.map(({ id }) => ({ accessKeyId: `federation ${id}`, active: true, createdAt: UNKNOWN_TIME })),
    ],
    consolePassword: false,
    mfaDevices: 0,
    quarantinedByCloud: (found.disabledByMicrosoftStatus ?? 'NotDisabled') !== 'NotDisabled',
  };
}

/** The facts must name a time, and Entra keeps none for these. */
const UNKNOWN_TIME = new Date(0).toISOString();

function keysOf(
  { passwordCredentials, keyCredentials }: Application | ServicePrincipal,
  now: Date,
): readonly AccessKeyFacts[] {
  return [...(passwordCredentials ?? []), ...(keyCredentials ?? [])].map(({ keyId, startDateTime, endDateTime }) => ({
    accessKeyId: keyId,
    active: !endDateTime || Date.parse(endDateTime) > now.getTime(),
    createdAt: startDateTime ?? UNKNOWN_TIME,
  }));
}

/** Every method but the password counts as a further factor, as in Entra. Without the permission to read them all is unknown. */
async function ofUser({ graph }: AzureClients, objectId: string): Promise<CredentialFacts> {
  const path = `/v1.0/users/${objectId}/authentication/methods`;
  const { items } = await graph.list(method, { method: 'GET', path, permission: 'UserAuthenticationMethod.Read.All' });
  const types = items.map((one) => one['@odata.type']);
  return {
    accessKeys: [],
    consolePassword: types.includes(PASSWORD),
    mfaDevices: types.filter((type) => type !== PASSWORD).length,
    quarantinedByCloud: false,
  };
}
