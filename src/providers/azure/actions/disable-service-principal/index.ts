import { confirmServicePrincipal } from '../../directory.ts';
import { switchOff } from '../../sign-in.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { example, EXAMPLE_SERVICE_PRINCIPAL, graphPermission } from '../definition.ts';

const facts: ActionFacts = {
  id: 'disable-service-principal',
  cloud: 'azure',
  title: 'Disable the service principal',
  description:
    'Sets accountEnabled of the service principal to false: Entra issues it no token any more, whichever of its secrets, ' +
    'certificates or federations is used, and Graph refuses the tokens it already has. Azure Resource Manager and other resources ' +
    'without continuous access evaluation accept those until they expire, about an hour: the actions on role assignments take ' +
    'their effect away. A managed identity can not be disabled so, and is refused.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The service principal, read again, is disabled.',
  survives:
    'Tokens that are out: about an hour in Azure Resource Manager and wherever continuous access evaluation is ' +
    'not enforced, unless its roles are taken away. Graph refuses them at once.',
  permissions: [
    graphPermission('Application.Read.All', 'prior state, verification'),
    graphPermission('Application.ReadWrite.All', 'the change and its rollback'),
  ],
  example: example('disable-service-principal', EXAMPLE_SERVICE_PRINCIPAL),
};

export const disableServicePrincipal: AzureActionDefinition = {
  facts,
  create: (clients, { tenantId }) =>
    switchOff(clients, {
      facts,
      collection: 'servicePrincipals',
      permission: 'Application.ReadWrite.All',
      confirm: (request) => confirmServicePrincipal(clients, request, tenantId),
      consequences: async ({ principal }) => ({
        mayBreak: [`Everything that signs in as service principal ${principal.name} stops, in every subscription.`],
      }),
    }),
};
