import { randomUUID } from 'node:crypto';

import { belowScope, type ArmRequest, type ArmRoute } from './arm-route.ts';
import { ApiError, recordOf, textOf, type Json, type Reply } from './http.ts';
import { lockOn } from './locks.ts';
import { allOf, listInstances, listSchedules, subject, type Kind, type Scheduled } from './pim-lists.ts';
import { identitiesOf, isLive } from './rbac.ts';
import { addAssignment, principalNotFound, removeAssignment } from './role-assignments.ts';
import { principalTypeOf, type Eligibility, type World } from './state.ts';

/** Privileged Identity Management for Azure resources. https://learn.microsoft.com/rest/api/authorization/privileged-role-assignment-rest-sample */
export const PIM_ROUTES: readonly ArmRoute[] = [...routesOf('Assignment'), ...routesOf('Eligibility')];

function routesOf(kind: Kind): ArmRoute[] {
  const type = (what: string) => String.raw`/providers/Microsoft\.Authorization/role${kind}${what}`;
  return [
    {
      method: 'GET',
      pattern: belowScope(type('ScheduleInstances')),
      // Everyone may ask for what is assigned to themselves.
      action: `Microsoft.Authorization/role${kind}ScheduleInstances/read`,
      open: ({ call }) => call.query.get('$filter') === 'asTarget()',
      handle: (request) => listInstances(kind, request),
    },
    {
      method: 'GET',
      pattern: belowScope(type('Schedules')),
      action: `Microsoft.Authorization/role${kind}Schedules/read`,
      handle: (request) => listSchedules(kind, request),
    },
    {
      method: 'GET',
      pattern: belowScope(`${type('ScheduleRequests')}/(?<name>[^/]+)`),
      action: `Microsoft.Authorization/role${kind}ScheduleRequests/read`,
      handle: (request) => getRequest(kind, request),
    },
    {
      method: 'PUT',
      pattern: belowScope(`${type('ScheduleRequests')}/(?<name>[^/]+)`),
      // Anyone may ask to activate what is eligible for them; administering needs the right to write.
      action: `Microsoft.Authorization/role${kind}ScheduleRequests/write`,
      open: ({ call }) => isOwnRequest(call.body),
      handle: (request) => putRequest(kind, request),
    },
  ];
}

function isOwnRequest(body: Json): boolean {
  return String(recordOf(body['properties'])['requestType']).startsWith('Self');
}

function getRequest(kind: Kind, { world, groups }: ArmRequest): Reply {
  const body = world.scheduleRequests.get(`${kind} ${groups['name']?.toLowerCase()}`);
  if (body) return { status: 200, body };
  throw new ApiError(404, 'RoleAssignmentScheduleRequestNotFound', `The request '${groups['name']}' is not found.`);
}

interface Wanted {
  readonly scope: string;
  readonly principalId: string;
  readonly roleName: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string | null;
}

/** One name is one request: asking again under the same name is refused, so a caller that lost the answer reads it. */
function putRequest(kind: Kind, request: ArmRequest): Reply {
  const { world, call, caller, scope, groups } = request;
  const name = groups['name'] ?? '';
  const key = `${kind} ${name.toLowerCase()}`;
  if (world.scheduleRequests.has(key))
    throw new ApiError(400, 'RoleAssignmentRequestAlreadyExists', `A request with the ID '${name}' already exists.`);
  const properties = recordOf(call.body['properties']);
  const requestType = textOf(properties['requestType']) ?? '';
  const wanted = wantedOf(world, scope, properties);
  const principalType = principalTypeOf(world, wanted.principalId);
  if (!principalType) throw principalNotFound(world, wanted.principalId);
  const removes = requestType.endsWith('Remove') || requestType.endsWith('Deactivate');
  // Taking an active role away deletes a role assignment, which a lock forbids: the request is made all the same, and fails.
  const locked = kind === 'Assignment' && removes && lockOn(world, scope, 'DELETE') !== undefined;
  const target = locked ? null : act(kind, requestType, request, wanted);
  const type = `Microsoft.Authorization/Role${kind}ScheduleRequests`;
  const body = {
    properties: {
      [`targetRole${kind}ScheduleId`]: target,
      [`targetRole${kind}ScheduleInstanceId`]: null,
      ...subject(world, { ...wanted, principalType }),
      requestType,
      status: locked ? 'FailedAsResourceIsLocked' : removes ? 'Revoked' : 'Provisioned',
      approvalId: null,
      scheduleInfo: properties['scheduleInfo'] ?? null,
      ticketInfo: properties['ticketInfo'] ?? { ticketNumber: null, ticketSystem: null },
      justification: properties['justification'] ?? null,
      requestorId: caller.objectId,
      createdOn: world.clock().toISOString(),
      condition: wanted.condition,
      conditionVersion: wanted.conditionVersion,
    },
    name,
    id: `${scope === '/' ? '' : scope}/providers/${type}/${name}`,
    type,
  };
  world.scheduleRequests.set(key, body);
  return { status: 201, body };
}

