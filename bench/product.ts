import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { NativeConnection, Worker } from '@temporalio/worker';

import { decisionGateway, type DecisionGateway } from '../src/approval/gateway.ts';
import { signingKeyOf } from '../src/approval/keys.ts';
import { decisionSigner } from '../src/approval/signer.ts';
import { approvalVerifier } from '../src/approval/verifier.ts';
import { configSchema, type Config } from '../src/config/schema.ts';
import { respondWorkflowId } from '../src/contracts/ids.ts';
import { QUEUES, type QueueName } from '../src/contracts/queues.ts';
import { createCipher } from '../src/encryption/cipher.ts';
import { dataConverter } from '../src/encryption/temporal-codec.ts';
import { createNotifiers } from '../src/notify/index.ts';
import type { Provider } from '../src/providers/port.ts';
import { temporalCaseClient } from '../src/runtime/case-client.ts';
import { casePulse } from '../src/runtime/case-pulse.ts';
import { temporalSweepClient } from '../src/runtime/sweep-client.ts';
import { createLogger } from '../src/runtime/logger.ts';
import { createServer } from '../src/server/server.ts';
import { receive } from '../src/sources/index.ts';
import { openStore } from '../src/store/index.ts';
import type { Store } from '../src/store/port.ts';
import { workflowBundle } from '../worker/bundle.ts';
import { activitiesOf } from '../worker/dependencies.ts';
import { caseStarter, temporalClient, workerConnection } from '../worker/temporal.ts';
import { createWorkers } from '../worker/workers.ts';
import { LISTED, NETWORK } from './stand-in.ts';

export const SOURCE_SECRET = randomBytes(32).toString('hex');
export const APPROVER = 'dana';
const NAMESPACE = 'default';
const DAY_MS = 24 * 3600 * 1000;

/** What stands in a configuration file: listed automation is suppressed, everything else has a low bar for containment. */
function configuration(changes: Readonly<Record<string, unknown>>): Config {
  const entry = {
    name: 'ci',
    kind: 'infrastructure-as-code',
    principal: LISTED,
    networks: [NETWORK],
    actions: ['ec2:Describe*', 's3:List*', 'sts:GetCallerIdentity'],
    owner: 'platform',
    reason: 'State refresh of every apply.',
    expires: new Date(Date.now() + 365 * DAY_MS).toISOString().slice(0, 10),
  };
  return configSchema.parse({
    mode: 'approve',
    sources: { generic: { type: 'hmac', secret: { env: 'UNUSED' } } },
    approvers: [{ id: APPROVER, name: 'Dana' }],
    aws: { propagationSeconds: 0, quietSeconds: 1, logDelaySeconds: 0 },
    watch: { hours: 0 },
    allowlist: [entry],
    assessment: { containFromRisk: 20 },
    ...changes,
  });
}

/** Cordon's own parts on a Temporal server, with a store of its own; only the cloud is given. */
export interface Product extends AsyncDisposable {
  readonly client: Client;
  readonly converter: DataConverter;
  readonly store: Store;
  readonly gateway: DecisionGateway;
  /** Stores an alert as the server would; answers its id and that of its workflow. */
  take(body: unknown): Promise<{ readonly alertId: string; readonly workflowId: string }>;
  /** Lets the workers of the product run until it is disposed of. */
  startWorkers(wrap?: (activities: object) => object): Promise<void>;
  /** The server that takes alerts in; answers its address. */
  startServer(): Promise<string>;
}

export async function openProduct(
  address: string,
  provider: Provider,
  changes: Readonly<Record<string, unknown>> = {},
  now: () => Date = () => new Date(),
): Promise<Product> {
  const running = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  const config = configuration(changes);
  const cipher = createCipher([randomBytes(32)]);
  const store = await openStore({ path: join(directory, 'cordon.db'), cipher, now });
  running.defer(() => store.close());
  const settings = { address, namespace: NAMESPACE };
  const converter = dataConverter(cipher);
  const client = temporalClient(settings, converter);
  running.defer(() => client.connection.close());
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const verifyingKey = { keyId: 'bench', publicKey };
  const logger = createLogger({ level: 'silent' });
  const { approvers } = config;
  const cases = temporalCaseClient(client);
  const sweeps = temporalSweepClient(client);
  const signer = decisionSigner(signingKeyOf(privateKey, 'bench'));
  const verifier = approvalVerifier({ keys: [verifyingKey], approvers });
  const gateway = decisionGateway({ approvers, store, cases, signer, verifier });

  return {
    client,
    converter,
    store,
    gateway,
    async take(body) {
      const [received] = receive('generic', body, new Date());
      if (!received) throw new Error('The alert of the benchmark is none.');
      const { alert, raw, dedupKey } = received;
      const workflowId = respondWorkflowId(alert.alertId);
      await store.alerts.accept(alert, raw, dedupKey, workflowId);
      return { alertId: alert.alertId, workflowId };
    },
    async startWorkers(wrap = (activities) => activities) {
      const foundation = {
        config,
        store,
        providers: { aws: provider },
        verifier,
        cases: caseStarter(client),
        pulseOf: casePulse(client),
        logger,
      };
      const notifiers = createNotifiers({ log: logger });
      const connection = await workerConnection(settings, logger);
      running.defer(() => connection.close());
      const workers = await createWorkers({
        connection,
        namespace: NAMESPACE,
        dataConverter: converter,
        queues: Object.keys(QUEUES) as QueueName[],
        activitiesOf: (queue) => wrap(activitiesOf(queue, { ...foundation, notifiers })),
        bundle: workflowBundle,
      });
      for (const worker of workers) runUntilDisposed(worker, running);
    },
    async startServer() {
      const secrets = { sources: { generic: SOURCE_SECRET }, approvers: {} };
      const app = await createServer({ config, secrets, store, cases, sweeps, gateway, logger, version: 'bench' });
      running.defer(() => app.close());
      await app.listen({ host: '127.0.0.1', port: 0 });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export function runUntilDisposed(worker: Worker, running: AsyncDisposableStack): void {
  const ended = worker.run();
  ended.catch(() => undefined); // told at the end, when it is awaited
  running.defer(async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
  });
}

export function connect(address: string): Promise<NativeConnection> {
  return workerConnection({ address, namespace: NAMESPACE }, createLogger({ level: 'silent' }));
}
