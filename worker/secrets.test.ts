import { afterEach, expect, test, vi } from 'vitest';

import { roleOf, type Part } from '../src/config/role.ts';
import { configSchema } from '../src/config/schema.ts';
import { configuredSecrets } from './secrets.ts';

const config = configSchema.parse({
  store: { databaseUrl: { env: 'DATABASE' } },
  temporal: { apiKey: { env: 'TEMPORAL' } },
  approvers: [{ id: 'dana', name: 'Dana', token: { env: 'DANA' } }],
  sources: { generic: { type: 'hmac', secret: { env: 'SOURCE' } } },
  slack: { botToken: { env: 'BOT' }, channel: 'C1', receiver: { type: 'http', signingSecret: { env: 'SIGNING' } } },
});
const PLATFORM = ['DATABASE', 'TEMPORAL'];
const SERVER = ['SOURCE', 'DANA', 'BOT', 'SIGNING'];

afterEach(() => vi.unstubAllEnvs());

test.each<[what: string, part: Part, knows: readonly string[]]>([
  ['everything in one', {}, [...PLATFORM, ...SERVER]],
  ['the server', { only: 'server' }, [...PLATFORM, ...SERVER]],
  ['the worker, which asks and tells', { only: 'worker' }, [...PLATFORM, 'BOT']],
  ['a worker of notify', { only: 'worker', queues: ['notify'] }, [...PLATFORM, 'BOT']],
  ['a worker of anything else', { only: 'worker', queues: ['decide', 'evidence', 'contain-aws'] }, PLATFORM],
])('%s knows exactly what it needs, and starts without the rest', async (_what, part, knows) => {
  for (const name of [...PLATFORM, ...SERVER]) vi.stubEnv(name, knows.includes(name) ? `value-of-${name}` : undefined);
  const { all } = await configuredSecrets(config, roleOf(config, part));
  expect(all.toSorted()).toEqual(knows.map((name) => `value-of-${name}`).toSorted());
  for (const name of knows) {
    vi.stubEnv(name, undefined);
    await expect(configuredSecrets(config, roleOf(config, part))).rejects.toThrow(`${name} is not set`);
    vi.stubEnv(name, `value-of-${name}`);
  }
});
