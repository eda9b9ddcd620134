import type { Provider } from '../port.ts';
import { principalIn } from '../port.ts';
import { AWS_ACTIONS } from './actions/index.ts';
import { findArnOfKey, findSuccessfulCalls, gatherActivity } from './activity.ts';
import type { AwsClients, AwsSettings } from './clients.ts';
import { createAwsClients } from './clients.ts';
import { gatherCredentials } from './credentials.ts';
import { createLookup } from './log/lookup.ts';
import { EVIDENCE_PERMISSIONS, findMissingPermissions } from './permissions.ts';
import { resolvePrincipal, self } from './principals.ts';
import { proposalCaveats, proposeActions } from './propose.ts';

export type { AwsCredentials, AwsSettings } from './clients.ts';
export { leastPrivilegePolicy } from './policy.ts';

/** One account, by the credentials of the settings. Share one provider in a process: its pace of log look-ups is per provider. */
export function createAwsProvider(settings: AwsSettings, clients: AwsClients = createAwsClients(settings)): Provider {
  const lookup = createLookup(clients, settings);
  return {
    cloud: 'aws',
    resolve: (clues, accountId) => resolvePrincipal(clients, (id) => findArnOfKey(lookup, id), clues, accountId),
    self: () => self(clients),
    sources: { activity: 'CloudTrail', credentials: 'IAM' },
    activity: (principal, around, before) =>
      gatherActivity(clients, lookup, principalIn('aws', principal), around, before),
    credentials: (principal) => gatherCredentials(clients, principalIn('aws', principal)),
    successfulCallsSince: (principal, since) =>
      findSuccessfulCalls(clients, lookup, principalIn('aws', principal), since, settings.logDelaySeconds ?? 900),
    actions: Object.fromEntries(
      Object.entries(AWS_ACTIONS).map(([id, action]) => [id, action.create(clients, settings)]),
    ),
    propose: (principal, activity, caseId, enabledActions) => ({
      requests: proposeActions(principalIn('aws', principal), activity, caseId, enabledActions),
      caveats: proposalCaveats(principalIn('aws', principal), activity, enabledActions),
    }),
    evidencePermissions: EVIDENCE_PERMISSIONS,
    missingPermissions: (permissions, accountId) =>
      findMissingPermissions(clients, settings.region, permissions, accountId),
  };
}
