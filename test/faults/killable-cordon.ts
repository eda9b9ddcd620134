import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';

import { loadSigningKey } from '../../src/approval/keys.ts';
import { decisionSigner } from '../../src/approval/signer.ts';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { caseIdOf, caseWorkflowId, principalHash } from '../../src/contracts/ids.ts';
import type { Alert } from '../../src/domain/alert.ts';
import type { CaseState } from '../../src/domain/case.ts';
import { configuredCipher } from '../../src/encryption/configured.ts';
import { dataConverter } from '../../src/encryption/temporal-codec.ts';
import { temporalCaseClient } from '../../src/runtime/case-client.ts';
import { startServerProcess, type ServerProcess } from '../../src/runtime/server-process.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { resourceOf } from '../../src/domain/principal.ts';
import { caseStarter } from '../../worker/temporal.ts';
import type { Stage } from '../providers/aws/stage.ts';
import { buildStage } from '../providers/aws/stage.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { startMiniStack } from '../support/processes/ministack.ts';
import type { Restartable } from '../support/processes/temporal.ts';
import { Decided, until, type Desk } from './decided.ts';
import { type Platform, startPlatform } from './platform.ts';

export { until } from './decided.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface OpenCase {
  readonly caseId: string;
  readonly workflowId: string;
  /** Once the plan is made and waits for its approval. */
  asked(): Promise<void>;
  /** Throws unless it was accepted. Called again it repeats the same decision, as an approver's client does. */
  approve(): Promise<void>;
  deny(): Promise<void>;
  /** Once its workflow has ended. */
  end(): Promise<CaseState>;
  /** Plans, approves and carries out what undoes it; answers how that ended. */
  rollBack(): Promise<CaseState>;
}

