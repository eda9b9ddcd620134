import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { paginateLookupEvents } from '@aws-sdk/client-cloudtrail';
import { z } from 'zod';

import type { ReadEvents, Window } from './window.ts';

/** A CloudTrail record, the parsed `CloudTrailEvent` of LookupEvents or a line of a log file; only what is read is named. */
export interface CloudTrailEvent {
  readonly eventID?: string;
  /** ISO 8601, UTC, whole seconds. */
  readonly eventTime: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly awsRegion: string;
  readonly sourceIPAddress?: string;
  readonly userIdentity?: { readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

const record = z.looseObject({
  eventID: z.string().optional(),
  eventTime: z.iso.datetime(),
  eventName: z.string(),
  eventSource: z.string(),
  awsRegion: z.string(),
  sourceIPAddress: z.string().optional(),
  userIdentity: z.looseObject({}).optional(),
});

/**
 * All events of one account and region in an inclusive window, each once. LookupEvents gives 50 a page, 2 pages a second and
 * 90 days back, and lags by minutes. Throws the SDK's errors, and on a record that it can't read.
 */
export async function lookUpEvents(
  client: CloudTrailClient,
  window: Window,
  mostPages = 200,
): Promise<ReadEvents<CloudTrailEvent>> {
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
