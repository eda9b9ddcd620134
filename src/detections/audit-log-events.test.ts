import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

import { logging_v2 as logging } from '@googleapis/logging';
import { OAuth2Client } from 'google-auth-library';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { listAuditEntries } from './audit-log-events.ts';
import { auditEntry } from './testing/events.ts';

/** A server that speaks the wire format of entries:list: the real SDK client pages through it. */
let server: Server;
let client: logging.Logging;
let pages: readonly (readonly unknown[])[];
let requests: Record<string, unknown>[];

beforeEach(async () => {
  requests = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = (await json(request)) as Record<string, unknown>;
    requests.push(asked);
    const index = Number(asked['pageToken'] ?? 0);
    const more = index + 1 < pages.length ? { nextPageToken: String(index + 1) } : {};
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ entries: pages[index], ...more }));
  };
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const auth = new OAuth2Client();
  auth.setCredentials({ access_token: 'test' });
  const rootUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  client = new logging.Logging({ rootUrl, auth, retryConfig: { retry: 0 } });
});

afterEach(() => server.close());

const entry = (insertId: string) => ({ ...auditEntry('storage.buckets.list'), insertId });
const window = { from: new Date('2026-11-18T11:00:00Z'), to: new Date('2026-11-18T12:00:00Z') };

test('reads every page of the window, each entry once', async () => {
  pages = [[entry('a'), entry('b')], [entry('b'), entry('c')], []];
  const { events, truncated } = await listAuditEntries(client, ['shop-prod', 'shop-test'], window);
  expect(events.map(({ insertId }) => insertId)).toEqual(['a', 'b', 'c']);
  expect(truncated).toBe(false);
  expect(requests).toMatchObject([
    {
      resourceNames: ['projects/shop-prod', 'projects/shop-test'],
      filter:
        'logName:"cloudaudit.googleapis.com" AND timestamp>="2026-11-18T11:00:00.000Z" AND timestamp<="2026-11-18T12:00:00.000Z"',
    },
    { pageToken: '1' },
    { pageToken: '2' },
  ]);
});

test('the same insert id in another log is another entry', async () => {
  const logName = 'projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity';
  pages = [[entry('a'), { ...entry('a'), logName }]];
  expect((await listAuditEntries(client, ['shop-prod'], window)).events).toHaveLength(2);
});

test('says so when the budget of pages ends before the log', async () => {
  pages = [[entry('a')], [entry('b')], [entry('c')]];
  expect(await listAuditEntries(client, ['shop-prod'], window, 2)).toMatchObject({
    events: [{ insertId: 'a' }, { insertId: 'b' }],
    truncated: true,
  });
});

test.each([
  ['without a time', { ...entry('x'), timestamp: undefined }],
  ['without a payload', { ...entry('x'), protoPayload: undefined }],
])('an entry %s is an error, never skipped', async (_, broken) => {
  pages = [[entry('a'), broken]];
  await expect(listAuditEntries(client, ['shop-prod'], window)).rejects.toThrow(/An entry of the audit log lacks/u);
});
