import type { Provider } from '../port.ts';
import { principalIn } from '../port.ts';
import { GCP_ACTIONS } from './actions/index.ts';
import { findSuccessfulCalls, gatherActivity } from './activity.ts';
import type { GcpClients } from './clients.ts';
import { createGcpClients } from './clients.ts';
import { gatherCredentials } from './credentials.ts';
import { createLookup } from './log/lookup.ts';
import { findMarks } from './marked.ts';
import { EVIDENCE_PERMISSIONS, findMissingPermissions } from './permissions.ts';
import { resolvePrincipal, self } from './principals.ts';
import { proposalCaveats, proposeActions } from './propose.ts';
import type { GcpSettings } from './settings.ts';

export { leastPrivilegeRole } from './policy.ts';
export type { GcpSettings } from './settings.ts';

/** The projects of the settings, by their credentials. */
export function createGcpProvider(settings: GcpSettings, clients: GcpClients = createGcpClients(settings)): Provider {
  const { projects } = settings;
  const lookup = createLookup(clients, settings);
  return {
    cloud: 'gcp',
    resolve: (clues, accountId) => resolvePrincipal(clients, projects, clues, accountId),
    selves: async () => [await self(clients, projects)],
    accounts: async () => [(await self(clients, projects)).accountId],
    sources: { activity: 'Cloud Audit Logs', credentials: 'Google Cloud IAM' },
    activity: async (principal, around, before) =>
      gatherActivity(clients, settings, lookup, principalIn('gcp', principal), [around, before]),
    credentials: async (principal) => gatherCredentials(clients, principalIn('gcp', principal)),
    successfulCallsSince: async (principal, since) =>
      findSuccessfulCalls(clients, settings, lookup, principalIn('gcp', principal), since),
    actions: Object.fromEntries(
      Object.entries(GCP_ACTIONS).map(([id, action]) => [id, action.create(clients, settings)]),
    ),
    propose: (principal, activity, caseId, enabledActions) => ({
      requests: proposeActions(principalIn('gcp', principal), activity, caseId, enabledActions, projects),
      caveats: proposalCaveats(principalIn('gcp', principal), activity, enabledActions, projects),
    }),
    marked: findMarks,
    evidencePermissions: EVIDENCE_PERMISSIONS,
    missingPermissions: (permissions) => findMissingPermissions(clients, projects, permissions),
  };
}
