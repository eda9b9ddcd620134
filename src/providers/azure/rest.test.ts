import { createEmptyPipeline, createHttpHeaders } from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { createRest } from './rest.ts';

const BASE = 'https://management.azure.com';

/** A list of two pages, the second under `link`; answers what was asked for, too. */
async function listed(link: string) {
  const asked: string[] = [];
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy({
    name: 'answers',
    async sendRequest(request) {
      asked.push(request.url);
      const body = asked.length === 1 ? { value: [1], nextLink: link } : { value: [2] };
      return { request, status: 200, headers: createHttpHeaders(), bodyAsText: JSON.stringify(body) };
    },
  });
  const found = createRest(BASE, pipeline).list(z.number(), { method: 'GET', path: '/subscriptions/s/x' });
  return {
    asked,
    found: await found.then(
      ({ items }) => items,
      (error: unknown) => error,
    ),
  };
}

describe('the link to the next page', () => {
  it.each([`${BASE}/subscriptions/s/x?$skiptoken=2`, `${BASE}:443/subscriptions/s/x?$skiptoken=2`])(
    'is followed: %s',
    async (link) => {
      const { asked, found } = await listed(link);
      expect(found).toEqual([1, 2]);
      expect(asked).toEqual([`${BASE}/subscriptions/s/x`, `${BASE}/subscriptions/s/x?$skiptoken=2`]);
    },
  );

  it.each([
    'https://evil.example/subscriptions/s/x',
    'https://management.azure.com.evil.example/subscriptions/s/x',
    'https://management.azure.com@evil.example/subscriptions/s/x',
    'https://user@management.azure.com/subscriptions/s/x',
    'https://management.azure.com:444/subscriptions/s/x',
    'http://management.azure.com/subscriptions/s/x',
    '//evil.example/x',
    'no link',
  ])('takes no token elsewhere: %s', async (link) => {
    const { asked, found } = await listed(link);
    expect(found).toMatchObject({ type: 'Unavailable' });
    expect(asked).toHaveLength(1);
  });
});
