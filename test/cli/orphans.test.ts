import { expect, test } from 'vitest';

import type { OrphanReport } from '../../src/domain/orphan.ts';
import { cordon } from './cordon.ts';
import { listen } from './listener.ts';
import { HOSTILE } from './plans.ts';

const TOKEN = 'canary-token-77ab';
const clean: OrphanReport = {
  sweptAt: '2026-06-01T12:00:00.000Z',
  places: [{ cloud: 'aws', accountId: '123456789012', marks: 2 }],
  orphans: [],
  untold: [],
};
const found: OrphanReport = {
  ...clean,
  orphans: [{ key: 'k', kind: 'change', name: `inline policy ${HOSTILE}`, why: HOSTILE, remedy: 'aws iam delete it' }],
};

/** A server whose sweep takes a moment, and ends so. */
function serving(status: string, report?: OrphanReport) {
  let asked = 0;
  return listen(({ method }) => {
    if (method === 'POST') return { status: 202, body: { status: 'started' } };
    asked += 1;
    return { body: asked === 1 ? { status: 'running' } : { status, ...(report ? { report } : {}) } };
  });
}

const orphans = (url: string, ...args: readonly string[]) =>
  cordon(['orphans', ...args], { env: { CORDON_URL: url, CORDON_TOKEN: TOKEN } });

test('nothing found: status 0, and where was looked', async () => {
  await using server = await serving('done', clean);
  const result = await orphans(server.url);
  expect(result).toMatchObject({ status: 0, stdout: expect.stringContaining('aws 123456789012 (2 marks)') as string });
  expect(server.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/orphans/sweep',
    'GET /v1/orphans',
    'GET /v1/orphans',
  ]);
  for (const { headers } of server.received) expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
});

test('something found: status 1, with what to do; what others wrote is inert', async () => {
  await using server = await serving('done', found);
  const result = await orphans(server.url);
  expect(result.status).toBe(1);
  expect(result.stdout).toMatch(/^change +inline policy /mu);
  expect(result.stdout).toMatch(/^ {2}→ aws iam delete it$/mu);
  expect(result.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(result.stdout).not.toMatch(/^1\. Harmless/mu);
  await using again = await serving('done', found);
  const json = await orphans(again.url, '--json');
  expect([json.status, JSON.parse(json.stdout)]).toEqual([1, found]);
});

test.each(['failed', 'none'])('a sweep that is %s is never taken for clean', async (status) => {
  await using server = await serving(status);
  const result = await orphans(server.url);
  expect(result).toMatchObject({ status: 1, stdout: '' });
  expect(result.stderr).toContain('nothing is known');
});
