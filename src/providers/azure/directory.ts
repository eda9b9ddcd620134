import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { AzurePrincipal } from '../../domain/principal.ts';
import type { AzureClients } from './clients.ts';
import { targetPrincipal } from './names.ts';
import { read } from './rest.ts';

/** https://learn.microsoft.com/graph/api/resources/user; only what is selected is in the answer. */
const user = z.object({
  id: z.string().toLowerCase(),
  userPrincipalName: z.string(),
  accountEnabled: z.boolean(),
  onPremisesSyncEnabled: z.boolean().nullish(),
  signInSessionsValidFromDateTime: z.string().nullish(),
  lastPasswordChangeDateTime: z.string().nullish(),
});
export type DirectoryUser = z.output<typeof user>;

const passwords = z.array(
  z.object({ keyId: z.string(), startDateTime: z.string().nullish(), endDateTime: z.string().nullish() }),
);
const held = { passwordCredentials: passwords.nullish(), keyCredentials: passwords.nullish() };

/** https://learn.microsoft.com/graph/api/resources/serviceprincipal */
const servicePrincipal = z.object({
  id: z.string().toLowerCase(),
  appId: z.string().toLowerCase(),
  displayName: z.string().nullish(),
  accountEnabled: z.boolean(),
  servicePrincipalType: z.string().nullish(),
  appOwnerOrganizationId: z.string().toLowerCase().nullish(),
  disabledByMicrosoftStatus: z.string().nullish(),
  ...held,
});
export type ServicePrincipal = z.output<typeof servicePrincipal>;

const application = z.object({ id: z.string(), appId: z.string().toLowerCase(), ...held });
export type Application = z.output<typeof application>;

/** A flexible one has an expression and no subject. https://learn.microsoft.com/graph/api/resources/federatedidentitycredential */
const federated = z.object({
  id: z.string(),
  issuer: z.string().nullish(),
  subject: z.string().nullish(),
  claimsMatchingExpression: z.object({ value: z.string().nullish() }).nullish(),
});
export type FederatedCredential = z.output<typeof federated>;

/** The tenant in which Microsoft keeps its own applications: disabling one of those would take a service from everybody. */
const MICROSOFT = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';

/** What a read of something that may not exist found: null stands for Azure's own "not found", nothing else. */
export async function orNull<Found>(reading: Promise<Found>): Promise<Found | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'NotFound') return null;
    throw error;
  }
}

/** By object id or user principal name. */
export function findUser({ graph }: AzureClients, idOrName: string): Promise<DirectoryUser | null> {
  const path = `/v1.0/users/${encodeURIComponent(idOrName)}`;
  const query = { $select: Object.keys(user.shape).join(',') };
  return orNull(
    graph
      .call({ method: 'GET', path, query, permission: 'User.Read.All' })
      .then((found) => read(user, found, 'GET /users')),
  );
}

export async function findServicePrincipal(
  { graph }: AzureClients,
  by: { readonly objectId: string } | { readonly appId: string },
): Promise<ServicePrincipal | null> {
  const key = 'objectId' in by ? `/${by.objectId}` : `(appId='${by.appId}')`;
  const query = { $select: Object.keys(servicePrincipal.shape).join(',') };
  const call = {
    method: 'GET',
    path: `/v1.0/servicePrincipals${key}`,
    query,
    permission: 'Application.Read.All',
  } as const;
  return orNull(graph.call(call).then((found) => read(servicePrincipal, found, 'GET /servicePrincipals')));
}

/** Null where the application is registered in another tenant: its credentials there are out of reach. */
export async function findApplication({ graph }: AzureClients, appId: string): Promise<Application | null> {
  const query = { $select: Object.keys(application.shape).join(',') };
  const path = `/v1.0/applications(appId='${appId}')`;
  const call = { method: 'GET', path, query, permission: 'Application.Read.All' } as const;
  return orNull(graph.call(call).then((found) => read(application, found, 'GET /applications')));
}

