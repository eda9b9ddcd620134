import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sealPlan } from '../../src/approval/digest.ts';
import { decisionGateway } from '../../src/approval/gateway.ts';
import { signingKeyOf } from '../../src/approval/keys.ts';
import { decisionSigner } from '../../src/approval/signer.ts';
import { approvalVerifier } from '../../src/approval/verifier.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { CaseClient, DecisionAnswer, Pulse, SecondPlanAnswer } from '../../src/contracts/case-client.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import { caseIdOf, caseWorkflowId } from '../../src/contracts/ids.ts';
import type { SecondPlanInput } from '../../src/contracts/messages.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import type { CaseState } from '../../src/domain/case.ts';
import type { PlanKind } from '../../src/domain/plan.ts';
import { principalKey } from '../../src/domain/principal.ts';
import { createCipher } from '../../src/encryption/cipher.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import type { ServerDependencies } from '../../src/server/dependencies.ts';
import { createServer } from '../../src/server/server.ts';
import { signatureHeaders } from '../../src/server/signature.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { ALICE } from '../support/alice.ts';

export const SECRETS = {
  sources: { generic: 'generic-hmac-secret', guardduty: 'guardduty-bearer-token' },
  approvers: { dana: 'token-of-dana-in-tests', sam: 'token-of-sam-in-tests' },
};

const config = configSchema.parse({
  sources: {
    generic: { type: 'hmac', secret: { env: 'A' } },
    guardduty: { type: 'bearer', secret: { env: 'B' } },
  },
  approvers: [
    { id: 'dana', name: 'Dana', token: { env: 'C' } },
    // Sam is alice: whose case it is.
    { id: 'sam', name: 'Sam', token: { env: 'D' }, identities: [ALICE.arn] },
  ],
});

/** Temporal as the server sees it, with what it was asked for; `away` until it is not. */
export class CasesDouble implements CaseClient {
  away = false;
  /** Of every case. */
  heartbeat: Pulse = 'runs';
  readonly started = new Map<string, number>();
  readonly decided: { readonly workflowId: string; readonly decision: SignedDecision }[] = [];
  readonly rollbacks: SecondPlanInput[] = [];
  readonly deletions: SecondPlanInput[] = [];
  /** What runs under the lock of a second plan already. */
  secondPlan: SecondPlanAnswer['status'] = 'started';
  answer: () => Promise<DecisionAnswer> = async () => ({
    status: 'accepted',
    state: 'APPROVED',
    approvals: 1,
    required: 1,
  });

  async startAlert(_alertId: string, workflowId: string) {
    this.present();
    this.started.set(workflowId, (this.started.get(workflowId) ?? 0) + 1);
    return 'started' as const;
  }

  async decide(workflowId: string, decision: SignedDecision) {
    this.present();
    this.decided.push({ workflowId, decision });
    return this.answer();
  }

  async startRollback(input: SecondPlanInput) {
    this.present();
    this.rollbacks.push(input);
    return { workflowId: `rollback-${input.caseId}`, status: this.secondPlan };
  }

  async startKeyDeletion(input: SecondPlanInput) {
    this.present();
    this.deletions.push(input);
    return { workflowId: `rollback-${input.caseId}`, status: this.secondPlan };
  }

  async status() {
    this.present();
    return null;
  }

  async pulse() {
    this.present();
    return this.heartbeat;
  }

  async reachable() {
    return !this.away;
  }

  private present(): void {
    if (this.away) throw new CordonFailure('Unavailable', 'Temporal does not answer.');
  }
}

export interface Serving {
  readonly url: string;
  readonly store: Store;
  readonly cases: CasesDouble;
  /** Every line logged so far. */
  readonly log: string[];
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  /** Signed as the generic source. */
  send(body: unknown, headers?: Record<string, string>): Promise<Response>;
  as(approver: 'dana' | 'sam', path: string, body?: unknown): Promise<Response>;
  /** The server alone; the store stays. */
  stopServer(): Promise<void>;
  close(): Promise<void>;
}

interface ServingOptions {
  readonly store?: Store;
  readonly cases?: CasesDouble;
  readonly mounted?: { readonly path: string; readonly handler: RequestListener };
  readonly now?: () => Date;
}

/** The real server on a port of its own, over the real SQLite store. */
export async function serve(options: ServingOptions = {}): Promise<Serving> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-server-'));
  const store = options.store ?? (await openSqlite(directory));
  const cases = options.cases ?? new CasesDouble();
  const log: string[] = [];
  const { now } = options;
  const app = await createServer({
    ...dependenciesOf(store, cases, log, options.mounted),
    ...(now === undefined ? {} : { now }),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  return {
    url,
    store,
    cases,
    log,
    post,
    send(body, headers = {}) {
      const text = JSON.stringify(body);
      const signed = signatureHeaders(SECRETS.sources.generic, text, new Date());
      return post('/v1/alerts/generic', text, { ...signed, ...headers });
    },
    as(approver, path, body) {
      const authorization = `Bearer ${SECRETS.approvers[approver]}`;
      if (body === undefined) return fetch(url + path, { headers: { authorization } });
      return post(path, JSON.stringify(body), { authorization });
    },
    stopServer: () => app.close(),
    async close() {
      await app.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function dependenciesOf(
  store: Store,
  cases: CaseClient,
  log: string[] = [],
  mounted?: ServerDependencies['mounted'],
): ServerDependencies {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = decisionSigner(signingKeyOf(privateKey, 'test'));
  const verifier = approvalVerifier({ keys: [{ keyId: 'test', publicKey }], approvers: config.approvers });
  return {
    config,
    secrets: SECRETS,
    store,
    cases,
    sweeps: { start: async () => 'started', report: async () => ({ status: 'none' }) },
    version: '0.0.0-test',
    gateway: decisionGateway({ approvers: config.approvers, store, cases, signer, verifier }),
    logger: createLogger({ level: 'debug', write: (line) => void log.push(line) }),
    ...(mounted === undefined ? {} : { mounted }),
  };
}

export function openSqlite(directory: string): Promise<Store> {
  return openStore({ path: join(directory, 'cordon.db'), cipher: createCipher([randomBytes(32)]) });
}

/** A case of alice with a plan, as the workflows leave it in the store. */
export async function storeCase(store: Store, state: CaseState = 'AWAITING_APPROVAL', kind: PlanKind = 'containment') {
  const caseId = caseIdOf(ALICE, 'al_1');
  const workflowId = caseWorkflowId(ALICE);
  const plan = sealPlan({
    kind,
    caseId,
    principal: ALICE,
    actions: [],
    obstacles: [],
    caveats: [],
    requirement: { approvals: 1, reason: 'the default' },
  });
  await store.plans.put(plan);
  await store.cases.save({
    caseId,
    workflowId,
    state,
    alertIds: [],
    planDigest: plan.digest,
    principalKey: principalKey(ALICE),
    principal: { ...ALICE },
    timeline: [{ at: '2026-02-01T00:00:00.000Z', state, step: 'Ask for approval', detail: 'Asked in Slack' }],
  });
  return { caseId, workflowId, plan };
}

export async function problemOf(response: Response) {
  const document = (await response.json()) as Record<string, unknown> & {
    readonly errors?: readonly { readonly pointer?: string; readonly header?: string }[];
  };
  return { status: response.status, type: response.headers.get('content-type'), document };
}

/** Resolves once the condition holds; the test's own time limit is the only one. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
