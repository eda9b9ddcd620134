import { randomUUID } from 'node:crypto';

import { ApiError, recordOf, textOf, type Call, type Json, type Reply } from './http.ts';
import { covers, hasBegun, identitiesOf, isLive } from './rbac.ts';
import { principalTypeOf, type RoleAssignment, type World } from './state.ts';

export interface AssignmentRequest {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  /** GUID of the role definition. */
  readonly roleName: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly description: string | null;
  readonly endDateTime: string | null;
  readonly assignmentType: RoleAssignment['assignmentType'];
  readonly linkedEligibility: string | null;
  readonly startDateTime: string | null;
}

/** As if it had always been: it binds at once. Throws if the tenant knows no such principal. */
export function setUpAssignment(
  world: World,
  request: Pick<AssignmentRequest, 'principalId' | 'scope' | 'roleName'> & Partial<AssignmentRequest>,
): RoleAssignment {
  return addAssignment(world, request, 'setup', 0);
}

/** One that was just made by `createdBy`: it binds after the propagation time. */
export function addAssignment(
  world: World,
  request: Pick<AssignmentRequest, 'principalId' | 'scope' | 'roleName'> & Partial<AssignmentRequest>,
  createdBy: string,
  bindsFromMs = world.clock().getTime() + world.behaviour.propagationMs,
): RoleAssignment {
  const principalType = principalTypeOf(world, request.principalId);
  if (!principalType) throw principalNotFound(world, request.principalId);
  const name = request.name ?? randomUUID();
  const scope = request.scope;
  const assignment: RoleAssignment = {
    id: `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    name,
    scope,
    principalId: request.principalId,
    principalType,
    roleName: request.roleName,
    condition: request.condition ?? null,
    conditionVersion: request.conditionVersion ?? (request.condition ? '2.0' : null),
    description: request.description ?? null,
    createdBy,
    createdOn: world.clock().toISOString(),
    bindsFromMs,
    deletedMs: null,
    endDateTime: request.endDateTime ?? null,
    assignmentType: request.assignmentType ?? 'Assigned',
    linkedEligibility: request.linkedEligibility ?? null,
    startDateTime: request.startDateTime ?? null,
  };
  world.roleAssignments.set(assignment.id.toLowerCase(), assignment);
  return assignment;
}

export function removeAssignment(world: World, assignment: RoleAssignment): void {
  assignment.deletedMs = world.clock().getTime();
  world.roleAssignments.delete(assignment.id.toLowerCase());
  world.deletedAssignments.push(assignment);
}

/** All that live at this scope, above and below, narrowed by `$filter`. */
export function listAssignments(world: World, scope: string, filter: string | null): RoleAssignment[] {
  return [...world.roleAssignments.values()]
    .filter((assignment) => isLive(world, assignment) && hasBegun(world, assignment))
    .filter((assignment) => related(world, scope, assignment.scope))
    .filter(scopeFilter(world, scope, filter));
}

/** At, above or below. */
export function related(world: World, scope: string, other: string): boolean {
  return covers(world, other, scope) || covers(world, scope, other);
}

/** `atScope()` means at or above; `assignedTo()` follows groups, `principalId eq` does not. */
export function scopeFilter(
  world: World,
  scope: string,
  filter: string | null,
): (row: { readonly scope: string; readonly principalId: string }) => boolean {
  const terms = (filter ?? '').split(/\s+and\s+/iu).filter(Boolean);
  const tests = terms.map((term) => {
    if (/^atScope\(\)$/iu.test(term)) return (row: { scope: string }) => covers(world, row.scope, scope);
    const principal = /^principalId eq '?([^']+?)'?$/iu.exec(term)?.[1];
    if (principal) return (row: { principalId: string }) => row.principalId === principal;
    const assignee = /^assignedTo\('([^']+)'\)$/iu.exec(term)?.[1];
    if (!assignee) throw new ApiError(400, 'UnsupportedQuery', `The filter '${term}' is not supported.`);
    const identities = identitiesOf(world, assignee);
    return (row: { principalId: string }) => identities.has(row.principalId);
  });
  return (row) => tests.every((test) => test(row));
}

/**
 * The same id with the same body answers as the first time; only condition and description may change under it. Another id
 * for the same principal, role and scope is refused.
 */
export function putAssignment(world: World, scope: string, name: string, call: Call, callerId: string): Reply {
  const properties = recordOf(call.body['properties']);
  const principalId = textOf(properties['principalId']);
  const roleName = textOf(properties['roleDefinitionId'])?.split('/').at(-1)?.toLowerCase();
  if (!principalId || !roleName)
    throw new ApiError(
      400,
      'InvalidCreateRoleAssignmentRequest',
      'The request to create the role assignment is not valid.',
    );
  if (!isGuid(name))
    throw new ApiError(
      400,
      'InvalidRoleAssignmentId',
      `The role assignment ID '${name}' is not valid. It must be a GUID.`,
    );
  if (!world.roleDefinitions.has(roleName))
    throw new ApiError(
      400,
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${roleName}' does not exist.`,
    );
  const wanted = {
    name,
    scope,
    principalId,
    roleName,
    condition: textOf(properties['condition']) ?? null,
    conditionVersion: textOf(properties['conditionVersion']) ?? null,
    description: textOf(properties['description']) ?? null,
  };
  const same = existing(world, wanted);
  if (same) {
    const { condition, conditionVersion, description } = wanted;
    const updated = { ...same, condition, conditionVersion, description };
    world.roleAssignments.set(same.id.toLowerCase(), updated);
    return { status: 200, body: assignmentBody(updated) };
  }
  return { status: 201, body: assignmentBody(addAssignment(world, wanted, callerId)) };
}

