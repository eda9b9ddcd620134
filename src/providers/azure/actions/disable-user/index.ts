import { confirmUser } from '../../directory.ts';
import { switchOff } from '../../sign-in.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, graphPermission } from '../definition.ts';

const facts: ActionFacts = {
  id: 'disable-user',
  cloud: 'azure',
  title: 'Disable the user',
  description:
    'Sets accountEnabled of the user to false: no sign-in and no new token, and Graph refuses the tokens that are out. Azure ' +
    'Resource Manager and other resources without continuous access evaluation accept those until they expire, about an hour: ' +
    'the actions on role assignments take their effect away. Where the user is synchronised from an on-premises directory, the ' +
    'next synchronisation may enable it again.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The user, read again, is disabled.',
  survives:
    'Access tokens that are out: about an hour in Azure Resource Manager and wherever continuous access ' +
    'evaluation is not enforced, unless its roles are taken away. A synchronised user may be enabled again by the ' +
    'next synchronisation.',
  permissions: [
    graphPermission('User.Read.All', 'prior state, verification'),
    graphPermission('User.EnableDisableAccount.All', 'the change and its rollback'),
  ],
  example: example('disable-user', EXAMPLE_USER),
};

export const disableUser: AzureActionDefinition = {
  facts,
  create: (clients, { tenantId }) =>
    switchOff(clients, {
      facts,
      collection: 'users',
      permission: 'User.EnableDisableAccount.All',
      confirm: (request) => confirmUser(clients, request, tenantId),
      async consequences(request) {
        const { userPrincipalName, onPremisesSyncEnabled } = await confirmUser(clients, request, tenantId);
        return {
          mayBreak: [
            `${userPrincipalName} can't sign in to anything of this directory: mail, Teams, Azure.`,
            'What the suspect may have left in the account stays: before it is enabled again, by a rollback too, review its ' +
              'authentication methods, what it consented to (OAuth grants) and its inbox rules.',
          ],
          caveats: onPremisesSyncEnabled
            ? [
                `${userPrincipalName} is synchronised from an on-premises directory, which may enable it again: disable it there too.`,
              ]
            : [],
        };
      },
    }),
};
