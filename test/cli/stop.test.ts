import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { createCipher } from '../../src/encryption/cipher.ts';
import { keysFromFile } from '../../src/encryption/key-file.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { cordon, scratch } from './cordon.ts';
import { listen } from './listener.ts';
import { HOSTILE } from './plans.ts';

const CONFIG = 'store: {path: cordon.db}\nencryption: {keyFile: payload.key}\n';
const TOKEN = 'canary-token-77ab';
const AT = '2026-06-01T12:00:00.000Z';

async function inStore<Result>(cwd: string, work: (store: Store) => Promise<Result>): Promise<Result> {
  const cipher = createCipher(await keysFromFile(join(cwd, 'payload.key')));
  const store = await openStore({ path: join(cwd, 'cordon.db'), cipher });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

test.each([
  ['stop', true, 'Stopped by dana'],
  ['start', false, 'Started by dana'],
])('%s asks the server, in the name of the token, and shows its answer inert', async (name, stopped, shown) => {
  await using server = await listen(() => ({ body: { stopped, by: 'dana', at: AT, reason: HOSTILE } }));
  const env = { CORDON_URL: server.url, CORDON_TOKEN: TOKEN };
  const result = await cordon([name, '--reason', 'drill'], { env });
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toContain(shown);
  expect(result.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(result.stdout).not.toMatch(/^1\. Harmless/mu);
  const [request] = server.received;
  expect(request).toMatchObject({ method: 'PUT', path: '/v1/kill-switch' });
  expect(request?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  expect(JSON.parse(request?.body.toString() ?? '')).toEqual({ stopped, reason: 'drill' });
});

test('a stop that did not take effect is never a success', async () => {
  await using server = await listen(() => ({ body: { stopped: false } }));
  const turnedBack = await cordon(['stop', '--reason', 'x'], { env: { CORDON_URL: server.url, CORDON_TOKEN: TOKEN } });
  expect(turnedBack).toMatchObject({ status: 1, stdout: '' });
  const away = await cordon(['stop', '--reason', 'x', '--url', 'http://127.0.0.1:1'], { env: { CORDON_TOKEN: TOKEN } });
  expect(away).toMatchObject({ status: 1, stdout: '' });
  expect(away.stderr).toContain('cordon stop --direct');
  for (const args of [['stop'], ['stop', '--reason', ' ', '--direct']]) {
    expect(await cordon(args)).toMatchObject({ status: 2, stdout: '' });
  }
});

test('--direct turns the switch in the store, and the doctor says who stopped it', async () => {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  await inStore(cwd, (store) => store.ping());
  const doctor = async () => {
    const { stdout } = await cordon(['doctor', '--json'], { cwd });
    const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: { check: string }[] };
    return { healthy, finding: findings.find(({ check }) => check === 'kill switch') };
  };
  expect((await doctor()).finding).toMatchObject({ status: 'ok' });

  const stop = await cordon(['stop', '--direct', '--reason', 'drill', '--json'], { cwd });
  expect(stop.status, stop.stderr).toBe(0);
  expect(JSON.parse(stop.stdout)).toMatchObject({ stopped: true, reason: 'drill' });
  expect(await inStore(cwd, (store) => store.killSwitch.status())).toMatchObject({ stopped: true, reason: 'drill' });
  expect(await doctor()).toMatchObject({
    healthy: false,
    finding: {
      status: 'failed',
      detail: expect.stringMatching(/^stopped by OS user .+ at .+: drill;/u) as string,
      remedy: expect.stringContaining('cordon start') as string,
    },
  });

  expect((await cordon(['start', '--direct', '--reason', 'over'], { cwd })).stdout).toContain('Started by OS user');
  const [status, ledger] = await inStore(cwd, (store) =>
    Promise.all([store.killSwitch.status(), store.ledger.ofCase('all')]),
  );
  expect(status).toMatchObject({ stopped: false });
  expect(ledger.map(({ type, body }) => [type, body['stopped'], body['channel'], body['reason']])).toEqual([
    ['switch', true, 'direct', 'drill'],
    ['switch', false, 'direct', 'over'],
  ]);
});

test('--direct makes no store of its own: a switch that nobody asks stops nothing', async () => {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  expect(await cordon(['stop', '--direct', '--reason', 'x'], { cwd })).toMatchObject({ status: 2, stdout: '' });
  for (const file of ['cordon.db', 'payload.key']) await expect(access(join(cwd, file))).rejects.toThrow('ENOENT');
});
