import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AzureClients } from '../../clients.ts';
import { confirmPrincipal, orNull } from '../../directory.ts';
import { CASE_ID, guidOf } from '../../names.ts';
import type { Role, Schedule, ScheduleRequest } from '../../schedules.ts';
import { keyOf, listLaterSchedules, listSchedules, putRequest, requestCall } from '../../schedules.ts';
import type { AzureSettings } from '../../settings.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { armPermission, changeUnlocked, example, EXAMPLE_USER, graphPermission, read } from '../definition.ts';

const parametersSchema = z.strictObject({ caseId: z.string().regex(CASE_ID) });
const nullable = z.string().nullable();
const role = z.object({
  of: z.enum(['eligible', 'active']),
  scope: z.string(),
  roleDefinitionId: z.string(),
  roleName: z.string(),
  principalId: z.string(),
  endDateTime: nullable,
  condition: nullable,
  conditionVersion: nullable,
});
const priorSchema = z.object({ roles: z.array(role), round: z.guid() });

const facts: ActionFacts = {
  id: 'remove-eligible-roles',
  cloud: 'azure',
  title: 'Remove roles that can be activated or were given for a time',
  description:
    'Removes from Privileged Identity Management what the principal is eligible for, and roles that it activated or was given for ' +
    'a time, at or below the subscriptions: otherwise it activates again what was taken away. What it holds through groups or ' +
    'from above is left, and said; so are schedules that begin later. A rollback assigns the same roles with the same end as an ' +
    'administrator, but for those that have ended: the schedules are new ones, and a role that was activated counts as assigned ' +
    'from then on.',
  effect: 'declarative',
  reversibility: 'partial',
  proof: 'Azure lists nothing that the principal itself can activate, has activated or was given for a time.',
  survives:
    'What it can activate through groups or from above the subscriptions, and schedules that begin later: left, ' +
    'and said in the plan.',
  chosenInPrior: ['round'],
  permissions: [
    armPermission('Microsoft.Authorization/roleEligibilityScheduleInstances/read', 'prior state, verification'),
    armPermission('Microsoft.Authorization/roleAssignmentScheduleInstances/read', 'prior state, verification'),
    armPermission('Microsoft.Authorization/roleEligibilitySchedules/read', 'what begins later'),
    armPermission('Microsoft.Authorization/roleAssignmentSchedules/read', 'what begins later'),
    armPermission('Microsoft.Authorization/roleEligibilityScheduleRequests/read', 'what became of a try before'),
    armPermission('Microsoft.Authorization/roleAssignmentScheduleRequests/read', 'what became of a try before'),
    armPermission('Microsoft.Authorization/roleEligibilityScheduleRequests/write', 'the change and its rollback'),
    armPermission('Microsoft.Authorization/roleAssignmentScheduleRequests/write', 'the change and its rollback'),
    armPermission('Microsoft.Authorization/roleAssignments/write', 'what Azure asks of who administers schedules'),
    graphPermission('User.Read.All', 'is it still the user of the plan'),
    graphPermission('Application.Read.All', 'is it still the service principal of the plan'),
  ],
  example: example('remove-eligible-roles', EXAMPLE_USER, { caseId: 'ca_0123456789abcdef' }),
};

