import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { cordon, scratch } from './cordon.ts';
import type { Answer } from './listener.ts';
import { listen } from './listener.ts';

const SECRET = 'canary-hmac-6b1d';
const CONFIG =
  'sources:\n  generic: {type: hmac, secret: {env: HMAC}}\n  guardduty: {type: bearer, secret: {env: BEARER}}\n';
const ENV = { HMAC: SECRET, BEARER: SECRET };
const ACCEPTED = { alertId: 'al_1', workflowId: 'alert-al_1', status: 'accepted' };
const accepted = (): Answer => ({ status: 202, body: { ...ACCEPTED, alerts: [ACCEPTED] } });

/** Not JSON as one would write it: every byte counts, so every byte must arrive. */
const BODY = '{ "title":"caf\u00e9 \u0000\u2028" ,\n\t"a": 1.0 }\r\n';

test('the bytes of the file are signed and sent as they are', async () => {
  await using server = await listen(accepted);
  const cwd = await scratch({ 'cordon.yaml': CONFIG, 'alert.json': BODY });
  const before = Math.floor(Date.now() / 1000);
  const result = await cordon(['alert', 'send', 'alert.json', '--source', 'generic', '--url', server.url, '--json'], {
    cwd,
    env: ENV,
  });
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(result.stdout)).toEqual({ alerts: [ACCEPTED] });

  const [request] = server.received;
  expect(request).toMatchObject({ method: 'POST', path: '/v1/alerts/generic', body: Buffer.from(BODY) });
  const timestamp = String(request?.headers['x-cordon-timestamp']);
  expect(Number(timestamp)).toBeGreaterThanOrEqual(before);
  const expected = createHmac('sha256', SECRET).update(`v1:${timestamp}:${BODY}`).digest('hex');
  expect(request?.headers['x-cordon-signature']).toBe(`v1=${expected}`);
});

test('standard input and a bearer token', async () => {
  await using server = await listen(accepted);
  const cwd = await scratch({ 'cordon.yaml': `server: {publicUrl: '${server.url}'}\n${CONFIG}` });
  const result = await cordon(['alert', 'send', '-', '--source', 'guardduty'], { cwd, env: ENV, stdin: BODY });
  expect(result.status).toBe(0);
  expect(result.stdout).toMatch(/al_1 +alert-al_1 +accepted/u);
  expect(server.received[0]?.body).toEqual(Buffer.from(BODY));
  expect(server.received[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
});

test('a refusal is shown field by field, inert, with status 1', async () => {
  await using server = await listen(() => ({
    status: 422,
    headers: { 'content-type': 'application/problem+json' },
    body: {
      type: 'urn:cordon:problem:alert-invalid',
      title: 'The alert does not fit its format',
      status: 422,
      detail: 'red \u001b[31m alert',
      errors: [{ pointer: '/severity', detail: 'one of \u202elow' }],
    },
  }));
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  const result = await cordon(['alert', 'send', '-', '--source', 'generic', '--url', server.url], { cwd, env: ENV });
  expect(result).toMatchObject({ status: 1, stdout: '' });
  expect(result.stderr).toBe(
    'The alert does not fit its format: red \\x1b[31m alert (422)\n  /severity: one of \\u{202e}low\n',
  );
});

test('a secret that is missing is named, and one that is there is never shown', async () => {
  await using elsewhere = await listen(accepted);
  await using server = await listen(() => ({ status: 307, headers: { location: elsewhere.url }, body: {} }));
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  const send = (env: Readonly<Record<string, string>>, url: string) =>
    cordon(['alert', 'send', '-', '--source', 'guardduty', '--url', url], { cwd, env });

  const missing = await send({}, server.url);
  expect(missing).toMatchObject({ status: 2 });
  expect(missing.stderr).toContain('BEARER is not set');

  const redirected = await send(ENV, server.url);
  expect(redirected.status).toBe(1);
  expect(elsewhere.received).toEqual([]);

  const away = await send(ENV, 'http://127.0.0.1:1');
  expect(away).toMatchObject({ status: 1 });
  expect(away.stderr).toContain('cordon up');
  for (const result of [missing, redirected, away]) expect(`${result.stdout}${result.stderr}`).not.toContain(SECRET);
});

test('an address with a password in it is refused, and the password is not shown', async () => {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  const result = await cordon(['alert', 'send', '-', '--source', 'generic', '--url', `http://u:${SECRET}@127.0.0.1`], {
    cwd,
    env: ENV,
  });
  expect(result.status).toBe(2);
  expect(result.stderr).not.toContain(SECRET);
});

test('a file that is not there is a usage error', async () => {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  const result = await cordon(['alert', 'send', join('no', 'file'), '--source', 'generic'], { cwd, env: ENV });
  expect(result.status).toBe(2);
  expect(result.stderr).toContain('ENOENT');
});
