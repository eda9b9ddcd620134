import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { AzureClients } from '../../clients.ts';
import { armActions } from '../../permissions.ts';
import type { Permission } from '../../../port.ts';
import { DESTINATION } from '../definition.ts';

/**
 * Who writes a setting must be allowed to link to what it sends to, by the property of the setting that names it.
 * https://learn.microsoft.com/azure/azure-monitor/roles-permissions-security
 */
const LINK: ReadonlyMap<string, string> = new Map([
  ['workspaceId', 'Microsoft.OperationalInsights/workspaces/sharedKeys/action'],
  ['storageAccountId', 'Microsoft.Storage/storageAccounts/listKeys/action'],
  ['eventHubAuthorizationRuleId', 'Microsoft.EventHub/namespaces/authorizationRules/listkeys/action'],
]);

/** Keys of a destination are worth much: they are asked for at the destinations of the settings, never at a whole subscription. */
export const DESTINATION_PERMISSIONS: readonly Permission[] = [...LINK].map(([property, name]) => ({
  name,
  resource: DESTINATION,
  purpose: `linking to the ${property.replace(/(?:Authorization.*)?Id$/u, '')} that a setting sends to`,
}));

/** One id of a resource, the only thing that becomes a path here. */
const RESOURCE = /^\/subscriptions\/[0-9a-f-]{36}(?:\/[\w.()-]{1,128}){2,12}$/iu;

interface Destination {
  readonly id: string;
  readonly permission: string;
}

function destinations(setting: JsonObject): readonly Destination[] {
  return [...LINK].flatMap(([property, permission]) => {
    const id = setting[property];
    return typeof id === 'string' && id !== '' ? [{ id, permission }] : [];
  });
}

export function sentTo(setting: JsonObject): string {
  const ids = destinations(setting).map(({ id }) => id);
  return ids.length === 0 ? 'where it sent before' : ids.join(', ');
}

/** What Azure would refuse the write for; asked at each destination, which may lie in a subscription that Cordon has nothing else in. */
export async function linkObstacles(clients: AzureClients, setting: JsonObject): Promise<readonly string[]> {
  const asked = destinations(setting).map(async ({ id, permission }) =>
    (await mayLink(clients, id, permission))
      ? []
      : [`Cordon lacks ${permission} on ${id}, or that is gone: grant it there, or restore the setting by hand.`],
  );
  return (await Promise.all(asked)).flat();
}

async function mayLink(clients: AzureClients, id: string, permission: string): Promise<boolean> {
  if (!RESOURCE.test(id) || id.includes('..')) return false;
  try {
    return (await armActions(clients, id))(permission);
  } catch (error) {
    if (error instanceof CordonFailure && ['AccessDenied', 'NotFound'].includes(error.type)) return false;
    throw error;
  }
}
