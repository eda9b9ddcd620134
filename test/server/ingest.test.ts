import { readFileSync } from 'node:fs';
import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { signatureHeaders } from '../../src/server/signature.ts';
import { problemOf, SECRETS, serve, until, type Serving } from './serving.ts';

const fixture = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../src/sources/${path}`, import.meta.url), 'utf8')) as Record<string, unknown>;
const ALERT = fixture('generic/fixtures/discovery-burst.json');
const alert = (id: string) => ({ ...ALERT, id });
const signed = (body: string, at = new Date(), secret = SECRETS.sources.generic) => signatureHeaders(secret, body, at);
const bearer = { authorization: `Bearer ${SECRETS.sources.guardduty}` };

interface Answer {
  readonly alertId: string;
  readonly workflowId: string;
  readonly status: string;
  readonly alerts: readonly Omit<Answer, 'alerts'>[];
}

let server: Serving;
beforeAll(async () => void (server = await serve()));
afterAll(() => server.close());

describe('an alert', () => {
  it('is stored, answered with 202, and its workflow started once', async () => {
    const response = await server.send(alert('first'));
    const answer = (await response.json()) as Answer;
    expect(response.status).toBe(202);
    expect(answer).toMatchObject({ status: 'accepted', workflowId: `alert-${answer.alertId}` });
    expect(JSON.parse((await server.store.alerts.raw(answer.alertId)) ?? '')).toEqual(alert('first'));
    await until(async () => (await server.store.alerts.get(answer.alertId))?.delivery === 'delivered');
    const again = (await (await server.send(alert('first'))).json()) as Answer;
    expect(again).toMatchObject({ ...answer, status: 'duplicate', alerts: [{ status: 'duplicate' }] });
    expect(server.cases.started.get(answer.workflowId)).toBe(1);
  });

  it('sent fifty times at once is accepted once', async () => {
    const responses = await Promise.all(Array.from({ length: 50 }, () => server.send(alert('fifty'))));
    const answers = (await Promise.all(responses.map((response) => response.json()))) as Answer[];
    expect(responses.every(({ status }) => status === 202)).toBe(true);
    expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1);
    expect(new Set(answers.map(({ workflowId }) => workflowId)).size).toBe(1);
    await until(async () => (await server.store.alerts.waiting(1)).length === 0);
    expect(server.cases.started.get(answers[0]?.workflowId ?? '')).toBe(1);
  });

  it('of GuardDuty comes with a bearer token, several findings in one body and one answer', async () => {
    const body = JSON.stringify(fixture('guardduty/fixtures/get-findings.json'));
    const response = await server.post('/v1/alerts/guardduty', body, bearer);
    const { alerts, ...first } = (await response.json()) as Answer;
    expect(response.status).toBe(202);
    expect(alerts).toHaveLength(2);
    expect(first).toEqual(alerts[0]);
    for (const { alertId } of alerts) expect(await server.store.alerts.get(alertId)).not.toBeNull();
  });
});

describe('refused with a problem document, nothing stored and nothing started', () => {
  const text = JSON.stringify(alert('refused'));
  const path = '/v1/alerts/generic';
  const long = JSON.stringify({ ...alert('refused'), title: 'x'.repeat(1024 * 1024) });
  const old = new Date(Date.now() - 600_000);
  const early = new Date(Date.now() + 600_000);
  const without = (header: string, headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name !== header));
  const wrong = JSON.stringify({ ...alert('refused'), firstSeen: 'yesterday', severity: 'HIGH' });
  const latin = Buffer.from('{"id":"\xff"}', 'latin1');

  it.each<[what: string, status: number, field: string | undefined, () => Promise<Response>]>([
    ['no JSON', 400, undefined, () => server.post(path, '{"id":', signed('{"id":'))],
    ['no body', 400, undefined, () => server.post(path, '', signed(''))],
    [
      'no UTF-8',
      400,
      undefined,
      () => server.post(path, latin, signatureHeaders(SECRETS.sources.generic, latin, new Date())),
    ],
    ['too large', 413, undefined, () => server.post(path, long, signed(long))],
    ['other content', 415, undefined, () => server.post(path, text, { ...signed(text), 'content-type': 'text/plain' })],
    ['schema', 422, '/severity', () => server.post(path, wrong, signed(wrong))],
    ['unknown source', 404, undefined, () => server.post('/v1/alerts/nobody', text, signed(text))],
    ['a source like a prototype', 404, undefined, () => server.post('/v1/alerts/__proto__', text, signed(text))],
    ['no signature', 401, 'x-cordon-timestamp', () => server.post(path, text)],
    [
      'only a timestamp',
      401,
      'x-cordon-signature',
      () => server.post(path, text, without('x-cordon-signature', signed(text))),
    ],
    ['old timestamp', 401, 'x-cordon-timestamp', () => server.post(path, text, signed(text, old))],
    ['a timestamp to come', 401, 'x-cordon-timestamp', () => server.post(path, text, signed(text, early))],
    ['wrong secret', 401, 'x-cordon-signature', () => server.post(path, text, signed(text, new Date(), 'other'))],
    ['another body', 401, 'x-cordon-signature', () => server.post(path, text, signed(`${text} `))],
    [
      'a timestamp that was not signed',
      401,
      'x-cordon-signature',
      () =>
        server.post(path, text, {
          ...signed(text, new Date(Date.now() - 60_000)),
          'x-cordon-timestamp': String(Math.floor(Date.now() / 1000)),
        }),
    ],
    ['no token', 401, 'authorization', () => server.post('/v1/alerts/guardduty', '{}')],
    [
      'wrong token',
      401,
      'authorization',
      () => server.post('/v1/alerts/guardduty', '{}', { authorization: 'Bearer wrong' }),
    ],
    ["another source's method", 401, 'authorization', () => server.post('/v1/alerts/guardduty', text, signed(text))],
    ['no finding', 422, '', () => server.post('/v1/alerts/guardduty', '[]', bearer)],
  ])('%s: %d %s', async (_, status, field, send) => {
    const before = await server.store.alerts.list(1_000);
    const { document, ...answer } = await problemOf(await send());
    expect(answer).toEqual({ status, type: expect.stringMatching(/^application\/problem\+json\b/u) });
    expect(document).toMatchObject({
      type: expect.stringMatching(/^urn:cordon:problem:/u),
      title: expect.any(String),
      status,
      instance: expect.stringMatching(/^urn:uuid:/u),
    });
    if (field !== undefined) {
      expect(document.errors?.map(({ pointer, header }) => pointer ?? header)).toContain(field);
    }
    expect(JSON.stringify(document)).not.toMatch(/stack|node_modules|yesterday|HIGH|generic-hmac-secret/u);
    expect(await server.store.alerts.list(1_000)).toEqual(before);
  });

  it('a body that never ends is cut off, not read to its end', async () => {
    const { hostname, port } = new URL(server.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const endless = request({
        hostname,
        port,
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      endless.once('response', (response) => resolve(response.statusCode));
      endless.once('error', reject);
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const more = () => {
        while (!endless.destroyed && endless.write(chunk));
        endless.once('drain', more);
      };
      more();
    });
    expect(status).toBe(413);
  });
});

describe('a log reader', () => {
  it('is not tricked by keys, text or paths of an attacker: one JSON object a line, only visible characters', async () => {
    const forged = 'x\n{"level":"info","msg":"Decision made: approve"}\r\u001b[2K\u009b2J\u202e\u2028';
    const before = server.log.length;
    await server.send({ ...alert('forged'), title: forged, principal: { userName: forged } });
    await server.send({ ...alert('forged'), [forged]: 1 });
    await server.post(`/v1/alerts/${encodeURIComponent(forged)}`, '{}');
    await server.post('/v1/alerts/generic', '{}', { 'x-cordon-timestamp': '1' });
    await fetch(`${server.url}/${encodeURIComponent(forged)}`);
    const lines = server.log.slice(before);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+\n$/u);
      expect(JSON.parse(line)).not.toHaveProperty('msg', 'Decision made: approve');
    }
  });

  it('finds no secret', () => {
    for (const secret of Object.values(SECRETS.sources)) expect(server.log.join('')).not.toContain(secret);
  });
});
