import type { Principal } from '../../domain/principal.ts';
import type { Provider } from '../port.ts';
import { principalIn } from '../port.ts';
import { AZURE_ACTIONS } from './actions/index.ts';
import { findSuccessfulCalls, gatherActivity } from './activity.ts';
import type { AzureClients } from './clients.ts';
import { createAzureClients } from './clients.ts';
import { gatherCredentials } from './credentials.ts';
import { findMarks } from './marked.ts';
import { EVIDENCE_PERMISSIONS, findMissingPermissions } from './permissions.ts';
import { resolvePrincipal, self } from './principals.ts';
import { propose } from './propose.ts';
import type { AzureSettings } from './settings.ts';

export { leastPrivilegeRole } from './policy.ts';
export type { AzureSettings } from './settings.ts';

/** One tenant with its subscriptions, by the credentials of the settings. */
export function createAzureProvider(given: AzureSettings, clients: AzureClients = createAzureClients(given)): Provider {
  const settings = inLowerCase(given);
  const now = settings.now ?? (() => new Date());
  return {
    cloud: 'azure',
    resolve: (clues, accountId) => resolvePrincipal(clients, settings, clues, accountId),
    selves: async () => [await self(clients, settings)],
    accounts: async () => [(await self(clients, settings)).accountId],
    sources: { activity: 'Azure activity log and Entra logs', credentials: 'Entra' },
    activity: async (principal, around, before) => gatherActivity(clients, settings, azure(principal), around, before),
    credentials: async (principal) => gatherCredentials(clients, azure(principal), now()),
    successfulCallsSince: async (principal, since) => findSuccessfulCalls(clients, settings, azure(principal), since),
    actions: Object.fromEntries(
      Object.entries(AZURE_ACTIONS).map(([id, action]) => [id, action.create(clients, settings)]),
    ),
    propose: (principal, activity, caseId, enabledActions) =>
      propose(settings, azure(principal), activity, caseId, enabledActions),
    marked: () => findMarks(clients, settings),
    evidencePermissions: EVIDENCE_PERMISSIONS,
    missingPermissions: (permissions) => findMissingPermissions(clients, settings, permissions),
  };
}

const azure = (principal: Principal) => principalIn('azure', principal);

/** Azure writes the same id in either case. */
function inLowerCase(settings: AzureSettings): AzureSettings {
  const subscriptions = settings.subscriptions.map((id) => id.toLowerCase());
  return { ...settings, tenantId: settings.tenantId.toLowerCase(), subscriptions };
}
