import type { CloudTrailClient, LookupAttributeKey } from '@aws-sdk/client-cloudtrail';
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';

import type { TimeWindow } from '../../../domain/evidence.ts';
import type { AwsClients, AwsSettings } from '../clients.ts';
import type { LogEvent } from './event.ts';
import { readEvent } from './event.ts';

export interface FoundEvents {
  /** Each event once, newest first. */
  readonly events: readonly LogEvent[];
  /**
   * ISO 8601: up to here, going back in time, the log was read; events before it may be missing. Null when all of the window was
   * read and every record was understood.
   */
  readonly completeFrom: string | null;
}

/**
 * Reads CloudTrail of all regions of the log by one attribute; LookupEvents takes no more than one. `pages`: fewer than the
 * settings allow, of 50 events each, the newest first.
 */
export type Lookup = (attribute: LogAttribute, window: TimeWindow, pages?: number) => Promise<FoundEvents>;

export interface LogAttribute {
  readonly key: LookupAttributeKey;
  readonly value: string;
}

/** The limiters live as long as the provider, so that all its look-ups in a region share one. */
export function createLookup(clients: AwsClients, settings: AwsSettings): Lookup {
  const perSecond = settings.lookupsPerSecond ?? 2;
  const most = settings.lookupPages ?? 40;
  const regions = [...clients.cloudtrail.values()].map((client) => ({ client, turn: createLimiter(perSecond) }));
  return async (attribute, window, pages = most) =>
    merge(await Promise.all(regions.map((region) => lookUp(region, attribute, window, Math.min(pages, most)))));
}

async function lookUp(
  region: { readonly client: CloudTrailClient; readonly turn: () => Promise<void> },
  attribute: LogAttribute,
  window: TimeWindow,
  pages: number,
): Promise<FoundEvents> {
  const events: LogEvent[] = [];
  let unreadable = false;
  let token: string | undefined;
  for (let page = 0; page < pages; page++) {
    await region.turn();
    const answer = await region.client.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: attribute.key, AttributeValue: attribute.value }],
        StartTime: new Date(Math.floor(Date.parse(window.from) / 1000) * 1000),
        EndTime: new Date(window.to),
        MaxResults: 50,
        ...(token ? { NextToken: token } : {}),
      }),
    );
    const read = (answer.Events ?? []).map((event) => readEvent(event.CloudTrailEvent));
    unreadable ||= read.includes(null);
    events.push(...read.filter((event) => event !== null));
    token = answer.NextToken;
    if (!token) return { events, completeFrom: unreadable ? window.to : null };
  }
  // Newest first: what the budget cut off lies before the oldest event that was read.
  return { events, completeFrom: unreadable ? window.to : (events.at(-1)?.at ?? window.to) };
}

/** Complete only from where every part is. */
export function merge(parts: readonly FoundEvents[]): FoundEvents {
  const byId = new Map(parts.flatMap(({ events }) => events.map((event) => [event.id, event])));
  const events = [...byId.values()].toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const gaps = parts.flatMap(({ completeFrom }) => (completeFrom === null ? [] : [completeFrom])).toSorted();
  return { events, completeFrom: gaps.at(-1) ?? null };
}

/**
 * Gives out turns in the order they were asked for, each a whole interval after the one before was really taken: turns that a busy
 * process took late must not come in a burst.
 */
export function createLimiter(perSecond: number): () => Promise<void> {
  const everyMs = 1000 / perSecond;
  let lastTurn = Promise.resolve(-Infinity);
  return async () => {
    lastTurn = lastTurn.then(async (beforeMs) => {
      // A timer may fire a little early.
      for (let waitMs; (waitMs = beforeMs + everyMs - performance.now()) > 0;)
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      return performance.now();
    });
    await lastTurn;
  };
}
