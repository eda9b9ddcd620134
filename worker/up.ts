import { createServer } from '../src/server/server.ts';
import { decisionGateway } from '../src/approval/gateway.ts';
import { loadSigningKey, loadVerifyingKeys } from '../src/approval/keys.ts';
import type { SigningKey } from '../src/approval/port.ts';
import { decisionSigner } from '../src/approval/signer.ts';
import { approvalVerifier } from '../src/approval/verifier.ts';
import type { Config } from '../src/config/schema.ts';
import { configuredClouds } from '../src/config/clouds.ts';
import { CLOUDS } from '../src/domain/cloud.ts';
import type { QueueName } from '../src/contracts/queues.ts';
import { QUEUES } from '../src/contracts/queues.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../src/contracts/search-attributes.ts';
import { configuredCipher } from '../src/encryption/configured.ts';
import { dataConverter } from '../src/encryption/temporal-codec.ts';
import { createSlackApp, EVENTS_PATH, type SlackApp } from '../src/notify/index.ts';
import { configuredProviders } from '../src/providers/configured.ts';
import { temporalCaseClient } from '../src/runtime/case-client.ts';
import { casePulse } from '../src/runtime/case-pulse.ts';
import { createLogger, type Logger } from '../src/runtime/logger.ts';
import { temporalSweepClient } from '../src/runtime/sweep-client.ts';
import { startTemporalServer } from '../src/runtime/temporal-server.ts';
import { openStore } from '../src/store/index.ts';
import packageJson from '../package.json' with { type: 'json' };
import { workflowBundle } from './bundle.ts';
import { activitiesOf, configuredNotifiers, type Foundation } from './dependencies.ts';
import { configuredSecrets, type Secrets } from './secrets.ts';
import { scheduleSweep } from './sweep-schedule.ts';
import {
  caseStarter,
  registerSearchAttributes,
  temporalClient,
  temporalSettings,
  workerConnection,
} from './temporal.ts';
import { createWorkers, installRuntime } from './workers.ts';

export interface UpOptions {
  readonly only?: 'server' | 'worker';
  readonly queues?: readonly QueueName[];
  /** The workflows of these sources if absent. */
  readonly bundle?: typeof workflowBundle;
}

