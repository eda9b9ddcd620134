import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import { matchesWildcard } from '../../domain/wildcard.ts';
import type { Permission } from '../port.ts';
import { armPermission, DESTINATION, graphPermission } from './actions/definition.ts';
import type { AzureClients } from './clients.ts';
import { self, tokenClaims } from './principals.ts';
import type { AzureSettings } from './settings.ts';

/** Reads of resolve, self, activity, credentials, marked. */
export const EVIDENCE_PERMISSIONS: readonly Permission[] = [
  graphPermission('User.Read.All', 'confirming a user'),
  graphPermission('Application.Read.All', 'confirming a service principal, its secrets and certificates'),
  graphPermission('AuditLog.Read.All', 'sign-ins and changes in the directory'),
  graphPermission('Directory.Read.All', 'asked besides by the logs of sign-ins and of changes in the directory'),
  graphPermission('UserAuthenticationMethod.Read.All', 'has the user a second factor'),
  armPermission('Microsoft.Insights/eventtypes/values/read', 'what the identity did'),
  armPermission('Microsoft.Authorization/roleAssignments/read', 'sweep: which assignments carry the mark of Cordon'),
];

const SUBSCRIPTION = '<subscription>';

/** https://learn.microsoft.com/rest/api/authorization/permissions; the API answers for whoever asks. */
const granted = z.object({ actions: z.array(z.string()).nullish(), notActions: z.array(z.string()).nullish() });
type Granted = z.output<typeof granted>;

/**
 * Azure Resource Manager says for a scope what the caller may do there. For Graph it is Cordon's own token, which lists the
 * application permissions that Graph goes by; one that was granted since counts with the next token, within the hour.
 */
export async function findMissingPermissions(
  clients: AzureClients,
  settings: AzureSettings,
  permissions: readonly Permission[],
): Promise<readonly Permission[]> {
  const wanted = [
    ...new Map(
      permissions.flatMap((one) => everywhere(one, settings)).map((one) => [`${one.name} ${one.resource}`, one]),
    ).values(),
  ];
  const byResource = Map.groupBy(wanted, ({ resource }) => resource);
  const missing = [...byResource].map(async ([resource, group]) => {
    const has = resource === 'graph' ? await graphRoles(clients, settings) : await armActions(clients, resource);
    return group.filter(({ name }) => !has(name));
  });
  return (await Promise.all(missing)).flat();
}

/** A permission at every subscription is one for each of them; one at a destination is asked about by the preflight, which knows it. */
function everywhere(
  permission: Permission,
  { subscriptions }: Pick<AzureSettings, 'subscriptions'>,
): readonly Permission[] {
  const { resource } = permission;
  if (resource === DESTINATION) return [];
  if (!resource.includes(SUBSCRIPTION)) return [permission];
  return subscriptions.map((id) => ({ ...permission, resource: resource.replace(SUBSCRIPTION, id) }));
}

async function graphRoles(clients: AzureClients, settings: AzureSettings): Promise<(name: string) => boolean> {
  const { kind } = await self(clients, settings);
  if (kind === 'entra-user') {
    const message =
      'Cordon runs as a user, whose rights in the directory can not be told. Give it a service principal or a managed identity.';
    throw new CordonFailure('ValidationFailed', message);
  }
  const { roles = [] } = await tokenClaims(clients);
  // The permission to write includes the one to read the same.
  return (name) =>
    roles.includes(name) ||
    (name.endsWith('.Read.All') && roles.includes(name.replace(/\.Read\.All$/u, '.ReadWrite.All')));
}

/** Whether Cordon itself may do an action at the scope. */
export async function armActions({ arm }: AzureClients, scope: string): Promise<(name: string) => boolean> {
  const path = `${scope}/providers/Microsoft.Authorization/permissions`;
  const { items } = await arm.list(granted, { method: 'GET', path, query: { 'api-version': '2022-04-01' } });
  return (name) => items.some((role) => allows(role, name.toLowerCase()));
}

/** What one role takes out of itself, another one may give. */
function allows({ actions, notActions }: Granted, name: string): boolean {
  const named = (patterns: readonly string[] | null | undefined) =>
    (patterns ?? []).some((pattern) => matchesWildcard(pattern.toLowerCase(), name));
  return named(actions) && !named(notActions);
}
