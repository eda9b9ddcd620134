import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { paginateLookupEvents } from '@aws-sdk/client-cloudtrail';
import { z } from 'zod';

import type { CloudTrailEvent } from './event.ts';

const record = z.looseObject({
  eventID: z.string().optional(),
  eventTime: z.iso.datetime(),
  eventName: z.string(),
  eventSource: z.string(),
  awsRegion: z.string(),
  sourceIPAddress: z.string().optional(),
  userIdentity: z.looseObject({}).optional(),
});

export interface LookedUpEvents {
  readonly events: readonly CloudTrailEvent[];
  /** The page budget ended before the log did: what follows from these events is a part of the truth. */
  readonly truncated: boolean;
}

/**
 * All events of one account and region in an inclusive window, each once. LookupEvents gives 50 a page, 2 pages a second and
 * 90 days back, and lags by minutes. Throws the SDK's errors, and on a record that it can't read.
 */
export async function lookUpEvents(
  client: CloudTrailClient,
  window: { readonly from: Date; readonly to: Date },
  mostPages = 200,
): Promise<LookedUpEvents> {
  const events = new Map<string, CloudTrailEvent>();
  let pages = 0;
  const paginator = paginateLookupEvents({ client, pageSize: 50 }, { StartTime: window.from, EndTime: window.to });
  for await (const page of paginator) {
    for (const { CloudTrailEvent: text, EventId: id } of page.Events ?? []) {
      const event = parseEvent(text, id);
      events.set(event.eventID ?? id ?? `${events.size}`, event);
    }
    if (++pages >= mostPages && page.NextToken !== undefined) return { events: [...events.values()], truncated: true };
  }
  return { events: [...events.values()], truncated: false };
}

function parseEvent(text: string | undefined, id: string | undefined): CloudTrailEvent {
  const name = `CloudTrail event ${id ?? '(without id)'}`;
  if (text === undefined) throw new Error(`${name} came without its record.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${name} is not JSON.`);
  }
  const result = record.safeParse(json);
  if (!result.success) throw new Error(`${name} lacks what every record has: ${z.prettifyError(result.error)}`);
  return result.data as CloudTrailEvent;
}
