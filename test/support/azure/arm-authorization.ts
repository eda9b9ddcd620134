import { belowScope, type ArmRequest, type ArmRoute } from './arm-route.ts';
import { ApiError, pageOf, type Json, type Reply } from './http.ts';
import { covers, permissionsAt } from './rbac.ts';
import {
  assignmentBody,
  deleteAssignment,
  getAssignment,
  listAssignments,
  putAssignment,
  roleDefinitionId,
} from './role-assignments.ts';
import type { RoleDefinition } from './state.ts';

const ASSIGNMENTS = String.raw`/providers/Microsoft\.Authorization/roleAssignments`;
const DEFINITIONS = String.raw`/providers/Microsoft\.Authorization/roleDefinitions`;
const NAME = '/(?<name>[^/]+)';

export const AUTHORIZATION_ROUTES: readonly ArmRoute[] = [
  {
    method: 'GET',
    pattern: belowScope(ASSIGNMENTS),
    action: 'Microsoft.Authorization/roleAssignments/read',
    handle: ({ world, call, scope }) => {
      const rows = listAssignments(world, scope, call.query.get('$filter')).map(assignmentBody);
      return { status: 200, body: pageOf(call, rows, world.behaviour.pageSize, 'nextLink') };
    },
  },
  {
    method: 'GET',
    pattern: belowScope(ASSIGNMENTS + NAME),
    action: 'Microsoft.Authorization/roleAssignments/read',
    handle: (request) => getAssignment(request.world, assignmentId(request)),
  },
  {
    method: 'PUT',
    pattern: belowScope(ASSIGNMENTS + NAME),
    action: 'Microsoft.Authorization/roleAssignments/write',
    handle: ({ world, call, caller, scope, groups }) =>
      putAssignment(world, scope, groups['name'] ?? '', call, caller.objectId),
  },
  {
    method: 'DELETE',
    pattern: belowScope(ASSIGNMENTS + NAME),
    action: 'Microsoft.Authorization/roleAssignments/delete',
    handle: (request) => deleteAssignment(request.world, assignmentId(request)),
  },
  {
    method: 'GET',
    pattern: belowScope(DEFINITIONS),
    // Those of built-in roles lie at the tenant's root, where everyone may read them.
    action: 'Microsoft.Authorization/roleDefinitions/read',
    open: ({ scope }) => scope === '/',
    handle: listDefinitions,
  },
  {
    method: 'GET',
    pattern: belowScope(DEFINITIONS + NAME),
    action: 'Microsoft.Authorization/roleDefinitions/read',
    open: () => true,
    handle: getDefinition,
  },
  {
    method: 'GET',
    pattern: belowScope(String.raw`/providers/Microsoft\.Authorization/permissions`),
    action: 'Microsoft.Authorization/permissions/read',
    open: () => true,
    handle: ({ world, caller, scope }) => ({
      status: 200,
      body: { value: permissionsAt(world, caller.objectId, scope) },
    }),
  },
];

function assignmentId({ scope, groups }: ArmRequest): string {
  return `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${groups['name']}`;
}

function listDefinitions({ world, call, scope }: ArmRequest): Reply {
  const filter = call.query.get('$filter');
  const [, property, value] = /^(roleName|type) eq '([^']+)'$/iu.exec(filter ?? '') ?? [];
  if (filter && !property && !/^atScope(AndBelow)?\(\)$/iu.test(filter))
    throw new ApiError(400, 'UnsupportedQuery', `The filter '${filter}' is not supported.`);
  const rows = [...world.roleDefinitions.values()]
    .filter((role) => role.assignableScopes.some((one) => covers(world, one, scope)))
    .filter((role) => !property || (property.toLowerCase() === 'type' ? role.type : role.roleName) === value);
  return {
    status: 200,
    body: pageOf(
      call,
      rows.map((role) => definitionBody(role, scope)),
      world.behaviour.pageSize,
      'nextLink',
    ),
  };
}

function getDefinition({ world, scope, groups }: ArmRequest): Reply {
  const role = world.roleDefinitions.get((groups['name'] ?? '').toLowerCase());
  if (role) return { status: 200, body: definitionBody(role, scope) };
  throw new ApiError(
    404,
    'RoleDefinitionDoesNotExist',
    `The specified role definition with ID '${groups['name']}' does not exist.`,
  );
}

function definitionBody(role: RoleDefinition, scope: string): Json {
  const { name, roleName, type, description, assignableScopes, permissions } = role;
  return {
    properties: { roleName, type, description, assignableScopes, permissions },
    id: roleDefinitionId(scope, name),
    type: 'Microsoft.Authorization/roleDefinitions',
    name,
  };
}