export async function listFederated(
  { graph }: AzureClients,
  applicationId: string,
): Promise<readonly FederatedCredential[]> {
  const path = `/v1.0/applications/${applicationId}/federatedIdentityCredentials`;
  const { items, cut } = await graph.list(federated, { method: 'GET', path, permission: 'Application.Read.All' });
  if (cut) throw new CordonFailure('Unavailable', 'The list of federated credentials has no end.');
  return items;
}

/** The user of a request, as the directory has it now. */
export async function confirmUser(
  clients: AzureClients,
  request: ActionRequest,
  tenantId: string,
): Promise<DirectoryUser> {
  const { uniqueId } = targetPrincipal(request, tenantId, ['entra-user']);
  const found = await findUser(clients, uniqueId);
  if (!found) throw gone('user', uniqueId);
  return found;
}

/** The service principal of a request, as the directory has it now; never a managed identity or an application of Microsoft. */
export async function confirmServicePrincipal(
  clients: AzureClients,
  request: ActionRequest,
  tenantId: string,
): Promise<ServicePrincipal> {
  const { uniqueId } = targetPrincipal(request, tenantId, ['service-principal']);
  const found = await findServicePrincipal(clients, { objectId: uniqueId });
  if (!found) throw gone('service principal', uniqueId);
  if (found.servicePrincipalType === 'ManagedIdentity') {
    throw new CordonFailure(
      'TargetRefused',
      `${uniqueId} is a managed identity: Entra disables none, and its credentials are not those of an application.`,
    );
  }
  if (found.appOwnerOrganizationId === MICROSOFT) {
    throw new CordonFailure(
      'TargetRefused',
      `${uniqueId} is an application of Microsoft itself. A person must look at it.`,
    );
  }
  return found;
}

const member = z.object({ '@odata.type': z.string(), id: z.string().toLowerCase() });

/** Users and service principals in a group, through groups too, by their resource names; `whole`: none is missing. */
export async function findMembers(
  { graph }: AzureClients,
  groupId: string,
  tenantId: string,
): Promise<{ readonly members: readonly string[]; readonly whole: boolean }> {
  const path = `/v1.0/groups/${groupId}/transitiveMembers`;
  const query = { $select: 'id', $top: '999' };
  const call = { method: 'GET', path, query, permission: 'Directory.Read.All' } as const;
  const found = await orNull(graph.list(member, call));
  const collections = new Map([
    ['#microsoft.graph.user', 'users'],
    ['#microsoft.graph.servicePrincipal', 'servicePrincipals'],
  ]);
  const members = (found?.items ?? []).flatMap(({ id, '@odata.type': type }) => {
    const collection = collections.get(type);
    return collection ? [`/tenants/${tenantId}/${collection}/${id}`] : [];
  });
  return { members, whole: !found?.cut };
}

/** Any kind of principal, if the directory still has it as the kind that the case is about. */
export async function confirmPrincipal(
  clients: AzureClients,
  request: ActionRequest,
  tenantId: string,
): Promise<AzurePrincipal> {
  const principal = targetPrincipal(request, tenantId, ['entra-user', 'service-principal', 'managed-identity']);
  const { kind, uniqueId } = principal;
  const found =
    kind === 'entra-user'
      ? await findUser(clients, uniqueId)
      : await findServicePrincipal(clients, { objectId: uniqueId });
  // The assignments of a deleted principal stay, and can be taken away all the same.
  if (found && 'servicePrincipalType' in found && kindOf(found) !== kind) {
    throw new CordonFailure('TargetRefused', `${uniqueId} is a ${kindOf(found)}, and the plan was made for a ${kind}.`);
  }
  return principal;
}

export function kindOf({ servicePrincipalType }: ServicePrincipal): 'service-principal' | 'managed-identity' {
  return servicePrincipalType === 'ManagedIdentity' ? 'managed-identity' : 'service-principal';
}

function gone(what: string, id: string): CordonFailure {
  return new CordonFailure('NotFound', `The directory has no ${what} ${id} (any more). Check who deleted it.`);
}
