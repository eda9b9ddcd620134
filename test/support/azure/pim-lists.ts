import type { ArmRequest } from './arm-route.ts';
import { pageOf, type Json, type Reply } from './http.ts';
import { hasBegun, isLive } from './rbac.ts';
import { related, roleDefinitionId, scopeFilter } from './role-assignments.ts';
import type { Eligibility, RoleAssignment, World } from './state.ts';

export type Kind = 'Assignment' | 'Eligibility';
export type Scheduled = RoleAssignment | Eligibility;

/** Role assignments that someone made directly are instances of assignments too, without an end. */
export function listInstances(kind: Kind, { world, call, caller, scope }: ArmRequest): Reply {
  const filter = call.query.get('$filter')?.replace('asTarget()', `assignedTo('${caller.objectId}')`) ?? null;
  const rows = [...allOf(world, kind), ...removedBefore(world, kind)]
    .filter((one) => isLive(world, one) && hasBegun(world, one) && related(world, scope, one.scope))
    .filter(scopeFilter(world, scope, filter))
    .map((one) => instanceBody(world, kind, one, filter));
  return { status: 200, body: pageOf(call, rows, world.behaviour.pageSize, 'nextLink') };
}

/** Those that begin later among them. */
export function listSchedules(kind: Kind, { world, call, scope }: ArmRequest): Reply {
  const filter = call.query.get('$filter');
  const rows = allOf(world, kind)
    .filter((one) => isLive(world, one) && related(world, scope, one.scope))
    .filter(scopeFilter(world, scope, filter))
    .map((one) => scheduleBody(world, kind, one));
  return { status: 200, body: pageOf(call, rows, world.behaviour.pageSize, 'nextLink') };
}

export function allOf(world: World, kind: Kind): readonly Scheduled[] {
  return kind === 'Assignment' ? [...world.roleAssignments.values()] : [...world.eligibilities.values()];
}

/** What the lists still show. */
function removedBefore(world: World, kind: Kind): readonly Scheduled[] {
  const fromMs = world.clock().getTime() - world.behaviour.scheduleLagMs;
  if (kind === 'Assignment') return world.deletedAssignments.filter(({ deletedMs }) => (deletedMs ?? 0) > fromMs);
  return world.removedEligibilities.flatMap(({ one, removedMs }) => (removedMs > fromMs ? [one] : []));
}

function scheduleBody(world: World, kind: Kind, one: Scheduled): Json {
  const type = `Microsoft.Authorization/Role${kind}Schedules`;
  const startDateTime = one.startDateTime ?? ('createdOn' in one ? one.createdOn : null);
  const { endDateTime, condition, conditionVersion } = one;
  return {
    properties: {
      ...subject(world, one),
      ...('assignmentType' in one ? { assignmentType: one.assignmentType } : {}),
      status: 'Provisioned',
      startDateTime,
      endDateTime,
      memberType: 'Direct',
      condition,
      conditionVersion,
    },
    name: one.name,
    id: `${one.scope === '/' ? '' : one.scope}/providers/${type}/${one.name}`,
    type,
  };
}

function instanceBody(world: World, kind: Kind, one: Scheduled, filter: string | null): Json {
  const asked = /assignedTo\('([^']+)'\)/iu.exec(filter ?? '')?.[1];
  const type = `Microsoft.Authorization/Role${kind}ScheduleInstances`;
  const above = one.scope === '/' ? '' : one.scope;
  const schedule = `${above}/providers/Microsoft.Authorization/Role${kind}Schedules/${one.name}`;
  const startDateTime = one.startDateTime ?? ('createdOn' in one ? one.createdOn : null);
  const ofAssignment =
    'assignmentType' in one
      ? {
          originRoleAssignmentId: one.id,
          linkedRoleEligibilityScheduleId: one.linkedEligibility,
          assignmentType: one.assignmentType,
          roleAssignmentScheduleId: schedule,
        }
      : { roleEligibilityScheduleId: schedule };
  return {
    properties: {
      ...ofAssignment,
      ...subject(world, one),
      status: kind === 'Assignment' ? 'Accepted' : 'Provisioned',
      startDateTime,
      endDateTime: one.endDateTime,
      memberType: asked && asked !== one.principalId ? 'Group' : 'Direct',
      createdOn: startDateTime,
      condition: one.condition,
      conditionVersion: one.conditionVersion,
    },
    name: one.name,
    id: `${above}/providers/${type}/${one.name}`,
    type,
  };
}

export function subject(
  world: World,
  one: Pick<Scheduled, 'scope' | 'principalId' | 'principalType' | 'roleName'>,
): Json {
  const { scope, principalId, principalType } = one;
  const id = roleDefinitionId(scope, one.roleName);
  const role = world.roleDefinitions.get(one.roleName);
  const user = world.users.get(principalId);
  const principal = user ?? world.groups.get(principalId) ?? world.servicePrincipals.get(principalId);
  return {
    scope,
    roleDefinitionId: id,
    principalId,
    principalType,
    expandedProperties: {
      scope: { id: scope, displayName: scope.split('/').at(-1), type: scopeType(scope) },
      roleDefinition: { id, displayName: role?.roleName, type: role?.type },
      principal: {
        id: principalId,
        displayName: principal?.displayName,
        ...(user ? { email: user.userPrincipalName } : {}),
        type: principalType,
      },
    },
  };
}

function scopeType(scope: string): string {
  if (scope.includes('/managementGroups/')) return 'managementgroup';
  return /\/resourceGroups\//iu.test(scope) ? 'resourcegroup' : 'subscription';
}
