import { Builder } from './builder.ts';
import { badRequest, notFound, recordAudit, type GraphRequest, type GraphRoute } from './graph-route.ts';
import { recordOf, textOf, type Json, type Reply } from './http.ts';

const APPLICATIONS = ['Application.ReadWrite.All', 'Directory.ReadWrite.All'];
const USERS = ['User.ReadWrite.All', 'Directory.ReadWrite.All'];

/** Making and deleting applications, service principals and users. What is deleted waits in the recycle bin until it is deleted there. */
export const LIFECYCLE_ROUTES: readonly GraphRoute[] = [
  { method: 'POST', pattern: /^\/applications$/u, permissions: APPLICATIONS, handle: createApplication },
  { method: 'POST', pattern: /^\/servicePrincipals$/u, permissions: APPLICATIONS, handle: createServicePrincipal },
  { method: 'POST', pattern: /^\/users$/u, permissions: USERS, handle: createUser },
  {
    method: 'DELETE',
    pattern: /^\/applications\/(?<id>[^/(]+)$/u,
    permissions: APPLICATIONS,
    handle: deleteApplication,
  },
  { method: 'DELETE', pattern: /^\/users\/(?<id>[^/]+)$/u, permissions: USERS, handle: deleteUser },
  {
    method: 'DELETE',
    pattern: /^\/directory\/deletedItems\/(?<id>[^/]+)$/u,
    permissions: APPLICATIONS,
    handle: ({ world, groups }) => {
      if (!world.deletedItems.delete(groups['id'] ?? '')) throw notFound(groups['id'] ?? '');
      return { status: 204 };
    },
  },
];

/** An application alone: its service principal is made by a call of its own. */
function createApplication(request: GraphRequest): Reply {
  const { world, call } = request;
  const displayName = required(call.body, 'displayName');
  const { application, servicePrincipal } = new Builder(world).addApplication(displayName, { passwords: [] });
  world.servicePrincipals.delete(servicePrincipal.id);
  const { id, appId } = application;
  recordAudit(request, 'Add application', { id, displayName, type: 'Application' });
  return { status: 201, body: { id, appId, displayName, createdDateTime: world.clock().toISOString() } };
}

function createServicePrincipal(request: GraphRequest): Reply {
  const { world, call } = request;
  const appId = required(call.body, 'appId');
  const application = [...world.applications.values()].find((one) => one.appId === appId);
  if (!application)
    throw badRequest(`The appId '${appId}' of the service principal does not reference a valid application.`);
  const { displayName } = application;
  const id = crypto.randomUUID();
  const servicePrincipalType = 'Application';
  const none = { passwordCredentials: [], keyCredentials: [], ownerIds: [], directoryRoles: [] };
  world.servicePrincipals.set(id, { id, appId, displayName, servicePrincipalType, accountEnabled: true, ...none });
  recordAudit(request, 'Add service principal', { id, displayName, type: 'ServicePrincipal' });
  return { status: 201, body: { id, appId, displayName, accountEnabled: true, servicePrincipalType } };
}

function createUser(request: GraphRequest): Reply {
  const { world, call } = request;
  const [displayName, userPrincipalName] = [
    required(call.body, 'displayName'),
    required(call.body, 'userPrincipalName'),
  ];
  required(call.body, 'mailNickname');
  const password = required(recordOf(call.body['passwordProfile']), 'password');
  if ([...world.users.values()].some((one) => one.userPrincipalName === userPrincipalName))
    throw badRequest('Another object with the same value for property userPrincipalName already exists.');
  const { id } = new Builder(world).addUser({ displayName, userPrincipalName, password });
  recordAudit(request, 'Add user', { id, displayName, userPrincipalName, type: 'User' });
  return { status: 201, body: { id, displayName, userPrincipalName } };
}

/** Its service principal in the same tenant goes with it. */
function deleteApplication(request: GraphRequest): Reply {
  const { world, groups } = request;
  const application = world.applications.get(groups['id'] ?? '');
  if (!application) throw notFound(groups['id'] ?? '');
  const { id, appId, displayName } = application;
  world.applications.delete(id);
  world.deletedItems.add(id);
  for (const one of world.servicePrincipals.values()) if (one.appId === appId) world.servicePrincipals.delete(one.id);
  recordAudit(request, 'Delete application', { id, displayName, type: 'Application' });
  return { status: 204 };
}

function deleteUser(request: GraphRequest): Reply {
  const { world, groups } = request;
  const user = world.users.get(groups['id'] ?? '');
  if (!user) throw notFound(groups['id'] ?? '');
  const { id, displayName, userPrincipalName } = user;
  world.users.delete(id);
  world.deletedItems.add(id);
  recordAudit(request, 'Delete user', { id, displayName, userPrincipalName, type: 'User' });
  return { status: 204 };
}

function required(body: Json, name: string): string {
  const value = textOf(body[name]);
  if (!value) throw badRequest(`A value is required for property '${name}' of the resource.`);
  return value;
}