export const removeEligibleRoles: AzureActionDefinition = {
  facts,
  create: (clients, settings): Action => ({
    ...facts,
    async preflight(request) {
      const { uniqueId, direct, elsewhere } = await find(clients, settings, request);
      const later = await listLaterSchedules(clients, settings.subscriptions, uniqueId, timeOf(settings));
      const { name } = request.principal;
      return {
        // `round` names the requests of a rollback: Azure takes each name once, and a case may be contained and rolled back twice.
        prior: { roles: direct.map(withoutIds), round: randomUUID() },
        alreadySo: direct.length === 0,
        calls: direct.map((one) => requestCall(removal(request, one))),
        mayBreak: direct.map((one) => `${name} can't use or activate ${described(one)} any more.`),
        obstacles: [],
        caveats: [
          ...elsewhere.map(
            (one) => `${name} also has ${described(one)}, through a group or from above, which Cordon does not change.`,
          ),
          ...later.map(
            (one) => `${name} gets ${described(one)} from ${one.startDateTime} on: remove that schedule by hand.`,
          ),
        ],
      };
    },
    async apply(request, prior) {
      const { roles } = priorOf(prior);
      const { direct } = await find(clients, settings, request);
      // One that is gone in the meantime, by its own end or by somebody, is no failure: the read back tells.
      await changeUnlocked(direct, 'changes were made', (one) => orNull(putRequest(clients, removal(request, one))));
      return { result: { removed: roles.map(keyOf) } };
    },
    async verify(request) {
      const { direct } = await find(clients, settings, request);
      if (direct.length === 0) return { status: 'holds', detail: `${request.principal.name} has nothing to activate.` };
      return { status: 'drifted', detail: `There again, or still: ${direct.map(described).join(', ')}.` };
    },
    async revert(request, prior) {
      const { direct } = await find(clients, settings, request);
      const before = priorOf(prior);
      const wanted = new Set(before.roles.map(keyOf));
      const foreign = direct.filter((one) => !wanted.has(keyOf(one)));
      if (foreign.length > 0) {
        const what = foreign.map(described).join(', ');
        throw new CordonFailure('Conflict', `Someone else made schedules since (${what}); they are left as they are.`);
      }
      const present = new Set(direct.map(keyOf));
      for (const one of assignments(request, before, timeOf(settings)))
        if (!present.has(keyOf(one.schedule))) await putRequest(clients, one);
    },
    previewRevert: (request, prior) => assignments(request, priorOf(prior), timeOf(settings)).map(requestCall),
    restores(prior) {
      const { roles, round } = priorOf(prior);
      const ended = new Set(roles.filter((one) => hasEnded(one, timeOf(settings))));
      return {
        prior: { roles: roles.filter((one) => !ended.has(one)), round },
        left: [...ended].map((one) => `${described(one)} has ended since: a rollback does not give it again.`),
      };
    },
  }),
};

async function find(clients: AzureClients, { tenantId, subscriptions }: AzureSettings, request: ActionRequest) {
  read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
  const { uniqueId } = await confirmPrincipal(clients, request, tenantId);
  return { uniqueId, ...(await listSchedules(clients, subscriptions, uniqueId)) };
}

const timeOf = ({ now = () => new Date() }: AzureSettings) => now();

/** An activated role lasts for hours, and a rollback may come days later: Azure takes no end that has passed. */
const hasEnded = ({ endDateTime }: Role, now: Date) => endDateTime !== null && Date.parse(endDateTime) <= now.getTime();

const priorOf = (prior: JsonObject) => read(priorSchema, prior, `The prior state of ${facts.id}`);

function removal(request: ActionRequest, schedule: Schedule): ScheduleRequest {
  const { caseId } = read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
  return {
    type: 'AdminRemove',
    schedule,
    name: guidOf(caseId, 'AdminRemove', schedule.id),
    justification: `Cordon ${caseId}: containment`,
  };
}

function assignments(
  request: ActionRequest,
  { roles, round }: z.output<typeof priorSchema>,
  now: Date,
): readonly ScheduleRequest[] {
  const { caseId } = read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
  const lasting = roles.filter((one) => !hasEnded(one, now));
  return lasting.map((schedule) => ({
    type: 'AdminAssign',
    schedule,
    name: guidOf(round, keyOf(schedule)),
    justification: `Cordon ${caseId}: rollback`,
  }));
}

function withoutIds(schedule: Schedule): Role {
  const { of, scope, roleDefinitionId, roleName, principalId, endDateTime, condition, conditionVersion } = schedule;
  return { of, scope, roleDefinitionId, roleName, principalId, endDateTime, condition, conditionVersion };
}

function described({ of, roleName, scope, endDateTime }: Role): string {
  const end = endDateTime === null ? '' : ` until ${endDateTime}`;
  return `${of === 'eligible' ? 'the eligible role' : 'the active role'} ${roleName} at ${scope}${end}`;
}
