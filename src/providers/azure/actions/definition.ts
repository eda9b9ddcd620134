import { CordonFailure } from '../../../contracts/failures.ts';
import type { AzurePrincipal } from '../../../domain/principal.ts';
import type { ActionDefinition } from '../../action-definition.ts';
import type { Permission } from '../../port.ts';
import type { AzureClients } from '../clients.ts';
import type { AzureSettings } from '../settings.ts';

export { changeEach, example, read, type ActionFacts } from '../../action-definition.ts';

export type AzureActionDefinition = ActionDefinition<AzureClients, AzureSettings>;

/** For actions of reversibility `none`. A rollback leaves them out and says so; asked all the same, it must not look done. */
export function irreversible(id: string, why: string): CordonFailure {
  return new CordonFailure('ValidationFailed', `${id} can't be undone: ${why}`);
}

/** An application permission of Microsoft Graph. */
export const graphPermission = (name: string, purpose: string): Permission => ({ name, resource: 'graph', purpose });

/** An action of Azure Resource Manager, at every subscription of the settings. */
export const armPermission = (name: string, purpose: string): Permission => ({
  name,
  resource: '/subscriptions/<subscription>',
  purpose,
});

const tenantId = '11111111-2222-4333-8444-555555555555';

/** Ids for an example; no directory has them. */
export const EXAMPLE_USER: AzurePrincipal = {
  cloud: 'azure',
  kind: 'entra-user',
  accountId: tenantId,
  name: 'alice@example.com',
  uniqueId: 'aaaaaaaa-0000-4000-8000-000000000001',
};
export const EXAMPLE_SERVICE_PRINCIPAL: AzurePrincipal = {
  cloud: 'azure',
  kind: 'service-principal',
  accountId: tenantId,
  name: 'deploy',
  uniqueId: 'aaaaaaaa-0000-4000-8000-000000000002',
  appId: 'aaaaaaaa-0000-4000-8000-000000000003',
};