function existing(
  world: World,
  wanted: Pick<RoleAssignment, 'name' | 'scope' | 'principalId' | 'roleName'>,
): RoleAssignment | undefined {
  const all = [...world.roleAssignments.values()];
  const twin = (one: RoleAssignment) =>
    one.principalId === wanted.principalId &&
    one.roleName === wanted.roleName &&
    one.scope.toLowerCase() === wanted.scope.toLowerCase();
  const named = all.find((one) => one.name.toLowerCase() === wanted.name.toLowerCase());
  if (named && twin(named)) return named;
  if (named)
    throw new ApiError(
      409,
      'RoleAssignmentUpdateNotPermitted',
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    );
  const other = all.find(twin);
  if (other)
    throw new ApiError(
      409,
      'RoleAssignmentExists',
      `The role assignment already exists. The ID of the existing role assignment is ${other.name.replaceAll('-', '')}.`,
    );
  return undefined;
}

export function deleteAssignment(world: World, id: string): Reply {
  const assignment = world.roleAssignments.get(id.toLowerCase());
  if (!assignment) return { status: 204 };
  removeAssignment(world, assignment);
  return { status: 200, body: assignmentBody(assignment) };
}

export function getAssignment(world: World, id: string): Reply {
  const assignment = world.roleAssignments.get(id.toLowerCase());
  if (assignment) return { status: 200, body: assignmentBody(assignment) };
  const name = id.split('/').at(-1) ?? '';
  throw new ApiError(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`);
}

/** https://learn.microsoft.com/rest/api/authorization/role-assignments */
export function assignmentBody(assignment: RoleAssignment): Json {
  const { id, name, scope, principalId, principalType, condition, conditionVersion, description } = assignment;
  return {
    properties: {
      roleDefinitionId: roleDefinitionId(scope, assignment.roleName),
      principalId,
      principalType,
      scope,
      condition,
      conditionVersion,
      createdOn: assignment.createdOn,
      updatedOn: assignment.createdOn,
      createdBy: assignment.createdBy,
      updatedBy: assignment.createdBy,
      delegatedManagedIdentityResourceId: null,
      description,
    },
    id,
    type: 'Microsoft.Authorization/roleAssignments',
    name,
  };
}

/** Within a subscription its id stands before; above, the id has no scope. */
export function roleDefinitionId(scope: string, roleName: string): string {
  const subscription = /^\/subscriptions\/[^/]+/iu.exec(scope)?.[0] ?? '';
  return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleName}`;
}

function isGuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/iu.test(text);
}

export function principalNotFound(world: World, principalId: string): ApiError {
  return new ApiError(
    400,
    'PrincipalNotFound',
    `Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${world.tenantId}. Check that you have the correct principal ID.`,
  );
}
