import { expect, test } from 'vitest';

import { cordon } from './cordon.ts';
import { listen } from './listener.ts';
import { CASE_ID, HOSTILE } from './plans.ts';

const TOKEN = 'canary-token-51ee';
const AT = '2026-06-01T12:00:00.000Z';
const stored = (alertId: string, more: object) => ({
  alert: { alertId, source: 'generic', title: `Burst ${HOSTILE}` },
  workflowId: `alert-${alertId}`,
  receivedAt: AT,
  delivery: 'delivered',
  ...more,
});
const ALERTS = [
  stored('al_3', { delivery: 'waiting' }),
  stored('al_2', { verdict: 'park' }),
  stored('al_1', { verdict: 'contain', caseId: CASE_ID }),
];

test('every alert is listed with its verdict and case, the parked ones too; titles stay inert', async () => {
  await using server = await listen(() => ({ body: { alerts: ALERTS } }));
  const env = { CORDON_URL: server.url, CORDON_TOKEN: TOKEN };
  const text = await cordon(['alert', 'list', '--limit', '7'], { env });
  expect(text.status, text.stderr).toBe(0);
  const lines = text.stdout.trim().split('\n');
  expect(lines).toHaveLength(4);
  for (const [line, parts] of [
    [lines[1], ['al_3', AT, 'generic', 'none yet', '-']],
    [lines[2], ['al_2', AT, 'generic', 'park', '-']],
    [lines[3], ['al_1', AT, 'generic', 'contain', CASE_ID]],
  ] as const) {
    expect(line?.split(/ {2,}/u).slice(0, 5)).toEqual(parts);
  }
  expect(text.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const [request] = server.received;
  expect(request).toMatchObject({ method: 'GET', path: '/v1/alerts?limit=7' });
  expect(request?.headers.authorization).toBe(`Bearer ${TOKEN}`);

  const json = await cordon(['alert', 'list', '--json'], { env });
  expect(JSON.parse(json.stdout)).toEqual({ alerts: ALERTS });
});

test('no alerts is said; no token is a usage error and asks nobody', async () => {
  await using server = await listen(() => ({ body: { alerts: [] } }));
  const listed = await cordon(['alert', 'list'], { env: { CORDON_URL: server.url, CORDON_TOKEN: TOKEN } });
  expect(listed).toMatchObject({ status: 0, stdout: 'No alerts.\n' });
  expect(await cordon(['alert', 'list'], { env: { CORDON_URL: server.url } })).toMatchObject({ status: 2, stdout: '' });
  expect(server.received).toHaveLength(1);
});

test('an alert is shown with its verdict and the reasons, inert', async () => {
  const reasons = [{ rule: 'allowlist:terraform', text: `Listed ${HOSTILE}` }];
  const [, , judged] = ALERTS;
  const body = { ...judged, alert: { ...judged?.alert, severity: 'high' }, reasons };
  await using server = await listen(() => ({ body }));
  const env = { CORDON_URL: server.url, CORDON_TOKEN: TOKEN };
  const text = await cordon(['alert', 'show', 'al_1'], { env });
  expect(text.status, text.stderr).toBe(0);
  expect(text.stdout).toContain('allowlist:terraform: Listed');
  expect(text.stdout).toMatch(new RegExp(`Case +${CASE_ID}`, 'u'));
  expect(text.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(server.received[0]).toMatchObject({ method: 'GET', path: '/v1/alerts/al_1' });
});
