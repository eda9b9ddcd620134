import { randomUUID } from 'node:crypto';

import { visible } from './activity-log.ts';
import { stableGuid } from './builder.ts';
import { APPLICATION_ROUTES, holderOf } from './graph-applications.ts';
import { LIFECYCLE_ROUTES } from './graph-lifecycle.ts';
import {
  denied,
  filtered,
  listReply,
  notFound,
  recordAudit,
  type GraphRequest,
  type GraphRoute,
} from './graph-route.ts';
import { USER_ROUTES } from './graph-users.ts';
import { ApiError, textOf, type Call, type Json, type Reply } from './http.ts';
import type { AppRoleAssignment, LogEntry, World } from './state.ts';
import type { Caller } from './tokens.ts';

/** Both are asked of an application. https://learn.microsoft.com/graph/api/signin-list, https://learn.microsoft.com/graph/api/directoryaudit-list */
const READ_LOGS = {
  permissions: ['AuditLog.Read.All'],
  alsoPermissions: ['Directory.Read.All', 'Directory.ReadWrite.All'],
};
const READ_ASSIGNMENTS = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];
const WRITE_ASSIGNMENTS = ['AppRoleAssignment.ReadWrite.All'];
const PRINCIPAL = String.raw`/(?<kind>servicePrincipals)(?:/(?<id>[^/(]+)|\(appId='(?<appId>[^']+)'\))/appRoleAssignments`;

const ROUTES: readonly GraphRoute[] = [
  ...USER_ROUTES,
  ...APPLICATION_ROUTES,
  ...LIFECYCLE_ROUTES,
  {
    method: 'GET',
    pattern: new RegExp(`^${PRINCIPAL}$`, 'u'),
    permissions: READ_ASSIGNMENTS,
    handle: (request) => {
      const { id } = holderOf(request);
      const held = [...request.world.appRoleAssignments.values()].filter(({ principalId }) => principalId === id);
      return listReply(
        request,
        'appRoleAssignments',
        held.map((one) => assignmentBody(request.world, one)),
      );
    },
  },
  { method: 'POST', pattern: new RegExp(`^${PRINCIPAL}$`, 'u'), permissions: WRITE_ASSIGNMENTS, handle: grant },
  {
    method: 'DELETE',
    pattern: new RegExp(`^${PRINCIPAL}/(?<assignment>[^/]+)$`, 'u'),
    permissions: WRITE_ASSIGNMENTS,
    handle: (request) => {
      const { id, displayName } = holderOf(request);
      const assignment = request.groups['assignment'] ?? '';
      if (!request.world.appRoleAssignments.delete(assignment)) throw notFound(assignment);
      recordAudit(request, 'Remove app role assignment from service principal', {
        id,
        displayName,
        type: 'ServicePrincipal',
      });
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    pattern: /^\/auditLogs\/signIns$/u,
    ...READ_LOGS,
    handle: (request) => signIns(request),
  },
  {
    method: 'GET',
    pattern: /^\/auditLogs\/directoryAudits$/u,
    ...READ_LOGS,
    handle: (request) => log(request, 'auditLogs/directoryAudits', request.world.audits),
  },
  {
    method: 'GET',
    pattern: /^\/organization$/u,
    permissions: ['Organization.Read.All', 'User.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    handle: (request) => listReply(request, 'organization', [organization(request.world)]),
  },
];

/** Microsoft Graph v1.0, and beta by the same routes. `undefined` if the path is none of its own. */
export function answerGraph(world: World, call: Call, callerOf: () => Promise<Caller>): Promise<Reply> | undefined {
  const [, path] = /^\/(?:v1\.0|beta)(\/.*)$/u.exec(call.path) ?? [];
  if (path === undefined) return undefined;
  return callerOf().then(
    (caller) => withInnerError(world, () => answer(world, call, caller, path)),
    (error: unknown) => withInnerError(world, () => Promise.reject(error)),
  );
}

function answer(world: World, call: Call, caller: Caller, path: string): Reply {
  for (const route of ROUTES) {
    const match = route.method === call.method && route.pattern.exec(path);
    if (!match) continue;
    const request: GraphRequest = { world, call, caller, groups: match.groups ?? {} };
    const permissions = typeof route.permissions === 'function' ? route.permissions(request) : route.permissions;
    const holdsOne = (names: readonly string[]) => names.some((name) => caller.roles.includes(name));
    if (!holdsOne(permissions) || (route.alsoPermissions && !holdsOne(route.alsoPermissions))) throw denied();
    return route.handle(request);
  }
  throw new ApiError(404, 'UnknownPath', `The double of Graph knows no ${call.method} ${path}.`);
}

/** Every error of Graph says when and under which request it happened. */
async function withInnerError(world: World, act: () => Reply | Promise<never>): Promise<Reply> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const id = randomUUID();
    const innerError = { date: world.clock().toISOString().slice(0, 19), 'request-id': id, 'client-request-id': id };
    const { code, message } = (error.reply.body as { error: { code: string; message: string } }).error;
    return { ...error.reply, body: { error: { code, message, innerError } } };
  }
}

