import { CordonFailure } from '../../../contracts/failures.ts';
import type { AzurePrincipal } from '../../../domain/principal.ts';
import type { ActionDefinition } from '../../action-definition.ts';
import type { Permission } from '../../port.ts';
import type { AzureClients } from '../clients.ts';
import { isLocked } from '../failures.ts';
import type { AzureSettings } from '../settings.ts';

export { changeEach, example, read, type ActionFacts } from '../../action-definition.ts';

export type AzureActionDefinition = ActionDefinition<AzureClients, AzureSettings>;

/** For actions of reversibility `none`. A rollback leaves them out and says so; asked all the same, it must not look done. */
export function irreversible(id: string, why: string): CordonFailure {
  return new CordonFailure('ValidationFailed', `${id} can't be undone: ${why}`);
}

/** As `changeEach`, but goes on past what a lock forbids: whoever locks one scope must not keep the roles at all the others. */
export async function changeUnlocked<Item>(
  items: readonly Item[],
  what: string,
  change: (item: Item) => Promise<unknown>,
): Promise<void> {
  const locked: CordonFailure[] = [];
  let made = 0;
  const partly = (failures: readonly CordonFailure[]) => {
    const why = failures.map(({ message }) => message).join(' ');
    const message = `Only ${made} of ${items.length} ${what}. ${why}`;
    return new CordonFailure('OutcomeUnknown', message, { cause: failures.at(-1) });
  };
  for (const item of items) {
    try {
      await change(item);
      made += 1;
    } catch (error) {
      if (isLocked(error)) locked.push(error);
      else if (made === 0 || !(error instanceof CordonFailure) || !error.final) throw error;
      else throw partly([...locked, error]);
    }
  }
  const [first] = locked;
  if (first) throw made === 0 ? first : partly(locked);
}

/** An application permission of Microsoft Graph. */
export const graphPermission = (name: string, purpose: string): Permission => ({ name, resource: 'graph', purpose });

/** An action of Azure Resource Manager, at every subscription of the settings. */
export const armPermission = (name: string, purpose: string): Permission => ({
  name,
  resource: '/subscriptions/<subscription>',
  purpose,
});

/** Stands for what a diagnostic setting sends to, which only the setting tells: asked about there by the preflight. */
export const DESTINATION = '<destination>';

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