export interface Running {
  /** Of the server; empty without one. */
  readonly url: string;
  readonly temporalAddress: string;
  /** Never resolves; rejects when a part that should run has died. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Starts the parts in the order in which they need each other and stops them in the other. A failed start leaves nothing behind. */
export async function up(config: Config, { only, queues, bundle = workflowBundle }: UpOptions = {}): Promise<Running> {
  const running = new AsyncDisposableStack();
  try {
    const secrets = await configuredSecrets(config);
    const logger = createLogger({ secrets: secrets.all, write: (line) => void process.stderr.write(line) });
    const cipher = await configuredCipher(config.encryption);
    const store = await openStore({ ...storeLocation(config, secrets), cipher });
    running.defer(() => store.close());
    const address = await temporalAddress(config, running);
    const settings = temporalSettings(config, secrets, address);
    const converter = dataConverter(cipher);
    const client = temporalClient(settings, converter);
    running.defer(() => client.connection.close());
    const { approval } = config;
    const signingKey = only === 'worker' ? null : await loadSigningKey(approval);
    const keys = await loadVerifyingKeys(approval);
    const foundation: Foundation = {
      config,
      store,
      providers: configuredProviders(config),
      verifier: approvalVerifier({ keys, approvers: config.approvers }),
      cases: caseStarter(client),
      pulseOf: casePulse(client),
      logger,
    };
    const failed: Promise<never>[] = [];
    if (only !== 'server') {
      installRuntime(logger);
      const connection = await workerConnection(settings, logger);
      running.defer(() => connection.close());
      await registerSearchAttributes(connection, settings.namespace);
      await trySchedule(client, config, logger);
      const notifiers = configuredNotifiers(config, secrets, logger);
      const workers = await createWorkers({
        connection,
        namespace: settings.namespace,
        dataConverter: converter,
        queues: queues ?? configuredQueues(config),
        activitiesOf: (queue) => activitiesOf(queue, { ...foundation, notifiers }),
        bundle,
      });
      for (const worker of workers) failed.push(supervise(worker, running, logger));
    }
    const url = signingKey ? await serve(foundation, secrets, signingKey, client, running) : '';
    return {
      url,
      temporalAddress: address,
      failed: failed.length > 0 ? Promise.race(failed) : new Promise<never>(() => undefined),
      stop: () => running.disposeAsync(),
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

function storeLocation({ store }: Config, { databaseUrl }: Secrets): { databaseUrl: string } | { path: string } {
  return databaseUrl === undefined ? { path: store.path } : { databaseUrl };
}

/** Every queue but those of clouds that the configuration doesn't have: nobody may call them from here. */
function configuredQueues(config: Config): readonly QueueName[] {
  const clouds = configuredClouds(config);
  const idle = CLOUDS.filter((cloud) => !clouds.includes(cloud)).map((cloud) => `contain-${cloud}`);
  return (Object.keys(QUEUES) as QueueName[]).filter((queue) => !idle.includes(queue));
}

async function temporalAddress({ temporal }: Config, running: AsyncDisposableStack): Promise<string> {
  if (temporal.address !== undefined) return temporal.address;
  const server = await startTemporalServer({ databaseFile: temporal.path, searchAttributes: SEARCH_ATTRIBUTE_TYPES });
  running.defer(() => server.stop());
  return server.address;
}

/** Containment must not wait for a schedule; that there is none is said. */
async function trySchedule(
  client: ReturnType<typeof temporalClient>,
  { sweep }: Config,
  logger: Logger,
): Promise<void> {
  try {
    await scheduleSweep(client, sweep.everyHours);
  } catch (error) {
    logger.error({ error: String(error) }, 'The orphan sweep is not scheduled; the next start of a worker tries again');
  }
}

interface Runnable {
  run(): Promise<void>;
  shutdown(): void;
}

/** Runs until it is told to stop; ending before that is a failure of the whole. */
function supervise(worker: Runnable, running: AsyncDisposableStack, logger: Logger): Promise<never> {
  let stopping = false;
  const ended = worker.run();
  running.defer(async () => {
    stopping = true;
    worker.shutdown();
    // A task that failed for good makes `run` reject at shutdown; it was logged when it failed.
    await ended.catch((error: unknown) => logger.warn({ error: String(error) }, 'A worker stopped with an error'));
  });
  const failed = ended.then(
    () => (stopping ? new Promise<never>(() => undefined) : Promise.reject(new Error('A worker stopped by itself.'))),
    (error: unknown) => (stopping ? new Promise<never>(() => undefined) : Promise.reject(error)),
  );
  failed.catch(() => undefined);
  return failed;
}

async function serve(
  { config, store, verifier, logger }: Foundation,
  secrets: Secrets,
  signingKey: SigningKey,
  client: ReturnType<typeof temporalClient>,
  running: AsyncDisposableStack,
): Promise<string> {
  const { approvers } = config;
  const cases = temporalCaseClient(client);
  const signer = decisionSigner(signingKey);
  const gateway = decisionGateway({ approvers, store, cases, signer, verifier, log: logger });
  const slack = slackApp(config, secrets, gateway, logger);
  const app = await createServer({
    config,
    secrets,
    store,
    cases,
    sweeps: temporalSweepClient(client),
    gateway,
    logger,
    version: packageJson.version,
    ...(slack?.requestListener ? { mounted: { path: EVENTS_PATH, handler: slack.requestListener } } : {}),
  });
  running.defer(() => app.close());
  const url = await app.listen({ host: config.server.host, port: config.server.port });
  await slack?.start();
  running.defer(async () => slack?.stop());
  return url;
}

function slackApp(
  { slack, approvers }: Config,
  secrets: Secrets,
  gateway: ReturnType<typeof decisionGateway>,
  log: Logger,
): SlackApp | undefined {
  if (!slack || !secrets.slack) return undefined;
  return createSlackApp({
    ...secrets.slack,
    ...(slack.apiUrl === undefined ? {} : { apiUrl: slack.apiUrl }),
    approvers: approvers.flatMap(({ id, name, slackUserId }) => (slackUserId ? [{ id, name, slackUserId }] : [])),
    gateway,
    log,
  });
}
