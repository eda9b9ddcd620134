import { z } from 'zod';

import type { LogEvent } from './event.ts';
import type { ReadEvents, Window } from './window.ts';

const record = z.looseObject({
  eventDataId: z.string().min(1),
  eventTimestamp: z.iso.datetime({ offset: true }),
  operationName: z.looseObject({ value: z.string().min(1) }),
  subscriptionId: z.string().optional(),
});
const page = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

/** GETs a path of Azure Resource Manager with a bearer token, and answers with the parsed JSON. Throws where it is refused. */
export type GetFromResourceManager = (path: string) => Promise<unknown>;

/**
 * All events of one subscription in an inclusive window, each once; 90 days back at most. Names of operations and ids of
 * subscriptions come in either case, and are lower case here. Throws on an event that it can't read, and what `get` throws.
 * https://learn.microsoft.com/rest/api/monitor/activity-logs/list
 */
export async function readActivityLog(
  get: GetFromResourceManager,
  subscriptionId: string,
  { from, to }: Window,
  mostPages = 200,
): Promise<ReadEvents> {
  const events = new Map<string, LogEvent>();
  const filter = `eventTimestamp ge '${from.toISOString()}' and eventTimestamp le '${to.toISOString()}'`;
  const path = `/subscriptions/${subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
  let next: string | undefined = `${path}?api-version=2015-04-01&$filter=${encodeURIComponent(filter)}`;
  for (let pages = 0; next !== undefined && pages < mostPages; pages++) {
    const answer: z.infer<typeof page> = checked(page, await get(next), 'A page of the activity log');
    for (const one of answer.value) {
      const event = checked(record, one, 'An event of the activity log');
      events.set(event.eventDataId, normalised(event));
    }
    next = answer.nextLink ? pathOf(answer.nextLink) : undefined;
  }
  return { events: [...events.values()], truncated: next !== undefined };
}

function normalised(event: z.infer<typeof record>): LogEvent {
  const { operationName, subscriptionId } = event;
  return {
    ...event,
    operationName: { ...operationName, value: operationName.value.toLowerCase() },
    ...(subscriptionId === undefined ? {} : { subscriptionId: subscriptionId.toLowerCase() }),
  };
}

/** Of the host that was asked, whichever one the link names: the token must not go elsewhere. */
function pathOf(link: string): string {
  const { pathname, search } = new URL(link, 'https://management.azure.com');
  return `${pathname}${search}`;
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, name: string): Value {
  const result = schema.safeParse(value);
  if (!result.success) throw new Error(`${name} lacks what every one has: ${z.prettifyError(result.error)}`);
  return result.data;
}
