import { z } from 'zod';

import { CASE_ID } from '../../names.ts';
import { replaceAssignments } from '../../replace-assignments.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { armPermission, example, EXAMPLE_SERVICE_PRINCIPAL, graphPermission, read } from '../definition.ts';

const parametersSchema = z.strictObject({
  caseId: z.string().regex(CASE_ID),
  tightenTo: z.record(z.string().min(1), z.string().min(1)),
});

const facts: ActionFacts = {
  id: 'tighten-role-assignments',
  cloud: 'azure',
  title: 'Replace broad roles by narrow ones, and remove the rest',
  description:
    'For every role that the principal holds directly at or below the subscriptions: where the configuration names a narrower one ' +
    '(Owner to Reader), that one is assigned at the same scope first, then the broad one is deleted; every other role is deleted; ' +
    'the narrow ones themselves stay. Azure Resource Manager looks roles up at each call, so tokens that are out lose them too, ' +
    'within about ten minutes. Roles held through groups, given above the subscriptions, or given for a time are left, and said. ' +
    'A rollback assigns the same roles under the same ids, unless someone changed them since.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'Azure lists no other role of its own than the narrow ones at or below the subscriptions.',
  survives:
    'The narrow roles. Roles through groups, from above the subscriptions, or given for a time: left, and said in ' +
    'the plan. The removed ones for about ten minutes, until Azure has propagated the change.',
  permissions: [
    armPermission('Microsoft.Authorization/roleAssignments/read', 'prior state, verification'),
    armPermission('Microsoft.Authorization/roleDefinitions/read', 'names of roles'),
    armPermission('Microsoft.Authorization/roleAssignmentScheduleInstances/read', 'which roles end by themselves'),
    armPermission('Microsoft.Authorization/roleEligibilityScheduleInstances/read', 'which roles can be activated'),
    armPermission('Microsoft.Authorization/roleAssignments/write', 'the narrower role, and the rollback'),
    armPermission('Microsoft.Authorization/roleAssignments/delete', 'the broad role'),
    graphPermission('User.Read.All', 'is it still the user of the plan'),
    graphPermission('Application.Read.All', 'is it still the service principal of the plan'),
  ],
  example: example('tighten-role-assignments', EXAMPLE_SERVICE_PRINCIPAL, {
    caseId: 'ca_0123456789abcdef',
    tightenTo: { Owner: 'Reader', Contributor: 'Reader' },
  }),
};

export const tightenRoleAssignments: AzureActionDefinition = {
  facts,
  create: (clients, settings) =>
    replaceAssignments(facts, clients, settings, ({ parameters }) =>
      read(parametersSchema, parameters, `The parameters of ${facts.id}`),
    ),
};
