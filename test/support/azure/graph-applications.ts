import { newPassword } from './credentials.ts';
import { keyCredentialsFrom, passwordBody, removePasswordFrom } from './graph-credentials.ts';
import {
  badRequest,
  entityReply,
  filtered,
  listReply,
  notFound,
  recordAudit,
  type GraphRequest,
  type GraphRoute,
} from './graph-route.ts';
import { recordOf, textOf, type Json, type Reply } from './http.ts';
import type { Application, FederatedCredential, ServicePrincipal } from './state.ts';

type Holder = Application | ServicePrincipal;

const READ = ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'];
const ALL = ['Application.ReadWrite.All', 'Directory.ReadWrite.All'];
/** By object id, or by application id: `/applications(appId='…')`. */
const HOLDER = String.raw`/(?<kind>applications|servicePrincipals)(?:/(?<id>[^/(]+)|\(appId='(?<appId>[^']+)'\))`;

export const APPLICATION_ROUTES: readonly GraphRoute[] = [
  {
    method: 'GET',
    pattern: /^\/(?<kind>applications|servicePrincipals)$/u,
    permissions: READ,
    handle: (request) => {
      const kind = request.groups['kind'] ?? '';
      const rows = filtered(
        request.call,
        holders(request).map((holder) => bodyOf(request, holder, false)),
      );
      return listReply(request, kind, rows);
    },
  },
  {
    method: 'GET',
    pattern: new RegExp(`^${HOLDER}$`, 'u'),
    permissions: READ,
    handle: (request) => {
      const withKeys = request.call.query.get('$select')?.includes('keyCredentials') ?? false;
      return entityReply(request, request.groups['kind'] ?? '', bodyOf(request, holderOf(request), withKeys));
    },
  },
  { method: 'PATCH', pattern: new RegExp(`^${HOLDER}$`, 'u'), permissions: permissionsToWrite, handle: patch },
  {
    method: 'POST',
    pattern: new RegExp(`^${HOLDER}/addPassword$`, 'u'),
    permissions: permissionsToWrite,
    handle: (request) => {
      const holder = holderOf(request);
      const asked = recordOf(request.call.body['passwordCredential']);
      const [displayName, endDateTime] = [textOf(asked['displayName']), textOf(asked['endDateTime'])];
      const options = { ...(displayName ? { displayName } : {}), ...(endDateTime ? { endDateTime } : {}) };
      const password = newPassword(request.world.clock(), options);
      holder.passwordCredentials = [...holder.passwordCredentials, password];
      audit(request, holder, 'passwordCredentials');
      return { status: 200, body: { ...passwordBody(password), secretText: password.secret } };
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`^${HOLDER}/removePassword$`, 'u'),
    permissions: permissionsToWrite,
    handle: (request) => {
      const holder = holderOf(request);
      holder.passwordCredentials = removePasswordFrom(holder.passwordCredentials, request.call.body['keyId']);
      audit(request, holder, 'passwordCredentials');
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    pattern: new RegExp(`^${HOLDER}/owners$`, 'u'),
    permissions: READ,
    handle: (request) => listReply(request, 'directoryObjects', owners(request)),
  },
  {
    method: 'GET',
    pattern: new RegExp(`^${HOLDER}/federatedIdentityCredentials$`, 'u'),
    permissions: READ,
    handle: (request) => {
      const rows = applicationOf(request).federatedIdentityCredentials.map((one) => ({ ...one }));
      return listReply(request, 'federatedIdentityCredentials', rows);
    },
  },
  {
    method: 'POST',
    pattern: new RegExp(`^${HOLDER}/federatedIdentityCredentials$`, 'u'),
    permissions: permissionsToWrite,
    handle: addFederated,
  },
  {
    method: 'DELETE',
    pattern: new RegExp(`^${HOLDER}/federatedIdentityCredentials/(?<credential>[^/]+)$`, 'u'),
    permissions: permissionsToWrite,
    handle: removeFederated,
  },
];

function holders({ world, groups }: GraphRequest): Holder[] {
  const all: Iterable<Holder> =
    groups['kind'] === 'applications' ? world.applications.values() : world.servicePrincipals.values();
  return [...all];
}

export function holderOf(request: GraphRequest): Holder {
  const { id, appId } = request.groups;
  const found = holders(request).find((one) => one.id === id || one.appId === appId);
  if (!found) throw notFound(id ?? appId ?? '');
  return found;
}

function applicationOf(request: GraphRequest): Application {
  const holder = holderOf(request);
  if ('federatedIdentityCredentials' in holder) return holder;
  throw badRequest('Federated identity credentials stand on applications here, not on service principals.');
}

/** Owners may do with less: `Application.ReadWrite.OwnedBy` covers what the caller's service principal owns. */
function permissionsToWrite(request: GraphRequest): readonly string[] {
  const owned = holderOf(request).ownerIds.includes(request.caller.objectId);
  return owned ? [...ALL, 'Application.ReadWrite.OwnedBy'] : ALL;
}

function bodyOf({ world }: GraphRequest, holder: Holder, withKeys: boolean): Json {
  const { id, appId, displayName } = holder;
  const credentials = {
    passwordCredentials: holder.passwordCredentials.map(passwordBody),
    keyCredentials: holder.keyCredentials.map((one) => ({ ...one, key: withKeys ? one.key : null })),
  };
  if ('federatedIdentityCredentials' in holder)
    return { id, appId, displayName, signInAudience: 'AzureADMyOrg', ...credentials };
  const { servicePrincipalType, accountEnabled } = holder;
  const names = {
    servicePrincipalNames: [appId],
    appDisplayName: displayName,
    appOwnerOrganizationId: servicePrincipalType === 'Application' ? world.tenantId : null,
    disabledByMicrosoftStatus: null,
    tags: [],
  };
  return { id, appId, displayName, accountEnabled, servicePrincipalType, ...names, ...credentials };
}

function patch(request: GraphRequest): Reply {
  const holder = holderOf(request);
  const { accountEnabled, keyCredentials, displayName, ...others } = request.call.body;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw badRequest(`The double of Graph does not model changing ${unknown.join(', ')} here.`);
  if (accountEnabled !== undefined) {
    if (!('accountEnabled' in holder) || typeof accountEnabled !== 'boolean')
      throw badRequest("Invalid property 'accountEnabled'.");
    holder.accountEnabled = accountEnabled;
  }
  if (keyCredentials !== undefined) holder.keyCredentials = keyCredentialsFrom(holder.keyCredentials, keyCredentials);
  if (typeof displayName === 'string') holder.displayName = displayName;
  audit(request, holder, keyCredentials === undefined ? 'accountEnabled' : 'keyCredentials');
  return { status: 204 };
}

function audit(
  request: GraphRequest,
  holder: Holder,
  what: 'passwordCredentials' | 'keyCredentials' | 'accountEnabled' | 'federated',
): void {
  const isApplication = 'federatedIdentityCredentials' in holder;
  const credentials = isApplication
    ? 'Update application – Certificates and secrets management'
    : 'Update service principal credentials';
  const activity =
    what === 'accountEnabled' ? `Update ${isApplication ? 'application' : 'service principal'}` : credentials;
  const { id, displayName } = holder;
  const changed = 'accountEnabled' in holder ? { AccountEnabled: [holder.accountEnabled] } : {};
  recordAudit(
    request,
    activity,
    { id, displayName, type: isApplication ? 'Application' : 'ServicePrincipal' },
    changed,
  );
}

function owners(request: GraphRequest): Json[] {
  const { world } = request;
  return holderOf(request).ownerIds.map((id) => {
    const type = world.users.has(id) ? '#microsoft.graph.user' : '#microsoft.graph.servicePrincipal';
    const owner = world.users.get(id) ?? world.servicePrincipals.get(id);
    return { '@odata.type': type, id, displayName: owner?.displayName ?? null };
  });
}

function addFederated(request: GraphRequest): Reply {
  const application = applicationOf(request);
  const { body } = request.call;
  const [name, issuer, subject] = [textOf(body['name']), textOf(body['issuer']), textOf(body['subject'])];
  if (!name || !issuer || !subject) throw badRequest('name, issuer and subject are required.');
  if (application.federatedIdentityCredentials.some((one) => one.name === name))
    throw badRequest(`FederatedIdentityCredential with name ${name} already exists.`);
  const audiences = Array.isArray(body['audiences']) ? body['audiences'].map(String) : ['api://AzureADTokenExchange'];
  const description = textOf(body['description']) ?? null;
  const added: FederatedCredential = { id: crypto.randomUUID(), name, issuer, subject, audiences, description };
  application.federatedIdentityCredentials = [...application.federatedIdentityCredentials, added];
  audit(request, application, 'federated');
  return { status: 201, body: { ...added } };
}

function removeFederated(request: GraphRequest): Reply {
  const application = applicationOf(request);
  const wanted = request.groups['credential'] ?? '';
  const kept = application.federatedIdentityCredentials.filter(({ id, name }) => id !== wanted && name !== wanted);
  if (kept.length === application.federatedIdentityCredentials.length) throw notFound(wanted);
  application.federatedIdentityCredentials = kept;
  audit(request, application, 'federated');
  return { status: 204 };
}
