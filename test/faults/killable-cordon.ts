import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';

import { loadSigningKey } from '../../src/approval/keys.ts';
import { decisionSigner } from '../../src/approval/signer.ts';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { caseIdOf, caseWorkflowId, principalHash } from '../../src/contracts/ids.ts';
import { stateQuery } from '../../src/contracts/messages.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../../src/contracts/search-attributes.ts';
import type { Alert } from '../../src/domain/alert.ts';
import type { CaseState } from '../../src/domain/case.ts';
import { configuredCipher } from '../../src/encryption/configured.ts';
import { dataConverter } from '../../src/encryption/temporal-codec.ts';
import { temporalCaseClient } from '../../src/runtime/case-client.ts';
import { startServerProcess, type ServerProcess } from '../../src/runtime/server-process.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { resourceOf } from '../../src/domain/principal.ts';
import { caseStarter } from '../../worker/temporal.ts';
import type { Stage } from '../providers/aws/stage.ts';
import { buildStage } from '../providers/aws/stage.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { startMiniStack } from '../support/processes/ministack.ts';
import { startTemporal } from '../support/processes/temporal.ts';
import { approval, type Person } from './suspect.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface OpenCase {
  readonly caseId: string;
  /** Once the plan is made and waits for its approval. */
  asked(): Promise<void>;
  approve(): Promise<void>;
  /** Once its workflow has ended. */
  end(): Promise<CaseState>;
}

/** Cordon with its worker in a process of its own, which can be killed, and the fault proxy before its AWS. */
export interface KillableCordon {
  readonly stage: Stage;
  readonly proxy: FaultProxy;
  readonly store: Store;
  /** Without `watch` a case ends with its containment. */
  startWorker(actions: readonly string[], watch?: Config['watch']): Promise<void>;
  /** kill -9; resolves once it is gone. */
  killWorker(): Promise<void>;
  openCase(person: Person): Promise<OpenCase>;
  stop(): Promise<void>;
}

export async function startKillableCordon(): Promise<KillableCordon> {
  const parts = new AsyncDisposableStack();
  try {
    return await compose(parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function compose(parts: AsyncDisposableStack): Promise<KillableCordon> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-kill-'));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const ministack = await startMiniStack();
  parts.defer(() => ministack.stop());
  const temporal = await startTemporal({ searchAttributes: SEARCH_ATTRIBUTE_TYPES });
  parts.defer(() => temporal.stop());
  const proxy = await startFaultProxy(ministack.url);
  parts.defer(() => proxy.stop());
  const stage = await buildStage(ministack);
  const config = configSchema.parse(configuration(directory, temporal.address, proxy.url, []));
  const signer = decisionSigner(await loadSigningKey(config.approval));
  const cipher = await configuredCipher(config.encryption);
  const store = await openStore({ path: config.store.path, cipher });
  parts.defer(() => store.close());
  const connection = await Connection.connect({ address: temporal.address });
  parts.defer(() => connection.close());
  const client = new Client({ connection, dataConverter: dataConverter(cipher) });
  let worker: ServerProcess | undefined;
  parts.defer(async () => worker?.stop());
  return {
    stage,
    proxy,
    store,
    async startWorker(actions, watch = { hours: 0, everyMinutes: 1 }) {
      const file = join(directory, 'cordon.yaml');
      // JSON is YAML.
      const written = { ...configuration(directory, temporal.address, proxy.url, actions), watch };
      await writeFile(file, JSON.stringify(written));
      const started = await startServerProcess({
        name: 'The worker',
        command: process.execPath,
        args: [MAIN, '--config', file, 'up', '--only', 'worker'],
        cwd: directory,
        env: {
          AWS_ACCESS_KEY_ID: stage.settings.credentials?.accessKeyId,
          AWS_SECRET_ACCESS_KEY: stage.settings.credentials?.secretAccessKey,
          CORDON_TEST_ERIN: 'token-of-erin-in-tests',
          AWS_SESSION_TOKEN: undefined,
          TEMPORAL_ADDRESS: undefined,
          DATABASE_URL: undefined,
        },
        ready: async () => true,
      });
      worker = started;
      await until(async () => started.output().includes('Cordon is ready'));
    },
    async killWorker() {
      if (!worker) throw new Error('There is no worker to kill.');
      process.kill(worker.pid, 'SIGKILL');
      await worker.stop();
    },
    openCase: (person) => openCase(person, store, client, signer),
    stop: () => parts.disposeAsync(),
  };
}

function configuration(directory: string, address: string, endpoint: string, actions: readonly string[]) {
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
    aws: {
      endpoint,
      logDelaySeconds: 0,
      propagationSeconds: 1,
      quietSeconds: 1,
      lookupsPerSecond: 1000,
      ...(actions.length > 0 ? { actions } : {}),
    },
    budget: { containmentsPerHour: 1000, perAccount: 1000, perKind: { 'iam-user': 1000 } },
  };
}

async function openCase(
  { principal }: Person,
  store: Store,
  client: Client,
  signer: ReturnType<typeof decisionSigner>,
): Promise<OpenCase> {
  const alert = alertAbout(principal.name, resourceOf(principal));
  const workflowId = caseWorkflowId(principal);
  await store.alerts.accept(alert, '{}', alert.sourceAlertId, `alert-${alert.alertId}`);
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
  const handle = client.workflow.getHandle(workflowId);
  let digest: string | undefined;
  return {
    caseId,
    asked: () =>
      until(async () => {
        const { state, planDigest } = await handle.query(stateQuery);
        if (state === 'FAILED' || state === 'RECORDED') throw new Error(`The case of ${principal.name} is ${state}.`);
        if (state === 'AWAITING_APPROVAL') digest = planDigest;
        return digest !== undefined;
      }),
    async approve() {
      const plan = await store.plans.get(digest ?? '');
      if (!plan) throw new Error('The store does not hold the plan.');
      const answer = await temporalCaseClient(client).decide(workflowId, approval(plan, signer));
      if (answer.status !== 'accepted') throw new Error(`The approval was not accepted: ${JSON.stringify(answer)}`);
    },
    end: () => handle.result(),
  };
}

function alertAbout(name: string, arn: string): Alert {
  const now = new Date().toISOString();
  return {
    alertId: `al_${Buffer.from(name).toString('hex').padStart(32, '0')}`,
    source: 'generic',
    sourceAlertId: name,
    title: `About ${name}`,
    rule: 'test',
    severity: 'critical',
    techniques: [],
    cloud: 'aws',
    clues: [{ form: 'arn', value: arn }],
    sourceAddresses: [],
    userAgents: [],
    firstSeen: now,
    lastSeen: now,
    sample: false,
  };
}

/** The test's own time limit ends a wait in vain. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
