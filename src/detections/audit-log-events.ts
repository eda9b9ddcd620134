import type { logging_v2 as logging } from '@googleapis/logging';
import { z } from 'zod';

import type { LogEvent } from './event.ts';
import type { ReadEvents, Window } from './window.ts';

const record = z.looseObject({
  insertId: z.string().min(1),
  timestamp: z.iso.datetime({ offset: true }),
  logName: z.string(),
  protoPayload: z.looseObject({ methodName: z.string().min(1) }),
});
const MOST_ENTRIES = 1000;

/**
 * All entries of the audit logs of these projects in an inclusive window, each once. Data Access logs, in which reads are, are
 * off by default in Google Cloud, and left out without a word for who lacks `logging.privateLogEntries.list`. Throws the SDK's
 * errors, and on an entry that it can't read.
 */
export async function listAuditEntries(
  client: logging.Logging,
  projects: readonly string[],
  { from, to }: Window,
  mostPages = 50,
): Promise<ReadEvents> {
  const events = new Map<string, LogEvent>();
  const filter =
    `logName:"cloudaudit.googleapis.com" AND timestamp>="${from.toISOString()}" AND ` +
    `timestamp<="${to.toISOString()}"`;
  let pageToken: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const { data } = await client.entries.list({
      requestBody: {
        resourceNames: projects.map((id) => `projects/${id}`),
        filter,
        orderBy: 'timestamp asc',
        pageSize: MOST_ENTRIES,
        ...(pageToken ? { pageToken } : {}),
      },
    });
    for (const entry of data.entries ?? []) {
      const event = parseEntry(entry);
      // An insert id is unique in one log and at one time only.
      events.set(`${event.logName} ${event.timestamp} ${event.insertId}`, event);
    }
    pageToken = data.nextPageToken ?? undefined;
    if (pageToken === undefined) return { events: [...events.values()], truncated: false };
  }
  return { events: [...events.values()], truncated: true };
}

function parseEntry(entry: unknown): z.infer<typeof record> {
  const result = record.safeParse(entry);
  if (result.success) return result.data;
  throw new Error(`An entry of the audit log lacks what every one has: ${z.prettifyError(result.error)}`);
}
