import { z } from 'zod';

import type { TimeWindow } from '../../../domain/evidence.ts';
import type { AzureClients } from '../clients.ts';
import type { FoundEvents, LogEvent } from './event.ts';
import { merge, quoted } from './event.ts';

/**
 * The fields that we use of an event; each may be missing or null.
 * https://learn.microsoft.com/rest/api/monitor/activity-logs/list
 */
const text = z.string().nullish();
const named = z.object({ value: text }).nullish();
const record = z.object({
  eventDataId: z.string().min(1),
  eventTimestamp: z.string().min(1),
  operationId: text,
  operationName: z.object({ value: z.string().min(1) }),
  caller: text,
  claims: z.record(z.string(), z.unknown()).nullish(),
  httpRequest: z.object({ clientIpAddress: text }).nullish(),
  resourceGroupName: text,
  resourceId: text,
  status: named,
  subStatus: named,
  properties: z.record(z.string(), z.unknown()).nullish(),
});
export type ActivityRecord = z.output<typeof record>;

const OBJECT_ID = 'http://schemas.microsoft.com/identity/claims/objectidentifier';
const STARTED = new Set(['started', 'accepted']);

/** Whom the log's `caller` may mean: object id, application id or user principal name, whichever the operation wrote down. */
export interface Caller {
  readonly objectId: string;
  readonly names: readonly string[];
}

export async function findCalls(
  clients: AzureClients,
  subscriptions: readonly string[],
  caller: Caller,
  window: TimeWindow,
): Promise<FoundEvents> {
  const parts = subscriptions.flatMap((id) =>
    caller.names.map(async (name) => {
      const { items, cut } = await listRecords(clients, id, window, `caller eq ${quoted(name)}`);
      return { events: operations(items.filter((one) => isBy(caller, one))), cut };
    }),
  );
  return merge(await Promise.all(parts));
}

/** Role assignments that anybody made for the principal, or took from it. */
export async function findRoleChanges(
  clients: AzureClients,
  subscriptions: readonly string[],
  objectId: string,
  window: TimeWindow,
): Promise<FoundEvents> {
  const parts = subscriptions.map(async (id) => {
    const { items, cut } = await listRecords(clients, id, window, `resourceProvider eq 'Microsoft.Authorization'`);
    const about = new Set(items.filter((one) => concerns(objectId, one)).map(operationIdOf));
    return {
      events: operations(items.filter((one) => about.has(operationIdOf(one)))).filter(({ write }) => write),
      cut,
    };
  });
  return merge(await Promise.all(parts));
}

/** Whom an assignment is for stands in the body of the request, or of the answer where it was taken away; the log keeps both as texts. */
function concerns(objectId: string, { properties }: ActivityRecord): boolean {
  const bodies = [properties?.['requestbody'], properties?.['responseBody']].filter((body) => typeof body === 'string');
  return bodies.some((body) => body.toLowerCase().replaceAll(/\s/gu, '').includes(`"principalid":"${objectId}"`));
}

/** All that happened to one resource, as the log has it: for what it was before somebody changed it. */
export async function findRecords(
  clients: AzureClients,
  subscription: string,
  resourceId: string,
  window: TimeWindow,
): Promise<readonly ActivityRecord[]> {
  return (await listRecords(clients, subscription, window, `resourceUri eq ${quoted(resourceId)}`)).items;
}

/** The claims of the token that made the call say more than `caller`, which can be a name. */
export function isBy({ objectId, names }: Caller, { claims, caller }: ActivityRecord): boolean {
  const claimed = claims?.[OBJECT_ID];
  if (typeof claimed === 'string') return claimed.toLowerCase() === objectId;
  return names.some((name) => name.toLowerCase() === caller?.toLowerCase());
}

async function listRecords({ arm }: AzureClients, subscription: string, { from, to }: TimeWindow, also: string) {
  const path = `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values`;
  const $filter = `eventTimestamp ge '${from}' and eventTimestamp le '${to}' and ${also}`;
  return arm.list(record, { method: 'GET', path, query: { 'api-version': '2015-04-01', $filter } });
}

const operationIdOf = ({ operationId, eventDataId }: ActivityRecord) => operationId || eventDataId;

/** One event an operation: its end, or its beginning where the end is not in the log (yet), which counts as a success. */
function operations(records: readonly ActivityRecord[]): readonly LogEvent[] {
  const byOperation = Map.groupBy(records, (one) => `${operationIdOf(one)} ${one.operationName.value.toLowerCase()}`);
  return [...byOperation.values()].map((events) => {
    const end = events.find(({ status }) => !STARTED.has(status?.value?.toLowerCase() ?? '')) ?? events[0];
    return event(end as ActivityRecord);
  });
}

function event(found: ActivityRecord): LogEvent {
  const operation = found.operationName.value.toLowerCase();
  const [service = '', ...rest] = operation.split('/');
  return {
    id: found.eventDataId,
    at: new Date(found.eventTimestamp).toISOString(),
    api: `${service}:${rest.join('/')}`,
    address: found.httpRequest?.clientIpAddress ?? '',
    userAgent: '',
    resourceGroup: (found.resourceGroupName ?? '').toLowerCase(),
    target: found.resourceId ?? '',
    keyId: '',
    outcome: outcomeOf(found),
    write: /\/(?:write|delete|action)$/u.test(operation),
  };
}

function outcomeOf({ status, subStatus }: ActivityRecord): LogEvent['outcome'] {
  if (status?.value?.toLowerCase() !== 'failed') return 'succeeded';
  return /^(?:forbidden|unauthorized)$/iu.test(subStatus?.value ?? '') ? 'denied' : 'failed';
}
