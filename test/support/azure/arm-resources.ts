import { belowScope, type ArmRequest, type ArmRoute } from './arm-route.ts';
import { ApiError, pageOf, recordOf, textOf, type Json, type Reply } from './http.ts';
import { covers, identitiesOf } from './rbac.ts';
import type { Resource } from './state.ts';

const GROUP_SCOPE = String.raw`(?<scope>/subscriptions/[^/]+/resourceGroups/(?<group>[^/]+))`;
const RESOURCE = String.raw`(?<scope>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/(?<namespace>[^/]+)/(?<type>[^/]+)/(?<name>[^/]+))`;
const LISTS = String.raw`(?<scope>/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)/providers/(?<namespace>[^/]+)/(?<type>[^/]+)`;
const TAGS = String.raw`/providers/Microsoft\.Resources/tags/default`;

/** What an intruder enumerates, and enough writing to prove that it can't any more. */
export const RESOURCE_ROUTES: readonly ArmRoute[] = [
  {
    method: 'GET',
    pattern: /^\/subscriptions$/iu,
    action: 'Microsoft.Resources/subscriptions/read',
    open: () => true,
    handle: listSubscriptions,
  },
  {
    method: 'GET',
    pattern: /^(?<scope>\/subscriptions\/[^/]+)$/iu,
    action: 'Microsoft.Resources/subscriptions/read',
    handle: ({ world, scope }) => ({
      status: 200,
      body: subscriptionBody(world.tenantId, subscriptionOf(world, scope)),
    }),
  },
  {
    method: 'GET',
    pattern: /^(?<scope>\/subscriptions\/[^/]+)\/resourceGroups$/iu,
    action: 'Microsoft.Resources/subscriptions/resourceGroups/read',
    handle: (request) => list(request, (one) => one.type === 'Microsoft.Resources/resourceGroups'),
  },
  {
    method: 'GET',
    pattern: /^(?<scope>\/subscriptions\/[^/]+(?:\/resourceGroups\/[^/]+)?)\/resources$/iu,
    action: 'Microsoft.Resources/subscriptions/resources/read',
    handle: (request) => list(request, (one) => one.type !== 'Microsoft.Resources/resourceGroups'),
  },
  ...writable(new RegExp(`^${GROUP_SCOPE}$`, 'iu'), () => 'Microsoft.Resources/subscriptions/resourceGroups'),
  { method: 'GET', pattern: belowScope(TAGS), action: 'Microsoft.Resources/tags/read', handle: getTags },
  { method: 'PUT', pattern: belowScope(TAGS), action: 'Microsoft.Resources/tags/write', handle: putTags },
  {
    method: 'GET',
    pattern: new RegExp(`^${LISTS}$`, 'iu'),
    action: (request) => `${typeOf(request)}/read`,
    handle: (request) => list(request, (one) => one.type.toLowerCase() === typeOf(request).toLowerCase()),
  },
  ...writable(new RegExp(`^${RESOURCE}$`, 'iu'), typeOf),
];

function typeOf({ groups }: ArmRequest): string {
  return `${groups['namespace']}/${groups['type']}`;
}

/** GET, PUT and DELETE of one resource or resource group. */
function writable(pattern: RegExp, type: (request: ArmRequest) => string): ArmRoute[] {
  return [
    {
      method: 'GET',
      pattern,
      action: (request) => `${type(request)}/read`,
      handle: (request) => ({ status: 200, body: bodyOf(existing(request)) }),
    },
    {
      method: 'PUT',
      pattern,
      action: (request) => `${type(request)}/write`,
      handle: (request) => put(request, type(request).replace('/subscriptions/', '/')),
    },
    {
      method: 'DELETE',
      pattern,
      action: (request) => `${type(request)}/delete`,
      handle: ({ world, scope }) => ({ status: world.resources.delete(scope.toLowerCase()) ? 200 : 204 }),
    },
  ];
}

function existing({ world, scope }: ArmRequest): Resource {
  const resource = world.resources.get(scope.toLowerCase());
  if (resource) return resource;
  const name = scope.split('/').at(-1) ?? '';
  if (/\/resourceGroups\/[^/]+$/iu.test(scope))
    throw new ApiError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
  throw new ApiError(404, 'ResourceNotFound', `The Resource '${scope}' was not found.`);
}

function put({ world, call, scope, groups }: ArmRequest, type: string): Reply {
  const before = world.resources.get(scope.toLowerCase());
  const resource: Resource = {
    id: before?.id ?? scope,
    name: groups['name'] ?? groups['group'] ?? '',
    type: before?.type ?? type,
    location: textOf(call.body['location']) ?? 'westeurope',
    tags: recordOf(call.body['tags']) as Record<string, string>,
    properties: recordOf(call.body['properties']),
  };
  world.resources.set(scope.toLowerCase(), resource);
  return { status: before ? 200 : 201, body: bodyOf(resource) };
}

function list({ world, call, scope }: ArmRequest, wanted: (resource: Resource) => boolean): Reply {
  const rows = [...world.resources.values()].filter(wanted).filter(({ id }) => covers(world, scope, id));
  return { status: 200, body: pageOf(call, rows.map(bodyOf), world.behaviour.pageSize, 'nextLink') };
}

function bodyOf({ id, name, type, location, tags, properties }: Resource): Json {
  return { id, name, type, location, tags, properties: { provisioningState: 'Succeeded', ...properties } };
}

function getTags({ world, scope }: ArmRequest): Reply {
  return { status: 200, body: tagsBody(scope, world.resources.get(scope.toLowerCase())?.tags ?? {}) };
}

function putTags(request: ArmRequest): Reply {
  const tags = recordOf(recordOf(request.call.body['properties'])['tags']) as Record<string, string>;
  const resource = existing(request);
  resource.tags = tags;
  return { status: 200, body: tagsBody(request.scope, tags) };
}

function tagsBody(scope: string, tags: Json): Json {
  const id = `${scope}/providers/Microsoft.Resources/tags/default`;
  return { id, name: 'default', type: 'Microsoft.Resources/tags', properties: { tags } };
}

/** Those in which the caller holds any role, at, above or below. */
function listSubscriptions({ world, call, caller }: ArmRequest): Reply {
  const identities = identitiesOf(world, caller.objectId);
  const held = [...world.roleAssignments.values()].filter(({ principalId }) => identities.has(principalId));
  const seen = [...world.subscriptions.values()].filter(({ id }) => {
    const scope = `/subscriptions/${id}`;
    return held.some((one) => covers(world, one.scope, scope) || covers(world, scope, one.scope));
  });
  const rows = seen.map((one) => subscriptionBody(world.tenantId, one));
  return { status: 200, body: pageOf(call, rows, world.behaviour.pageSize, 'nextLink') };
}

function subscriptionOf(world: ArmRequest['world'], scope: string) {
  return world.subscriptions.get(scope.split('/')[2]?.toLowerCase() ?? '');
}

function subscriptionBody(tenantId: string, subscription: ReturnType<typeof subscriptionOf>): Json {
  const { id: subscriptionId = '', displayName = '' } = subscription ?? {};
  return { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, displayName, state: 'Enabled' };
}