/** Carries the request out and answers the name of the schedule that it was about. */
function act(kind: Kind, requestType: string, { world, caller }: ArmRequest, wanted: Wanted): string {
  const found = find(world, kind, wanted);
  if (kind === 'Assignment' && requestType === 'SelfActivate') return activate(world, caller.objectId, wanted);
  if (requestType === 'AdminAssign') {
    if (found) throw new ApiError(409, 'RoleAssignmentExists', 'The Role assignment already exists.');
    if (kind === 'Assignment') return addAssignment(world, wanted, caller.objectId).name;
    return addEligibility(world, wanted);
  }
  if (requestType !== 'AdminRemove' && requestType !== 'SelfDeactivate')
    throw new ApiError(
      400,
      'UnsupportedRequestType',
      `The double of Azure does not model the request type '${requestType}'.`,
    );
  if (!found) throw new ApiError(404, 'RoleAssignmentDoesNotExist', 'The Role assignment does not exist.');
  if ('assignmentType' in found) removeAssignment(world, found);
  else {
    world.eligibilities.delete(found.name);
    world.removedEligibilities.push({ one: found, removedMs: world.clock().getTime() });
  }
  return found.name;
}

function find(world: World, kind: Kind, wanted: Wanted): Scheduled | undefined {
  return allOf(world, kind).find(
    (one) =>
      isLive(world, one) &&
      one.principalId === wanted.principalId &&
      one.roleName === wanted.roleName &&
      one.scope.toLowerCase() === wanted.scope.toLowerCase(),
  );
}

function activate(world: World, callerId: string, wanted: Wanted): string {
  const identities = identitiesOf(world, callerId);
  const eligibility = [...world.eligibilities.values()].find(
    (one) =>
      isLive(world, one) &&
      identities.has(one.principalId) &&
      one.roleName === wanted.roleName &&
      one.scope.toLowerCase() === wanted.scope.toLowerCase(),
  );
  if (!eligibility || wanted.principalId !== callerId)
    throw new ApiError(404, 'RoleAssignmentDoesNotExist', 'The Role assignment does not exist.');
  const { name: linkedEligibility, condition, conditionVersion } = eligibility;
  const given = { ...wanted, condition, conditionVersion, linkedEligibility, assignmentType: 'Activated' } as const;
  return addAssignment(world, given, callerId).name;
}

function addEligibility(world: World, wanted: Wanted): string {
  const principalType = principalTypeOf(world, wanted.principalId);
  if (!principalType) throw principalNotFound(world, wanted.principalId);
  const eligibility: Eligibility = { ...wanted, name: randomUUID(), principalType };
  world.eligibilities.set(eligibility.name, eligibility);
  return eligibility.name;
}

function wantedOf(world: World, scope: string, properties: Json): Wanted {
  const principalId = textOf(properties['principalId']);
  const roleName = textOf(properties['roleDefinitionId'])?.split('/').at(-1)?.toLowerCase();
  if (!principalId || !roleName || !world.roleDefinitions.has(roleName))
    throw new ApiError(
      400,
      'InvalidRoleAssignmentRequest',
      'The principal or the role definition is missing or unknown.',
    );
  const schedule = recordOf(properties['scheduleInfo']);
  const startDateTime = textOf(schedule['startDateTime']) ?? world.clock().toISOString();
  const endDateTime = endOf(startDateTime, recordOf(schedule['expiration']));
  // What Azure answers to an end that has passed is not documented; that nothing ends before it begins is.
  if (endDateTime !== null && Date.parse(endDateTime) <= world.clock().getTime())
    throw new ApiError(
      400,
      'RoleAssignmentRequestPolicyValidationFailed',
      'The following policy rules failed: ["ExpirationRule"]',
    );
  return {
    scope,
    principalId,
    roleName,
    condition: textOf(properties['condition']) ?? null,
    conditionVersion: textOf(properties['conditionVersion']) ?? null,
    startDateTime,
    endDateTime,
  };
}

/** Of `NoExpiration`, `AfterDateTime` and `AfterDuration`, with durations in days, hours and minutes: `P365D`, `PT8H`. */
function endOf(startDateTime: string, expiration: Json): string | null {
  if (expiration['type'] === 'AfterDateTime') return textOf(expiration['endDateTime']) ?? null;
  if (expiration['type'] !== 'AfterDuration') return null;
  const duration = textOf(expiration['duration']) ?? '';
  const [, days = 0, hours = 0, minutes = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/u.exec(duration) ?? [];
  const lengthMs = (Number(days) * 24 * 60 + Number(hours) * 60 + Number(minutes)) * 60_000;
  if (lengthMs === 0) throw new ApiError(400, 'InvalidDuration', `The duration '${duration}' is not valid.`);
  return new Date(Date.parse(startDateTime) + lengthMs).toISOString();
}
