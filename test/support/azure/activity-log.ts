import { randomUUID } from 'node:crypto';

import type { ArmRequest, ArmRoute } from './arm-route.ts';
import { ApiError, pageOf, recordOf, type Json, type Reply } from './http.ts';
import type { LogEntry, World } from './state.ts';

/** https://learn.microsoft.com/rest/api/monitor/activity-logs/list */
export const ACTIVITY_LOG_ROUTES: readonly ArmRoute[] = [
  {
    method: 'GET',
    pattern: /^(?<scope>\/subscriptions\/[^/]+)\/providers\/Microsoft\.Insights\/eventtypes\/management\/values$/iu,
    action: 'Microsoft.Insights/eventtypes/values/read',
    handle: listActivities,
  },
];

/**
 * As in Azure, only what changes something is logged, by its beginning with the request's body and by its end with the answer's;
 * what was not allowed has an end only. Reading leaves no trace, but for `logsReads`, where it has an end.
 */
export function recordActivity(request: ArmRequest, action: string, reply: Reply): void {
  const { world, call } = request;
  if (!call.path.toLowerCase().startsWith('/subscriptions/')) return;
  const reads = call.method === 'GET';
  if (reads && !world.behaviour.logsReads) return;
  const { status } = reply;
  const common = commonOf(request, action);
  const requestbody = JSON.stringify(call.body);
  if (!reads && status !== 401 && status !== 403) {
    const begun = { status: named('Started'), subStatus: named(''), level: 'Informational' };
    add(world, { ...common, eventName: named('BeginRequest', 'Begin request'), ...begun }, { requestbody });
  }
  const code = STATUS_NAMES[status] ?? String(status);
  const ended = {
    status: named(status < 400 ? 'Succeeded' : 'Failed'),
    subStatus: named(code, `${code} (HTTP Status Code: ${status})`),
    level: status < 400 ? 'Informational' : 'Error',
  };
  const responseBody = reply.body === undefined ? '' : JSON.stringify(reply.body);
  add(
    world,
    { ...common, eventName: named('EndRequest', 'End request'), ...ended },
    { statusCode: code, responseBody },
  );
}

function add(world: World, event: Json, properties: Json): void {
  const at = world.clock();
  const eventDataId = randomUUID();
  const body = {
    ...event,
    eventDataId,
    id: `${String(event['resourceId'])}/events/${eventDataId}/ticks/${at.getTime()}`,
    properties: { eventCategory: 'Administrative', entity: event['resourceId'], ...properties },
    eventTimestamp: at.toISOString(),
    submissionTimestamp: new Date(at.getTime() + world.behaviour.logDelayMs).toISOString(),
  };
  world.activities.push({ atMs: at.getTime(), body });
}

function commonOf({ world, call, caller, scope }: ArmRequest, action: string): Json {
  const operationId = randomUUID();
  return {
    authorization: { action, scope: call.path },
    caller: caller.userPrincipalName ?? caller.objectId,
    channels: 'Operation',
    claims: claimsOf(world, caller),
    correlationId: operationId,
    description: '',
    category: named('Administrative'),
    httpRequest: { clientRequestId: randomUUID(), clientIpAddress: call.sourceIpAddress, method: call.method },
    resourceGroupName: /\/resourceGroups\/([^/]+)/iu.exec(scope)?.[1] ?? '',
    resourceProviderName: named(action.split('/')[0] ?? ''),
    resourceId: call.path,
    resourceType: named(action.split('/').slice(0, -1).join('/')),
    operationId,
    operationName: named(action),
    subscriptionId: call.path.split('/')[2] ?? '',
    tenantId: world.tenantId,
  };
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'NoContent',
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
  500: 'InternalServerError',
};

function claimsOf(world: World, caller: ArmRequest['caller']): Json {
  const upn = caller.userPrincipalName;
  return {
    aud: 'https://management.core.windows.net/',
    iss: `https://sts.windows.net/${world.tenantId}/`,
    iat: String(Math.floor(caller.issuedMs / 1000)),
    appid: caller.appId,
    uti: caller.tokenId,
    idtyp: upn ? 'user' : 'app',
    'http://schemas.microsoft.com/identity/claims/objectidentifier': caller.objectId,
    'http://schemas.microsoft.com/identity/claims/tenantid': world.tenantId,
    ...(upn ? { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn': upn } : {}),
  };
}

function named(value: string, localizedValue = value): Json {
  return { value, localizedValue };
}

/** Newest first. A filter on the time is required, as in Azure; the entries that are younger than the delay aren't there yet. */
function listActivities({ world, call, groups }: ArmRequest): Reply {
  const subscriptionId = groups['scope']?.split('/')[2]?.toLowerCase();
  const filter = call.query.get('$filter') ?? '';
  if (!/eventTimestamp ge /iu.test(filter))
    throw new ApiError(400, 'BadRequest', 'The $filter query parameter must state the earliest eventTimestamp.');
  const tests = filter.split(/\s+and\s+/iu).map(testOf);
  const rows = [...visible(world, world.activities)]
    .filter(({ body }) => String(body['subscriptionId']).toLowerCase() === subscriptionId)
    .filter((entry) => tests.every((test) => test(entry)))
    .map(({ body }) => body);
  return { status: 200, body: pageOf(call, rows, world.behaviour.pageSize, 'nextLink') };
}

/** Those that are in the log by now, newest first. */
export function visible(world: World, entries: readonly LogEntry[]): LogEntry[] {
  const untilMs = world.clock().getTime() - world.behaviour.logDelayMs;
  return entries.filter(({ atMs }) => atMs <= untilMs).toReversed();
}

const TIMES = ['eventTimestamp', 'submissionTimestamp', 'createdDateTime', 'activityDateTime'];

/** Moves entries of any log into the past, so that a tenant can have a history. */
export function age(entries: LogEntry[], byMs: number): void {
  const earlier = (at: unknown) => new Date(Date.parse(String(at)) - byMs).toISOString();
  const aged = entries.map(({ atMs, body }) => {
    const times = TIMES.filter((name) => name in body).map((name) => [name, earlier(body[name])]);
    return { atMs: atMs - byMs, body: { ...body, ...Object.fromEntries(times) } as Json };
  });
  entries.splice(0, entries.length, ...aged);
}

const EQUALS: Readonly<Record<string, (body: Json) => unknown>> = {
  caller: (body) => body['caller'],
  correlationid: (body) => body['correlationId'],
  resourcegroupname: (body) => body['resourceGroupName'],
  resourceuri: (body) => body['resourceId'],
  resourceid: (body) => body['resourceId'],
  resourceprovider: (body) => recordOf(body['resourceProviderName'])['value'],
  status: (body) => recordOf(body['status'])['value'],
  eventchannels: () => 'Admin, Operation',
};

function testOf(term: string): (entry: LogEntry) => boolean {
  const [, property = '', operator = '', value = ''] = /^\s*(\w+) (eq|ge|le|gt|lt) '?([^']*)'?\s*$/iu.exec(term) ?? [];
  if (property.toLowerCase() === 'eventtimestamp') {
    const ms = Date.parse(value);
    return operator.startsWith('g') ? ({ atMs }) => atMs >= ms : ({ atMs }) => atMs <= ms;
  }
  const read = EQUALS[property.toLowerCase()];
  if (!read || operator !== 'eq') throw new ApiError(400, 'BadRequest', `The filter '${term}' is not supported.`);
  return ({ body }) => String(read(body)).toLowerCase() === value.toLowerCase();
}
