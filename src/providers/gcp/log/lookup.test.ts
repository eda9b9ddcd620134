import { describe, expect, it } from 'vitest';

import type { GcpClients } from '../clients.ts';
import { createLookup, quoted } from './lookup.ts';

const WINDOW = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' };

/** A log that gives out one entry a page, each older than the one before. */
function logOf(pages: number, entry: (page: number) => object = entryOf): GcpClients {
  const list = async ({ requestBody }: { requestBody: { pageToken?: string } }) => {
    const page = Number(requestBody.pageToken ?? 0);
    return { data: { entries: [entry(page)], ...(page + 1 < pages ? { nextPageToken: String(page + 1) } : {}) } };
  };
  const everything = async ({ requestBody }: { requestBody: { permissions: readonly string[] } }) => ({
    data: { permissions: requestBody.permissions },
  });
  const projects = { get: async () => ({ data: { name: 'projects/1' } }), testIamPermissions: everything };
  return { logging: { entries: { list } }, resources: { projects } } as unknown as GcpClients;
}

function entryOf(page: number): object {
  const timestamp = new Date(Date.parse(WINDOW.to) - page * 60_000).toISOString();
  return { insertId: `${page}`, timestamp, protoPayload: { serviceName: 'iam.googleapis.com', methodName: 'X' } };
}

const look = (clients: GcpClients) =>
  createLookup(clients, { projects: ['shop-prod'], logDelaySeconds: 0, propagationSeconds: 0 })('x="y"', WINDOW);

describe('a look-up in the log', () => {
  it('is complete when all pages were read', async () => {
    const { events, completeFrom } = await look(logOf(5));
    expect({ events: events.length, completeFrom }).toEqual({ events: 5, completeFrom: null });
  });

  it('says from where it is complete when the budget of pages ended it', async () => {
    const { events, completeFrom } = await look(logOf(1000));
    expect(completeFrom).toBe(events.at(-1)?.at);
    expect(events.length).toBeLessThan(100);
  });

  it('is complete from nowhere when there was an entry that it can not read', async () => {
    const { events, completeFrom } = await look(logOf(3, (page) => (page === 1 ? { insertId: '?' } : entryOf(page))));
    expect({ events: events.length, completeFrom }).toEqual({ events: 2, completeFrom: WINDOW.to });
  });

  it('counts an entry once that comes on two pages', async () => {
    expect((await look(logOf(3, () => entryOf(0)))).events).toHaveLength(1);
  });
});

it('lets no value out of its quotes', () => {
  expect(quoted('a" OR b="c\\')).toBe('"a\\" OR b=\\"c\\\\"');
});
