import type { TimeWindow } from '../../../domain/evidence.ts';
import type { GcpClients } from '../clients.ts';
import type { GcpSettings } from '../settings.ts';
import type { LogEvent } from './event.ts';
import { readEvent } from './event.ts';
import { logReach } from './reach.ts';

export interface FoundEvents {
  /** Each event once, newest first. */
  readonly events: readonly LogEvent[];
  /**
   * ISO 8601: up to here, going back in time, the log was read; events before it may be missing. Null when all of the window was
   * read, in every log, and every entry was understood.
   */
  readonly completeFrom: string | null;
}

/** Reads the audit logs of all projects and of what they lie in. `filter` is in Google's query language; values in it are quoted by `quoted`. */
export type Lookup = (filter: string, window: TimeWindow) => Promise<FoundEvents>;

const PAGE = 1000;
/** Google allows 60 reads a minute and project. */
const MOST_PAGES = 20;

export function createLookup(clients: GcpClients, { projects }: GcpSettings): Lookup {
  return async (filter, window) => {
    const events: LogEvent[] = [];
    const { names, whole } = await logReach(clients, projects);
    let complete = whole;
    let pageToken: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const { data } = await clients.logging.entries.list({
        requestBody: {
          resourceNames: [...names],
          filter: `logName:"cloudaudit.googleapis.com" AND ${between(window)} AND (${filter})`,
          orderBy: 'timestamp desc',
          pageSize: PAGE,
          ...(pageToken ? { pageToken } : {}),
        },
      });
      const read = (data.entries ?? []).map(readEvent);
      complete &&= !read.includes(null);
      events.push(...read.filter((event) => event !== null));
      pageToken = data.nextPageToken ?? undefined;
      if (!pageToken) return { events: once(events), completeFrom: complete ? null : window.to };
    }
    // Newest first: what the budget cut off lies before the oldest entry that was read.
    return { events: once(events), completeFrom: (complete && events.at(-1)?.at) || window.to };
  };
}

/** A text in a filter. What could end it is not in any value that gets here; still nothing gets past the quotes. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/gu, '\\$&')}"`;
}

function between({ from, to }: TimeWindow): string {
  return `timestamp>=${quoted(from)} AND timestamp<=${quoted(to)}`;
}

function once(events: readonly LogEvent[]): readonly LogEvent[] {
  return [...new Map(events.map((event) => [event.id, event])).values()];
}
