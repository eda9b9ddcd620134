import { Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { configSchema } from '../../src/config/schema.ts';
import type { ServerProcess } from '../../src/runtime/server-process.ts';
import { signatureHeaders } from '../../src/server/signature.ts';
import { postgres } from '../../src/store/databases.ts';
import { up } from '../../worker/up.ts';
import { postgresAvailable } from '../support/processes/postgres.ts';
import { ACTIONS, SHORT_WATCH, SWEPT } from './held-cases.ts';
import type { KillableCordon } from './killable-cordon.ts';
import { startKillableCordon, until } from './killable-cordon.ts';
import { sweepRestarts } from './restart-sweep.ts';

describe.skipIf(!postgresAvailable())('PostgreSQL that dies and comes back', () => {
  let cordon: KillableCordon;
  let worker: ServerProcess;
  beforeAll(async () => {
    cordon = await startKillableCordon({ database: 'postgres' });
    worker = await cordon.startWorker(ACTIONS, SHORT_WATCH);
  });
  afterAll(() => cordon?.stop());

  function database() {
    if (!cordon.database) throw new Error('This database can not be restarted.');
    return cordon.database;
  }

  it('between two queries of a transaction fails that transaction, and not the process', async () => {
    const own = new Kysely({ dialect: postgres(database().url) });
    const cutOff = own.transaction().execute(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await database().crash();
      await database().restart();
      await sql`select 2`.execute(transaction);
    });
    await expect(cutOff).rejects.toThrow(/connection/iu);
    await expect(sql`select 3`.execute(own)).resolves.toBeDefined();
    await own.destroy();
  });

  it(
    `in ${SWEPT} of a case finds every case where it was: each ends, and honestly`,
    { timeout: 1_800_000 },
    async ({ annotate }) => {
      const { ends, wrongs } = await sweepRestarts(cordon, worker, database());
      await annotate(`Restarted in ${ends.length} points\n${ends.join('\n')}`);
      expect(wrongs).toEqual([]);
    },
  );

  it('loses no alert that was answered 202, and one that is sent until it was acts once', async () => {
    const alerts = Array.from({ length: 60 }, (_, index) => `sent-${index}`);
    const taken = new Map<string, string>();
    let refused = 0;
    const server = await startServer();
    const senders = alerts.map((id) =>
      until(async () => {
        const alertId = await send(server.url, id);
        if (alertId === null) refused += 1;
        else taken.set(id, alertId);
        return alertId !== null;
      }),
    );
    await until(async () => taken.size >= 10);
    await database().crash();
    await until(async () => refused >= 10);
    await database().restart();
    await Promise.all(senders);
    expect(new Set(taken.values()).size).toBe(alerts.length);
    for (const alertId of taken.values()) {
      await until(async () => (await cordon.store.alerts.get(alertId))?.delivery === 'delivered');
      expect(await cordon.client.workflow.getHandle(`alert-${alertId}`).result()).toBe('park');
      expect((await cordon.store.alerts.get(alertId))?.verdict).toBe('park');
    }
    expect((await cordon.store.ledger.verify()).status).toBe('intact');
    await server.stop();
  });

  /** Its log would be all that one sees. */
  async function startServer() {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.stubEnv('CORDON_TEST_SOURCE', SECRET);
    vi.stubEnv('CORDON_TEST_ERIN', 'token-of-erin-in-tests');
    vi.stubEnv('CORDON_TEST_DATABASE', database().url);
    const config = configSchema.parse({
      ...cordon.configuration,
      server: { port: 0 },
      store: { databaseUrl: { env: 'CORDON_TEST_DATABASE' } },
      sources: { generic: { type: 'hmac', secret: { env: 'CORDON_TEST_SOURCE' } } },
    });
    return up(config, { only: 'server' });
  }
});

const SECRET = 'secret-of-the-generic-source';

/** The id under which it was taken in; null when the sender must send it again. */
async function send(url: string, id: string): Promise<string | null> {
  const body = JSON.stringify({
    id,
    title: 'About nobody',
    rule: 'test',
    severity: 'critical',
    techniques: [],
    cloud: 'aws',
    accountId: '123456789012',
    principal: { arn: 'arn:aws:iam::123456789012:user/nobody' },
    sourceAddresses: [],
    firstSeen: new Date().toISOString(),
    lastSeen: new Date().toISOString(),
  });
  const headers = { 'content-type': 'application/json', ...signatureHeaders(SECRET, body, new Date()) };
  const answer = await fetch(`${url}/v1/alerts/generic`, { method: 'POST', body, headers });
  const told = (await answer.json()) as { readonly alertId?: string };
  return answer.status === 202 ? (told.alertId ?? null) : null;
}
