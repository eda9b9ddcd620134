import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { WorkflowFailedError } from '@temporalio/client';
import { Client, WorkflowContinuedAsNewError } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { temporal } from '@temporalio/proto';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCipher } from '../../src/encryption/cipher.ts';
import { dataConverter, encryptingCodec } from '../../src/encryption/temporal-codec.ts';
import type { TemporalServer } from '../../src/runtime/temporal-server.ts';
import { startTemporal } from '../support/processes/temporal.ts';
import { ask, carryCanary, change, finish } from './canary-workflow.ts';

const CANARY = 'canary-7f3a9c';
const TASK_QUEUE = 'canary';
const converter = dataConverter(createCipher([randomBytes(32)]));

describe('payloads in Temporal', () => {
  let server: TemporalServer;
  let connection: NativeConnection;
  let worker: Worker;
  let running: Promise<void>;
  let client: Client;

  const newWorker = () =>
    Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('./canary-workflow.ts', import.meta.url)),
      activities: {
        echo: async (text: string) => text,
        fail: async (text: string) => {
          throw ApplicationFailure.retryable(text, 'Failed', { text });
        },
      },
      dataConverter: converter,
      // With a shared V8 context, SDK 1.23 does not dispose of a workflow whose task was refused, and then fails at shutdown.
      reuseV8Context: false,
      maxCachedWorkflows: 0, // every task replays the whole history: what was sealed must open again
    });

  beforeAll(async () => {
    Runtime.install({
      logger: new DefaultLogger('ERROR', () => {}),
      telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
    });
    server = await startTemporal();
    connection = await NativeConnection.connect({ address: server.address });
    client = new Client({ connection, dataConverter: converter });
    worker = await newWorker();
    running = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await connection?.close();
    await server?.stop();
  });

  /** As anyone reads it who reaches the server: without keys. */
  async function readRaw(workflowId: string): Promise<{ text: string; events: History[] }> {
    const executions = await client.workflowService.listWorkflowExecutions({ namespace: 'default' });
    const runs = (executions.executions ?? []).filter(({ execution }) => execution?.workflowId?.startsWith(workflowId));
    const events: History[] = [];
    const parts: Buffer[] = [];
    for (const { execution } of runs) {
      const { history } = await client.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: execution!,
      });
      events.push(history as History);
      parts.push(Buffer.from(temporal.api.history.v1.History.encode(history!).finish()));
      const described = await client.workflowService.describeWorkflowExecution({
        namespace: 'default',
        execution: execution!,
      });
      parts.push(
        Buffer.from(
          temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse.encode(
            temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse.fromObject(described),
          ).finish(),
        ),
      );
    }
    return { text: Buffer.concat(parts).toString('latin1'), events };
  }

  it('open for Cordon in every place, and hold the secret in the clear in none', async () => {
    const workflowId = 'canary-everywhere';
    const handle = await client.workflow.signalWithStart(carryCanary, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [CANARY],
      memo: { start: CANARY },
      staticSummary: CANARY,
      staticDetails: CANARY,
      signal: 'unknown',
      signalArgs: [CANARY],
    });
    // The first run has no handlers, and an update that reaches it would be refused.
    const first = client.workflow.getHandle(workflowId, handle.signaledRunId, { followRuns: false });
    await expect(first.result()).rejects.toThrow(WorkflowContinuedAsNewError);
    const current = client.workflow.getHandle(workflowId);
    expect(await current.executeUpdate(change, { args: ['!'] })).toBe(`${CANARY}!`);
    expect(await current.query(ask, '?')).toBe(`${CANARY}?`);
    await expect(current.query(ask, 'fail')).rejects.toThrow('Encoded failure'); // the SDK does not decode these
    for (const outcome of ['fail', 'reject']) {
      const refused = await current.executeUpdate(change, { args: [outcome] }).catch((error: unknown) => error);
      expect((refused as WorkflowFailedError).cause).toMatchObject({ message: CANARY });
    }
    expect((await current.describe()).memo).toEqual({ start: CANARY, secret: CANARY });
    await current.signal(finish, CANARY);
    const failed = (await handle.result().catch((error: unknown) => error)) as WorkflowFailedError;
    expect(failed.cause).toMatchObject({ message: `${CANARY} ${workflowId}`, details: [CANARY] });
    const activityFailure = failed.cause as { cause?: { cause?: unknown } };
    expect(activityFailure.cause?.cause).toMatchObject({ message: CANARY, details: [{ text: CANARY }] });

    const { text, events } = await readRaw(workflowId);
    expect(events.length).toBeGreaterThan(1);
    expect(text).toContain(workflowId);
    expect(text).toContain('binary/encrypted');
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(Buffer.from(CANARY).toString('base64').replace(/=+$/u, ''));
    expect(text).not.toContain('canary-workflow.ts'); // a stack trace
  });

  it('can be replayed with the key, by the namespace they were sealed in', async () => {
    const workflowId = 'canary-replayed';
    const handle = await client.workflow.start(carryCanary, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [CANARY, true],
    });
    await handle.signal(finish, CANARY);
    await handle.result().catch(() => null);
    const history = await handle.fetchHistory();
    const options = {
      workflowsPath: fileURLToPath(new URL('./canary-workflow.ts', import.meta.url)),
      dataConverter: converter,
      namespace: 'default',
    };
    await expect(Worker.runReplayHistory(options, history, workflowId)).resolves.toBeUndefined();
  });

  it("that are not encrypted are refused: a stranger's signal changes nothing", async () => {
    const workflowId = 'canary-stranger';
    const handle = await client.workflow.start(carryCanary, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [CANARY, true],
    });
    await new Client({ connection }).workflow.getHandle(workflowId).signal(finish, 'in the clear');
    await expect
      .poll(async () => JSON.stringify((await handle.fetchHistory()).events), { timeout: 30_000 })
      .toContain('workflowTaskFailedEventAttributes');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
    expect(worker.getState(), 'the others go on').toBe('RUNNING');
  });
});

describe('the codec', () => {
  const codec = encryptingCodec(createCipher([randomBytes(32)]));
  const payload = defaultPayloadConverter.toPayload({ secret: CANARY });
  const workflow = { type: 'workflow', namespace: 'default', workflowId: 'case-1' } as const;
  const activity = {
    type: 'activity',
    namespace: 'default',
    workflowId: 'case-1',
    activityId: '1',
    isLocal: false,
  } as const;

  it('opens a payload in its workflow and the activities of that, and nowhere else', async () => {
    const sealed = await codec.encode([payload], workflow);
    for (const context of [workflow, activity]) {
      const [opened] = await codec.decode(sealed, context);
      expect(defaultPayloadConverter.fromPayload(opened!)).toEqual({ secret: CANARY });
    }
    for (const context of [{ ...workflow, workflowId: 'case-2' }, { ...workflow, namespace: 'other' }, undefined])
      await expect(codec.decode(sealed, context)).rejects.toThrow('belongs elsewhere');
    const unbound = await codec.encode([payload]);
    await expect(codec.decode(unbound, workflow)).rejects.toThrow('belongs elsewhere');
  });

  it('refuses what is not encrypted, whatever it calls itself', async () => {
    const encoding = Buffer.from('binary/encrypted');
    for (const forged of [
      payload,
      {},
      { metadata: {} },
      { metadata: { encoding } },
      { ...payload, metadata: { encoding } },
    ])
      await expect(codec.decode([forged], workflow)).rejects.toThrow(/not (?:encrypted|sealed)/u);
  });
});
