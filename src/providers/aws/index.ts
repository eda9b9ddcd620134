import type { Provider } from '../port.ts';
import { principalIn } from '../port.ts';
import { serveAccounts, serveHome } from './accounts.ts';
import type { AwsClients, AwsSettings } from './clients.ts';
import { createAwsClients } from './clients.ts';
import { evidencePermissions, identityCenterPermissions } from './permissions.ts';
import { proposalCaveats, proposeActions } from './propose.ts';
import { withIdentityCenterRole } from './session.ts';

export type { AwsAccount, AwsCredentials, AwsSettings } from './clients.ts';
export { leastPrivilegePolicy } from './policy.ts';

/**
 * One account, by the credentials of the settings, or several. Share one provider in a process: its pace of log look-ups is per
 * provider. `clients` are those of the credentials.
 */
export function createAwsProvider(settings: AwsSettings, clients: AwsClients = createAwsClients(settings)): Provider {
  const { accounts = [] } = settings;
  const hub = withIdentityCenterRole(clients, settings, identityCenterPermissions());
  const served = accounts.map(({ accountId }) => accountId);
  return {
    cloud: 'aws',
    sources: { activity: 'CloudTrail', credentials: 'IAM' },
    evidencePermissions: evidencePermissions(settings),
    propose: (principal, activity, caseId, enabledActions) => ({
      requests: proposeActions(principalIn('aws', principal), activity, caseId, enabledActions),
      caveats: proposalCaveats(principalIn('aws', principal), activity, enabledActions, served),
    }),
    ...(accounts.length === 0 ? serveHome(settings, hub) : serveAccounts(accounts, settings, hub)),
  };
}