/** The cloud that the workers work on, and as whom. */
export interface CloudOfWorkers {
  /** Its section of `cordon.yaml`. */
  section(actions: readonly string[]): Readonly<Record<string, unknown>>;
  /** Of the process. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Cordon with its workers in processes of their own, which can be killed. */
export interface KillableWorkers {
  readonly store: Store;
  readonly client: Client;
  /** Without the cloud's `actions` as workers are started with them. */
  readonly config: Config;
  /** As the workers have it, for a server beside them. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** What `Platform` asks for; undefined where it can't be restarted. */
  readonly temporal?: Restartable;
  readonly database?: Restartable & { readonly url: string };
  /** Without `watch` a case ends with its containment. `script`: what runs in the place of `cordon up --only worker`. */
  startWorker(
    actions: readonly string[],
    watch?: Config['watch'],
    script?: (configFile: string) => readonly string[],
  ): Promise<ServerProcess>;
  /** kill -9 to the one that was started last; resolves once it is gone. */
  killWorker(): Promise<void>;
  /** By an alert of its own each `occasion`. */
  openCase(person: { readonly principal: Principal }, occasion?: string): Promise<OpenCase>;
  stop(): Promise<void>;
}

/** With the fault proxy before its AWS. */
export interface KillableCordon extends KillableWorkers {
  readonly stage: Stage;
  readonly proxy: FaultProxy;
}

export async function startKillableCordon(platform: Platform = {}): Promise<KillableCordon> {
  return withParts(async (parts) => {
    const ministack = await startMiniStack();
    parts.defer(() => ministack.stop());
    const proxy = await startFaultProxy(ministack.url);
    parts.defer(() => proxy.stop());
    const stage = await buildStage(ministack);
    const { credentials } = stage.settings;
    const environment = {
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    };
    const section = (actions: readonly string[]) => ({ aws: sectionOfAws(proxy.url, actions) });
    const workers = await compose(parts, { section, environment }, platform);
    return { ...workers, stage, proxy };
  });
}

export function startKillableWorkers(cloud: CloudOfWorkers): Promise<KillableWorkers> {
  return withParts((parts) => compose(parts, cloud));
}

async function withParts<Whole>(build: (parts: AsyncDisposableStack) => Promise<Whole>): Promise<Whole> {
  const parts = new AsyncDisposableStack();
  try {
    return await build(parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function compose(
  parts: AsyncDisposableStack,
  cloud: CloudOfWorkers,
  platform: Platform = {},
): Promise<KillableWorkers> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-kill-'));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const { temporal, database } = await startPlatform(parts, platform, directory);
  const asked = configuration(directory, temporal.address, cloud, []);
  const config = configSchema.parse(asked);
  const signer = decisionSigner(await loadSigningKey(config.approval));
  const cipher = await configuredCipher(config.encryption);
  const store = await openStore({
    ...(database ? { databaseUrl: database.url } : { path: config.store.path }),
    cipher,
  });
  parts.defer(() => store.close());
  const connection = await Connection.connect({ address: temporal.address });
  parts.defer(() => connection.close());
  const client = new Client({ connection, dataConverter: dataConverter(cipher) });
  const workers: ServerProcess[] = [];
  parts.defer(async () => void (await Promise.all(workers.map((worker) => worker.stop()))));
  return {
    store,
    client,
    config,
    configuration: asked,
    ...('crash' in temporal ? { temporal } : {}),
    ...(database ? { database } : {}),
    async startWorker(actions, watch = { hours: 0, everyMinutes: 1 }, script = asItIs) {
      const file = join(directory, 'cordon.yaml');
      // JSON is YAML.
      const written = { ...configuration(directory, temporal.address, cloud, actions), watch };
      await writeFile(file, JSON.stringify(written));
      const started = await startServerProcess({
        name: 'The worker',
        command: process.execPath,
        args: [...script(file)],
        cwd: directory,
        env: environmentOf(cloud, database?.url),
        ready: async () => true,
      });
      workers.push(started);
      await until(async () => started.output().includes('Cordon is ready'));
      return started;
    },
    async killWorker() {
      const worker = workers.pop();
      if (!worker) throw new Error('There is no worker to kill.');
      process.kill(worker.pid, 'SIGKILL');
      await worker.stop();
    },
    openCase: (person, occasion) => openCase(person, occasion, { store, client, signer }),
    stop: () => parts.disposeAsync(),
  };
}

function environmentOf(cloud: CloudOfWorkers, databaseUrl: string | undefined): NodeJS.ProcessEnv {
  return {
    ...cloud.environment,
    CORDON_TEST_ERIN: 'token-of-erin-in-tests',
    AWS_SESSION_TOKEN: undefined,
    TEMPORAL_ADDRESS: undefined,
    DATABASE_URL: databaseUrl,
  };
}

const asItIs = (file: string) => [MAIN, '--config', file, 'up', '--only', 'worker'];

function configuration(directory: string, address: string, cloud: CloudOfWorkers, actions: readonly string[]) {
  const inside = (name: string) => join(directory, name);
  return {
    mode: 'approve',
    store: { path: inside('cordon.db') },
    temporal: { address },
    encryption: { keyFile: inside('payload.key') },
    approval: {
      signingKeyFile: inside('approval.key'),
      publicKeyFile: inside('approval.pub'),
      large: { approvals: 1 },
    },
    approvers: [{ id: 'erin', name: 'Erin', token: { env: 'CORDON_TEST_ERIN' } }],
    ...cloud.section(actions),
    budget: {
      containmentsPerHour: 1000,
      perAccount: 1000,
      perKind: { 'iam-user': 1000, 'service-principal': 1000, 'service-account': 1000 },
    },
  };
}

function sectionOfAws(endpoint: string, actions: readonly string[]) {
  return {
    endpoint,
    logDelaySeconds: 0,
    propagationSeconds: 1,
    quietSeconds: 1,
    lookupsPerSecond: 1000,
    ...(actions.length > 0 ? { actions } : {}),
  };
}

async function openCase(
  { principal }: { readonly principal: Principal },
  occasion: string | undefined,
  desk: Desk,
): Promise<OpenCase> {
  const { store, client } = desk;
  const alert = alertAbout(principal, occasion);
  const workflowId = caseWorkflowId(principal);
  await store.alerts.accept(alert, '{}', alert.alertId, `alert-${alert.alertId}`);
  const caseId = caseIdOf(principal, alert.alertId);
  const { alertId, title, techniques } = alert;
  const reasons = [{ rule: 'test', weight: 'decides', text: 'A key leaked.', questions: [] }] as const;
  const verdict = { outcome: 'contain', risk: 90, reasons, evidence: [] } as const;
  const input = { caseId, principal, principalHash: principalHash(principal) };
  await caseStarter(client).signalWithStart(workflowId, input, {
    alertId,
    title,
    techniques,
    verdict,
    opens: caseId,
  });
  const containment = new Decided(desk, workflowId);
  return {
    caseId,
    workflowId,
    asked: () => containment.asked(),
    approve: () => containment.approve(),
    deny: () => containment.deny(),
    end: () => containment.end(),
    async rollBack() {
      const asked = { caseId, requestedBy: 'erin', reason: 'drill' };
      const started = await temporalCaseClient(client).startRollback(asked);
      const rollback = new Decided(desk, started.workflowId);
      await rollback.asked();
      await rollback.approve();
      return rollback.end();
    },
  };
}

function alertAbout(principal: Principal, occasion = ''): Alert {
  const { cloud, name } = principal;
  const digest = createHash('sha256')
    .update(resourceOf(principal) + occasion)
    .digest('hex')
    .slice(0, 32);
  const now = new Date().toISOString();
  return {
    alertId: `al_${digest}`,
    source: 'generic',
    sourceAlertId: name,
    title: `About ${name}`,
    rule: 'test',
    severity: 'critical',
    techniques: [],
    cloud,
    clues: [{ form: 'resource-name', value: resourceOf(principal) }],
    sourceAddresses: [],
    userAgents: [],
    firstSeen: now,
    lastSeen: now,
    sample: false,
  };
}
