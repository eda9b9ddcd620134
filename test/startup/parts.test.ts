import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Finding } from '../../src/cli/doctor/finding.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../../src/contracts/search-attributes.ts';
import type { TemporalServer } from '../../src/runtime/temporal-server.ts';
import { cordon, run } from '../cli/cordon.ts';
import { startTemporal } from '../support/processes/temporal.ts';
import { startUp, type UpProcess } from './process.ts';

const HEALTH = fileURLToPath(new URL('../../deploy/worker-health.mjs', import.meta.url));
/** Of the server alone. */
const TOKENS = {
  SOURCE: 'secret-of-the-generic-source',
  DANA: 'token-of-dana-in-tests',
  SIGNING: 'signing-secret-of-slack',
};
const BOT = { BOT: 'xoxb-token-of-the-bot' };

describe('a worker beside a server', () => {
  let temporal: TemporalServer;
  let server: UpProcess;
  let worker: UpProcess;
  beforeAll(async () => {
    temporal = await startTemporal({ searchAttributes: SEARCH_ATTRIBUTE_TYPES });
    server = await startUp(configuration(), ['--only', 'server'], { ...TOKENS, ...BOT });
    await server.said(/Cordon is ready/u);
    worker = await startUp(configuration(), ['--only', 'worker', '--queues', 'evidence,contain-aws']);
  });
  afterAll(async () => {
    await worker?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await temporal?.stop();
  });

  function configuration() {
    const directory = server?.directory;
    return {
      temporal: { address: temporal.address },
      approvers: [{ id: 'dana', name: 'Dana', token: { env: 'DANA' } }],
      sources: { generic: { type: 'hmac', secret: { env: 'SOURCE' } } },
      slack: { botToken: { env: 'BOT' }, channel: 'C1', receiver: { type: 'http', signingSecret: { env: 'SIGNING' } } },
      ...(directory
        ? {
            store: { path: join(directory, '.cordon/cordon.db') },
            encryption: { keyFile: join(directory, '.cordon/payload.key') },
            approval: { publicKeyFile: join(directory, '.cordon/approval.pub') },
          }
        : {}),
    };
  }

  const health = (...args: readonly string[]) => run(process.execPath, [HEALTH, ...args], { cwd: worker.directory });
  const doctor = async (...args: readonly string[]) => {
    const { stdout } = await cordon(['doctor', '--json', ...args], { cwd: worker.directory });
    return (JSON.parse(stdout) as { readonly findings: readonly Finding[] }).findings;
  };

  it('works without any token, signing secret or bot token; with notify it needs the last', async () => {
    await worker.said(/Cordon is ready/u);
    await using notify = await startUp(configuration(), ['--only', 'worker', '--queues', 'notify']);
    expect(await notify.ended).toBe(2);
    expect(notify.output()).toContain('BOT is not set');
  });

  it('is well by its health check when it polls each of its queues, and only those are asked for', async () => {
    await worker.said(/Cordon is ready/u);
    for (const queues of ['evidence', 'contain-aws', 'evidence,contain-aws']) {
      const { status, stderr } = await health('--queues', queues);
      expect(status, stderr).toBe(0);
    }
    const whole = await health();
    expect(whole.status).toBe(1);
    expect(whole.stderr).toMatch(/^Nobody on .+ polls decide, notify\.$/mu);
  });

  it('leaves queues that the doctor warns of, each by its name', async () => {
    await worker.said(/Cordon is ready/u);
    // Of one queue, and yet it looks at all: whoever runs it, a queue that nobody polls holds up cases.
    const findings = await doctor('--only', 'worker', '--queues', 'decide');
    const warned = findings.filter(({ check }) => check === 'workers');
    expect(warned).toMatchObject(
      ['decide', 'notify'].map((queue) => ({
        status: 'warning',
        detail: expect.stringContaining(`nobody polls the queue ${queue}:`) as string,
      })),
    );
  });

  it('is asked by the doctor only for what a worker needs', async () => {
    const secretsOf = async (...args: readonly string[]) =>
      (await doctor(...args)).filter(({ check }) => check === 'secrets' || check === 'slack');
    expect(await secretsOf('--only', 'worker', '--queues', 'evidence')).toMatchObject([{ status: 'ok' }]);
    const details = (await secretsOf('--only', 'server')).map(({ status, detail }) => `${status}: ${detail}`);
    for (const name of ['SOURCE', 'DANA', 'SIGNING', 'BOT'])
      expect(details.join('\n')).toMatch(new RegExp(`failed: .*${name} is not set`, 'u'));
  });
});

it('a worker that nobody started is missed: the health check says which queues', async () => {
  const temporal = await startTemporal();
  const { status, stderr } = await run(process.execPath, [HEALTH], { env: { TEMPORAL_ADDRESS: temporal.address } });
  await temporal.stop();
  expect(status).toBe(1);
  expect(stderr).toMatch(/polls decide, evidence, notify, contain-aws\.$/mu);
});

it('a worker that may not add the search attributes does not start, and says who adds them and how', async () => {
  // Temporal takes the order to add one that it has with another type, and does nothing.
  const temporal = await startTemporal({ searchAttributes: { ...SEARCH_ATTRIBUTE_TYPES, CordonRisk: 'Keyword' } });
  await using server = await startUp({ temporal: { address: temporal.address } });
  const status = await server.ended;
  await temporal.stop();
  expect(status).toBe(1);
  expect(server.output()).toContain('Search attributes are missing in the namespace default (CordonRisk)');
  expect(server.output()).toContain('tcld namespace search-attributes add');
});
