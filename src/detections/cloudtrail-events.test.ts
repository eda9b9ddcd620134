import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudTrailClient as Client } from '@aws-sdk/client-cloudtrail';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { lookUpEvents } from './cloudtrail-events.ts';
import { event } from './testing/events.ts';

/** A server that speaks the wire format of LookupEvents: the real SDK client pages through it. */
let server: Server;
let client: CloudTrailClient;
let pages: readonly (readonly { EventId?: string; CloudTrailEvent?: string }[])[];
let requests: Record<string, unknown>[];

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const asked = JSON.parse(body) as Record<string, unknown>;
      requests.push(asked);
      const index = Number(asked.NextToken ?? 0);
      const more = index + 1 < pages.length ? { NextToken: String(index + 1) } : {};
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ Events: pages[index], ...more }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIATESTEXAMPLE', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});

afterEach(() => {
  client.destroy();
  server.close();
});

const record = (eventID: string) => ({ EventId: eventID, CloudTrailEvent: JSON.stringify(event({ eventID })) });
const window = { from: new Date('2026-11-18T11:00:00Z'), to: new Date('2026-11-18T12:00:00Z') };

test('reads every page of the window, each event once', async () => {
  pages = [[record('a'), record('b')], [record('b'), record('c')], []];
  const { events, truncated } = await lookUpEvents(client, window);
  expect(events.map(({ eventID }) => eventID)).toEqual(['a', 'b', 'c']);
  expect(truncated).toBe(false);
  expect(requests).toMatchObject([
    { StartTime: window.from.getTime() / 1000, MaxResults: 50 },
    { NextToken: '1' },
    { NextToken: '2' },
  ]);
});

test('says so when the budget of pages ends before the log', async () => {
  pages = [[record('a')], [record('b')], [record('c')]];
  expect(await lookUpEvents(client, window, 2)).toMatchObject({
    events: [{ eventID: 'a' }, { eventID: 'b' }],
    truncated: true,
  });
  expect((await lookUpEvents(client, window, 3)).truncated).toBe(false);
});

test.each([
  [{ EventId: 'x' }, 'CloudTrail event x came without its record'],
  [{ EventId: 'x', CloudTrailEvent: '{' }, 'CloudTrail event x is not JSON'],
  [{ EventId: 'x', CloudTrailEvent: '{"eventName":"A"}' }, /event x lacks .*eventTime/su],
])('a record that can not be read is an error, never skipped: %j', async (broken, message) => {
  pages = [[record('a'), broken]];
  await expect(lookUpEvents(client, window)).rejects.toThrow(message);
});
