import { createServer, type AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { signatureHeaders } from '../../src/server/signature.ts';
import { cordon } from '../cli/cordon.ts';
import { startUp } from './process.ts';

const SECRET = 'secret-of-the-generic-source';
const TOKEN = 'token-of-dana-in-tests';
const ENV = { SOURCE: SECRET, DANA: TOKEN };
const PEOPLE = {
  approvers: [{ id: 'dana', name: 'Dana', token: { env: 'DANA' } }],
  sources: { generic: { type: 'hmac', secret: { env: 'SOURCE' } } },
};
/** Nothing listens there. */
const AWAY = '127.0.0.1:9';

describe('cordon up', () => {
  it('ends with status 1, and says why, when a part of it dies: the system starts it again, and nobody is told 202', async () => {
    await using up = await startUp({ aws: { enabled: false } });
    await up.said(/Cordon is ready at/u);
    const [, temporal] = await up.said(/"pid":(\d+),"msg":"The Temporal server runs"/u);
    process.kill(Number(temporal), 'SIGKILL');
    expect(await up.ended).toBe(1);
    expect(up.output()).toContain('The Temporal server is gone: it ended with SIGKILL');
  });

  it('stops in order at the first signal, and calls nothing dead', async () => {
    await using up = await startUp({ aws: { enabled: false } });
    await up.said(/Cordon is ready at/u);
    up.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect(up.output()).not.toContain('is gone');
  });

  it.each(['server', 'worker'])('--only %s without the address of a Temporal is a usage error', async (only) => {
    const { status, stderr } = await cordon(['up', '--only', only]);
    expect(status).toBe(2);
    expect(stderr).toContain(`--only ${only} needs TEMPORAL_ADDRESS`);
  });
});

describe('while Temporal is away, cordon up', () => {
  it('takes alerts in, lets the kill switch be turned, and ends at the first signal', async () => {
    await using up = await startUp({ ...PEOPLE, temporal: { address: AWAY } }, [], ENV);
    const [, url = ''] = await up.said(/"url":"([^"]+)","msg":"The server listens"/u);
    const body = JSON.stringify(alert());
    const headers = { 'content-type': 'application/json' };
    const answers = await Promise.all([
      fetch(`${url}/v1/alerts/generic`, {
        method: 'POST',
        body,
        headers: { ...headers, ...signatureHeaders(SECRET, body, new Date()) },
      }),
      fetch(`${url}/v1/kill-switch`, {
        method: 'PUT',
        body: JSON.stringify({ stopped: true, reason: 'Temporal is away' }),
        headers: { ...headers, authorization: `Bearer ${TOKEN}` },
      }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([202, 200]);
    await up.said(/Temporal can not be reached yet/u);
    expect(up.output()).not.toContain('Cordon is ready');
    up.kill('SIGTERM');
    expect(await up.ended).toBe(0);
  });

  it.each([
    ['does not answer', () => Promise.resolve(AWAY), /Temporal can not be reached yet/u],
    ['takes the connection and says nothing', silent, /"msg":"The server listens"|Starting …/u],
  ])('--only worker ends at the first signal, where the address %s', async (_what, address, waits) => {
    await using keys = await startUp({ temporal: { address: AWAY } }, ['--only', 'server']);
    await keys.said(/The server listens/u);
    const config = {
      temporal: { address: await address() },
      approval: { publicKeyFile: `${keys.directory}/.cordon/approval.pub` },
    };
    await using up = await startUp(config, ['--only', 'worker']);
    await up.said(waits);
    up.kill('SIGTERM');
    expect(await up.ended).toBe(0);
  });
});

async function silent(): Promise<string> {
  const server = createServer(() => undefined).unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function alert() {
  const now = new Date().toISOString();
  return {
    id: 'while-away',
    title: 'About nobody',
    rule: 'test',
    severity: 'critical',
    techniques: [],
    cloud: 'aws',
    accountId: '123456789012',
    principal: { arn: 'arn:aws:iam::123456789012:user/nobody' },
    sourceAddresses: [],
    firstSeen: now,
    lastSeen: now,
  };
}