function assignmentBody(world: World, { id, principalId, permission, createdDateTime }: AppRoleAssignment): Json {
  return {
    id,
    deletedDateTime: null,
    appRoleId: appRoleId(permission),
    createdDateTime,
    principalDisplayName: world.servicePrincipals.get(principalId)?.displayName ?? null,
    principalId,
    principalType: 'ServicePrincipal',
    resourceDisplayName: 'Microsoft Graph',
    resourceId: stableGuid(`${world.tenantId} Microsoft Graph`),
  };
}

/** Of a permission of Microsoft Graph; not the id it has in Azure. */
export function appRoleId(permission: string): string {
  return stableGuid(`app role ${permission}`);
}

/** Only permissions that someone here holds or held have a name; others are refused. */
function grant(request: GraphRequest): Reply {
  const { world, call } = request;
  const { id: principalId, displayName } = holderOf(request);
  const wanted = textOf(call.body['appRoleId']);
  const known = new Set([...world.appRoleAssignments.values()].map(({ permission }) => permission));
  const permission = [...known].find((name) => appRoleId(name) === wanted);
  if (!permission)
    throw new ApiError(400, 'Request_BadRequest', `Permission being assigned was not found on application.`);
  const id = stableGuid(`${principalId} ${permission}`);
  const added = { id, principalId, permission, createdDateTime: world.clock().toISOString() };
  world.appRoleAssignments.set(id, added);
  recordAudit(request, 'Add app role assignment to service principal', {
    id: principalId,
    displayName,
    type: 'ServicePrincipal',
  });
  return { status: 201, body: assignmentBody(world, added) };
}

/** Those of users who typed a password, unless the filter asks for another kind by `signInEventTypes`, which /beta alone knows. */
function signIns(request: GraphRequest): Reply {
  const asksForKind = request.call.query.get('$filter')?.includes('signInEventTypes') ?? false;
  if (asksForKind && !request.call.path.startsWith('/beta/'))
    throw new ApiError(
      400,
      'BadRequest',
      "Could not find a property named 'signInEventTypes' on type 'microsoft.graph.signIn'.",
    );
  const { signIns: all } = request.world;
  return log(
    request,
    'auditLogs/signIns',
    asksForKind ? all : all.filter(({ body }) => body['isInteractive'] === true),
  );
}

/** Newest first, without what is younger than the delay. */
function log(request: GraphRequest, name: string, entries: readonly LogEntry[]): Reply {
  const rows = visible(request.world, entries).map(({ body }) => body);
  return listReply(request, name, filtered(request.call, rows));
}

function organization({ tenantId, tenantName }: World): Json {
  const verifiedDomains = [
    { name: tenantName, isDefault: true, isInitial: true, type: 'Managed', capabilities: 'Email' },
  ];
  return { id: tenantId, displayName: tenantName.split('.')[0], tenantType: 'AAD', verifiedDomains };
}
