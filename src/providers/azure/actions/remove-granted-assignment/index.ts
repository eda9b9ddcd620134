import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight } from '../../../port.ts';
import type { Assignment } from '../../assignments.ts';
import {
  assignmentSchema,
  deleteAssignment,
  deleteCall,
  findAssignment,
  putAssignment,
  putCall,
  sameAssignment,
} from '../../assignments.ts';
import type { AzureClients } from '../../clients.ts';
import { confirmPrincipal, findMembers } from '../../directory.ts';
import { ROLE_ASSIGNMENT } from '../../names.ts';
import type { AzureSettings } from '../../settings.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { armPermission, example, EXAMPLE_SERVICE_PRINCIPAL, graphPermission, read } from '../definition.ts';

const parametersSchema = z.strictObject({});
const priorSchema = z.object({ assignment: assignmentSchema.nullable() });
const appliedSchema = z.object({ removed: assignmentSchema.nullable() });

const facts: ActionFacts = {
  id: 'remove-granted-assignment',
  cloud: 'azure',
  title: 'Remove a role that the principal gave to another',
  description:
    'Deletes one role assignment that the activity log shows the principal writing for somebody else, if Azure says that the ' +
    'principal created it. One that someone else made under that id is left, and said. A rollback assigns the same role under the ' +
    'same id.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'Azure does not know an assignment of that id that the principal created.',
  survives:
    'The role for about ten minutes, until Azure has propagated the change. What was done with it meanwhile, and the other roles ' +
    'of whoever held it.',
  permissions: [
    armPermission('Microsoft.Authorization/roleAssignments/read', 'prior state, verification'),
    armPermission('Microsoft.Authorization/roleDefinitions/read', 'names of roles'),
    armPermission('Microsoft.Authorization/roleAssignments/delete', 'the change'),
    armPermission('Microsoft.Authorization/roleAssignments/write', 'the rollback'),
    graphPermission('User.Read.All', 'is it still the user of the plan'),
    graphPermission('Application.Read.All', 'is it still the service principal of the plan'),
    graphPermission('Directory.Read.All', 'who loses a role that was given to a group'),
  ],
  example: {
    ...example('remove-granted-assignment', EXAMPLE_SERVICE_PRINCIPAL),
    target:
      '/subscriptions/99999999-2222-4333-8444-555555555555/providers/Microsoft.Authorization/roleAssignments/' +
      'cccccccc-0000-4000-8000-000000000001',
  },
};

export const removeGrantedAssignment: AzureActionDefinition = {
  facts,
  create: (clients, settings): Action => ({
    ...facts,
    async preflight(request) {
      const found = await find(clients, settings, request);
      const { present, granted } = found;
      const affected = present && granted ? await losersOf(clients, settings, present) : [];
      return { ...preflightOf(request, found), affected };
    },
    async apply(request, prior) {
      const { assignment } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      const { present, granted } = await find(clients, settings, request);
      // Made anew for somebody else since it was read, nobody has asked whether that one is protected: the read back says it stands.
      if (present && granted && assignment && sameAssignment(present, assignment))
        await deleteAssignment(clients, present);
      return { result: { removed: assignment } };
    },
    async verify(request, applied) {
      const { removed } = read(appliedSchema, applied, `The result of ${facts.id}`);
      const { present, granted } = await find(clients, settings, request);
      const again = present && (granted || (removed && sameAssignment(present, removed)));
      return again
        ? { status: 'drifted', detail: `${described(present)} is held again, or still, by ${present.principalId}.` }
        : { status: 'holds', detail: `The role that ${request.principal.name} gave is gone.` };
    },
    async revert(request, prior) {
      const { assignment } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      const { present } = await find(clients, settings, request);
      if (assignment === null || (present && sameAssignment(present, assignment))) return;
      if (present)
        throw new CordonFailure(
          'Conflict',
          `${request.target} was made anew by someone else since; it is left as it is.`,
        );
      await putAssignment(clients, assignment);
    },
    previewRevert(request, prior) {
      targetOf(settings, request);
      const { assignment } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      return assignment === null ? [] : [putCall(assignment)];
    },
  }),
};

interface Found {
  /** What stands under the id. */
  readonly present: Assignment | null;
  /** The principal of the case made it, for somebody else. */
  readonly granted: boolean;
  readonly createdBy: string;
}

async function find(clients: AzureClients, settings: AzureSettings, request: ActionRequest): Promise<Found> {
  const id = targetOf(settings, request);
  const { principal } = request;
  if (principal.cloud !== 'azure') throw new CordonFailure('TargetRefused', `${facts.id} is for principals of Azure.`);
  const { uniqueId } = await confirmPrincipal(clients, example(request.action, principal), settings.tenantId);
  const { assignment, createdBy } = await findAssignment(clients, id);
  const granted = createdBy === uniqueId && assignment?.principalId.toLowerCase() !== uniqueId;
  return { present: assignment, granted, createdBy };
}

/** By resource name. Of a group it is the members; where those can't all be told, the group, which is no identity to be cleared. */
async function losersOf(
  clients: AzureClients,
  { tenantId }: AzureSettings,
  { principalId, principalType }: Assignment,
): Promise<readonly string[]> {
  const name = (collection: string) => `/tenants/${tenantId}/${collection}/${principalId.toLowerCase()}`;
  if (principalType === 'User') return [name('users')];
  if (principalType === 'ServicePrincipal') return [name('servicePrincipals')];
  const { members, whole } = await findMembers(clients, principalId, tenantId);
  if (principalType === 'Group') return whole ? members : [...members, name('groups')];
  // Only an id is known: it is asked about as whatever it may be.
  return [name('users'), name('servicePrincipals'), ...members, ...(whole ? [] : [name('groups')])];
}

function preflightOf({ target, principal }: ActionRequest, { present, granted, createdBy }: Found): Preflight {
  const foreign = present && !granted && present.principalId.toLowerCase() !== principal.uniqueId;
  return {
    prior: { assignment: present && { ...present } },
    alreadySo: !granted,
    calls: present && granted ? [deleteCall(present)] : [],
    mayBreak: present && granted ? [`${present.principalId} loses ${described(present)}.`] : [],
    obstacles: [],
    caveats: foreign
      ? [`The log says that the principal wrote ${target}, but Azure says that ${createdBy} made it: look at it.`]
      : [],
  };
}

function targetOf({ subscriptions }: AzureSettings, request: ActionRequest): string {
  read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
  const subscription = ROLE_ASSIGNMENT.exec(request.target)?.[1]?.toLowerCase() ?? '';
  if (!subscriptions.includes(subscription) || request.target.includes('..'))
    throw new CordonFailure('TargetRefused', 'The target is not one role assignment in one of our subscriptions.');
  return request.target;
}

const described = ({ roleName, scope }: Assignment) => `${roleName} at ${scope}`;
