import { Connection } from '@temporalio/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startTemporalServer, temporalBinary } from '../../../src/runtime/temporal-server.ts';

describe('the Temporal server', () => {
  afterEach(() => vi.unstubAllEnvs());

  const listWorkflows = async (address: string) => {
    const connection = await Connection.connect({ address });
    try {
      const query = 'CordonTestState = "none"';
      const found = await connection.workflowService.listWorkflowExecutions({ namespace: 'default', query });
      return found.executions?.length;
    } finally {
      await connection.close();
    }
  };

  it('is ready with its search attributes, and starts again on the database it left', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cordon-temporal-'));
    const options = {
      databaseFile: join(directory, 'temporal.db'),
      searchAttributes: { CordonTestState: 'Keyword' },
    } as const;
    try {
      for (const start of ['first', 'second']) {
        const server = await startTemporalServer(options);
        expect(server.embedded, start).toBe(true);
        expect(await listWorkflows(server.address), start).toBe(0);
        await server.stop();
        await expect(Connection.connect({ address: server.address, connectTimeout: 500 }), start).rejects.toThrow(
          'Failed to connect',
        );
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 90_000);

  it('leaves a server that is not ours alone', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
    const server = await startTemporalServer();
    expect(server).toMatchObject({ address: '127.0.0.1:1', embedded: false });
    await server.stop();
  });

  it('names the remedy where there is none', () => {
    vi.stubEnv('PATH', '');
    vi.stubEnv('CORDON_TEMPORAL_BINARY', '');
    vi.stubEnv('XDG_CACHE_HOME', '/nowhere');
    expect(() => temporalBinary()).toThrow('npm run setup');
    vi.stubEnv('CORDON_TEMPORAL_BINARY', '/nowhere/temporal');
    expect(() => temporalBinary()).toThrow('CORDON_TEMPORAL_BINARY is /nowhere/temporal');
  });
});
