import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { SECRETS, serve, storeCase, type Serving } from '../server/serving.ts';
import { cordon, scratch } from './cordon.ts';

const CONFIG =
  'sources:\n  generic: {type: hmac, secret: {env: HMAC}}\n  guardduty: {type: bearer, secret: {env: BEARER}}\n';
const FIXTURE = new URL('../../src/sources/generic/fixtures/discovery-burst.json', import.meta.url);

let server: Serving;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.close());

async function send(text: string, secret: string = SECRETS.sources.generic) {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  const env = { HMAC: secret, CORDON_URL: server.url };
  return cordon(['alert', 'send', '-', '--source', 'generic', '--json'], { cwd, env, stdin: text });
}

const asApprover = (token: string, ...args: readonly string[]) =>
  cordon(['case', ...args, '--json'], { env: { CORDON_URL: server.url, CORDON_TOKEN: token } });
const asDana = (...args: readonly string[]) => asApprover(SECRETS.approvers.dana, ...args);

test('the server takes what `alert send` signs, and knows it the second time', async () => {
  const text = await readFile(FIXTURE, 'utf8');
  const first = await send(text);
  expect(first.status, first.stderr).toBe(0);
  const { alerts } = JSON.parse(first.stdout) as { alerts: readonly { alertId: string; workflowId: string }[] };
  expect(alerts).toMatchObject([{ alertId: expect.stringMatching(/^al_/u) as string, status: 'accepted' }]);
  expect(JSON.parse((await send(text)).stdout)).toEqual({ alerts: [{ ...alerts[0], status: 'duplicate' }] });
});

test('an alert that does not fit, or is signed with another secret, is refused with the field or header', async () => {
  const wrong = await send(JSON.stringify({ title: 1 }));
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toMatch(/\(422\)\n {2}\//u);
  const forged = await send(await readFile(FIXTURE, 'utf8'), 'another secret');
  expect(forged.status).toBe(1);
  expect(forged.stderr).toContain('x-cordon-signature');
});

test('a case can be read, decided, exported and rolled back', async () => {
  const { caseId } = await storeCase(server.store);
  for (const args of [
    ['list'],
    ['list', '--state', 'AWAITING_APPROVAL'],
    ['show', caseId],
    ['timeline', caseId],
    ['export', caseId],
  ]) {
    const result = await asDana(...args);
    expect(result.status, result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toBeTypeOf('object');
  }
  const record = await server.store.cases.get(caseId);
  const approved = await asDana('approve', caseId, '--yes');
  expect(approved.status, approved.stderr).toBe(0);
  expect(server.cases.decided).toMatchObject([
    {
      decision: {
        decision: { caseId, planDigest: record?.planDigest, decision: 'approve', actor: 'dana', channel: 'cli' },
      },
    },
  ]);
  expect((await asDana('rollback', caseId, '--reason', 'key was rotated')).status).toBe(0);
  expect(server.cases.rollbacks).toEqual([{ caseId, requestedBy: 'dana', reason: 'key was rotated' }]);
});

test('the suspect, a stranger, and a case that is not there are refused', async () => {
  const { caseId } = await storeCase(server.store);
  const suspect = await asApprover(SECRETS.approvers.sam, 'approve', caseId, '--yes');
  expect(suspect.status).toBe(1);
  expect(suspect.stderr).toContain('(403)');
  expect(suspect.stdout).toBe('');
  const stranger = await asApprover('stranger', 'approve', caseId, '--yes');
  expect(stranger.status).toBe(1);
  expect(stranger.stderr).toContain('(401)');
  expect((await asDana('show', `ca_${'f'.repeat(32)}`)).status).toBe(1);
  expect((await asDana('show', 'nonsense')).status).toBe(1);
  expect(server.cases.decided).toEqual([]);
});
