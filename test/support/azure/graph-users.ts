import { stableGuid } from './builder.ts';
import {
  badRequest,
  denied,
  entityReply,
  filtered,
  listReply,
  notFound,
  recordAudit,
  type GraphRequest,
  type GraphRoute,
} from './graph-route.ts';
import { recordOf, textOf, type Json, type Reply } from './http.ts';
import { groupsOf, type OAuth2PermissionGrant, type User } from './state.ts';

const READ = ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'];
const READ_GROUPS = ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'];
const READ_GRANTS = [
  'DelegatedPermissionGrant.Read.All',
  'DelegatedPermissionGrant.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];
/** Directory roles that let an application change users who hold one themselves. */
const ADMINISTRATORS = ['Global Administrator', 'Privileged Authentication Administrator', 'User Administrator'];
const USER = '/users/(?<id>[^/]+)';

export const USER_ROUTES: readonly GraphRoute[] = [
  {
    method: 'GET',
    pattern: /^\/users$/u,
    permissions: READ,
    handle: (request) =>
      listReply(request, 'users', filtered(request.call, [...request.world.users.values()].map(bodyOf))),
  },
  {
    method: 'GET',
    pattern: new RegExp(`^${USER}$`, 'u'),
    permissions: READ,
    handle: (request) => entityReply(request, 'users', shown(request)),
  },
  { method: 'PATCH', pattern: new RegExp(`^${USER}$`, 'u'), permissions: permissionsToPatch, handle: patch },
  {
    method: 'POST',
    pattern: new RegExp(`^${USER}/(?:microsoft\\.graph\\.)?revokeSignInSessions$`, 'u'),
    permissions: ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
    handle: revoke,
  },
  {
    method: 'GET',
    pattern: new RegExp(`^${USER}/authentication/methods$`, 'u'),
    permissions: ['UserAuthenticationMethod.Read.All', 'UserAuthenticationMethod.ReadWrite.All'],
    handle: (request) => {
      const { id, authenticationMethods } = userOf(request);
      const rows = authenticationMethods.map((method) => ({
        '@odata.type': `#microsoft.graph.${method}AuthenticationMethod`,
        id: stableGuid(`${id} ${method}`),
      }));
      return listReply(request, `users('${id}')/authentication/methods`, rows);
    },
  },
  {
    method: 'GET',
    pattern: /^\/(?:users|servicePrincipals)\/(?<id>[^/]+)\/transitiveMemberOf(?:\/microsoft\.graph\.group)?$/u,
    permissions: READ_GROUPS,
    handle: memberships,
  },
  {
    method: 'GET',
    pattern: /^\/(?:users|servicePrincipals)\/(?<id>[^/]+)\/oauth2PermissionGrants$/u,
    permissions: READ_GRANTS,
    handle: (request) => grants(request, (one) => [one.principalId, one.clientId].includes(request.groups['id'] ?? '')),
  },
  {
    method: 'GET',
    pattern: /^\/oauth2PermissionGrants$/u,
    permissions: READ_GRANTS,
    handle: (request) => grants(request, () => true),
  },
  {
    method: 'DELETE',
    pattern: /^\/oauth2PermissionGrants\/(?<id>[^/]+)$/u,
    permissions: ['DelegatedPermissionGrant.ReadWrite.All', 'Directory.ReadWrite.All'],
    handle: ({ world, groups }) => {
      if (!world.oauth2PermissionGrants.delete(groups['id'] ?? '')) throw notFound(groups['id'] ?? '');
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    pattern: /^\/groups\/(?<id>[^/]+)\/transitiveMembers$/u,
    permissions: READ_GROUPS,
    handle: members,
  },
  {
    method: 'GET',
    pattern: /^\/groups\/(?<id>[^/]+)$/u,
    permissions: READ_GROUPS,
    handle: (request) => {
      const group = request.world.groups.get(request.groups['id'] ?? '');
      if (!group) throw notFound(request.groups['id'] ?? '');
      return entityReply(request, 'groups', { id: group.id, displayName: group.displayName, securityEnabled: true });
    },
  },
];

function userOf({ world, groups }: GraphRequest): User {
  const id = groups['id'] ?? '';
  const byName = [...world.users.values()].find((one) => one.userPrincipalName.toLowerCase() === id.toLowerCase());
  const user = world.users.get(id) ?? byName;
  if (!user) throw notFound(id);
  return user;
}

const UNASKED = new Set([
  'accountEnabled',
  'signInSessionsValidFromDateTime',
  'lastPasswordChangeDateTime',
  'onPremisesSyncEnabled',
  'userType',
]);

/** Only what `$select` names, if it is none of the properties that Graph shows by default. */
function shown(request: GraphRequest): Json {
  const row = bodyOf(userOf(request));
  if (request.call.query.has('$select')) return row;
  return Object.fromEntries(Object.entries(row).filter(([name]) => !UNASKED.has(name)));
}

function bodyOf(user: User): Json {
  const { id, userPrincipalName, displayName, accountEnabled, sessionsValidFromMs } = user;
  return {
    businessPhones: [],
    displayName,
    givenName: null,
    jobTitle: null,
    mail: userPrincipalName,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: null,
    userPrincipalName,
    id,
    accountEnabled,
    signInSessionsValidFromDateTime: new Date(sessionsValidFromMs).toISOString(),
    lastPasswordChangeDateTime: new Date(user.lastPasswordChangeMs).toISOString(),
    onPremisesSyncEnabled: null,
    userType: 'Member',
  };
}

/** A body that holds several properties needs the permission that covers all of them. */
function permissionsToPatch({ call }: GraphRequest): readonly string[] {
  const names = Object.keys(call.body);
  if (names.every((name) => name === 'accountEnabled'))
    return ['User.EnableDisableAccount.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'];
  if (names.every((name) => name === 'passwordProfile'))
    return ['User-PasswordProfile.ReadWrite.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'];
  return ['User.ReadWrite.All', 'Directory.ReadWrite.All'];
}

function patch(request: GraphRequest): Reply {
  const { world, call } = request;
  const user = userOf(request);
  requireAdministrator(request, user);
  const { accountEnabled, passwordProfile, displayName, ...others } = call.body;
  const unknown = Object.keys(others);
  if (unknown.length > 0)
    throw badRequest(`The double of Graph does not model changing ${unknown.join(', ')} of a user.`);
  if (typeof accountEnabled === 'boolean') user.accountEnabled = accountEnabled;
  if (typeof displayName === 'string') user.displayName = displayName;
  if (passwordProfile !== undefined) setPassword(user, recordOf(passwordProfile), world.clock());
  const changed = { ...call.body, ...(passwordProfile === undefined ? {} : { passwordProfile: '***' }) };
  recordAudit(request, activityOf(call.body), auditTarget(user), changed);
  return { status: 204 };
}

/** An administrator's reset ends the refresh tokens that were got with the old password. */
function setPassword(user: User, profile: Json, now: Date): void {
  const password = textOf(profile['password']);
  if (password === '')
    throw badRequest('The specified password does not comply with password complexity requirements.');
  if (password !== undefined) {
    user.password = password;
    user.sessionsValidFromMs = now.getTime();
    user.lastPasswordChangeMs = now.getTime();
  }
  user.forceChangePasswordNextSignIn = profile['forceChangePasswordNextSignIn'] === true;
}

function activityOf(body: Json): string {
  if (body['passwordProfile'] !== undefined) return 'Reset user password';
  if (body['accountEnabled'] === false) return 'Disable account';
  return body['accountEnabled'] === true ? 'Enable account' : 'Update user';
}

function requireAdministrator({ world, caller }: GraphRequest, user: User): void {
  const held = world.servicePrincipals.get(caller.objectId)?.directoryRoles ?? [];
  if (user.directoryRoles.length > 0 && !held.some((role) => ADMINISTRATORS.includes(role))) throw denied();
}

function revoke(request: GraphRequest): Reply {
  const user = userOf(request);
  user.sessionsValidFromMs = request.world.clock().getTime();
  recordAudit(request, 'Update StsRefreshTokenValidFrom Timestamp', auditTarget(user));
  return { status: 200, body: { '@odata.context': `${request.call.url}/v1.0/$metadata#Edm.Boolean`, value: true } };
}

function auditTarget({ id, displayName, userPrincipalName }: User) {
  return { id, displayName, userPrincipalName, type: 'User' } as const;
}

/** Directory roles are memberships too, unless the path asks for groups only. */
function memberships(request: GraphRequest): Reply {
  const { world, call, groups } = request;
  const id = groups['id'] ?? '';
  const user = [...world.users.values()].find((one) => one.userPrincipalName === id);
  const principal = world.users.get(id) ?? user ?? world.servicePrincipals.get(id);
  if (!principal) throw notFound(id);
  const held = groupsOf(world, principal.id).map((group) => ({
    '@odata.type': '#microsoft.graph.group',
    id: group.id,
    displayName: group.displayName,
    securityEnabled: true,
  }));
  const roles = call.path.endsWith('group') ? [] : principal.directoryRoles;
  const rows = roles.map((displayName) => ({
    '@odata.type': '#microsoft.graph.directoryRole',
    id: stableGuid(`${world.tenantId} ${displayName}`),
    displayName,
    roleTemplateId: stableGuid(displayName),
  }));
  return listReply(request, 'directoryObjects', [...held, ...rows]);
}

/** Groups within the group among them. */
function members(request: GraphRequest): Reply {
  const { world, groups } = request;
  const id = groups['id'] ?? '';
  if (!world.groups.has(id)) throw notFound(id);
  const kinds = [
    ['#microsoft.graph.user', world.users],
    ['#microsoft.graph.servicePrincipal', world.servicePrincipals],
    ['#microsoft.graph.group', world.groups],
  ] as const;
  const rows = kinds.flatMap(([type, all]) =>
    [...all.keys()]
      .filter((member) => groupsOf(world, member).some((group) => group.id === id))
      .map((member) => ({ '@odata.type': type, id: member })),
  );
  return listReply(request, 'directoryObjects', rows);
}

function grants(request: GraphRequest, wanted: (grant: OAuth2PermissionGrant) => boolean): Reply {
  const rows = [...request.world.oauth2PermissionGrants.values()].filter(wanted).map((grant) => ({ ...grant }));
  return listReply(request, 'oauth2PermissionGrants', filtered(request.call, rows));
}
