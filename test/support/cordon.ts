import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';

import { snapshot } from '../../demo/aws/snapshot.ts';
import type { Snapshot } from '../../demo/snapshot.ts';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { caseIdOf, caseWorkflowId } from '../../src/contracts/ids.ts';
import type { LedgerEntry } from '../../src/domain/ledger.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { configuredCipher } from '../../src/encryption/configured.ts';
import { dataConverter } from '../../src/encryption/temporal-codec.ts';
import { EVENTS_PATH } from '../../src/notify/index.ts';
import type { AwsCredentials } from '../../src/providers/aws/index.ts';
import { signatureHeaders } from '../../src/server/signature.ts';
import { openStore } from '../../src/store/index.ts';
import type { CaseRecord, Store } from '../../src/store/port.ts';
import { resourceOf } from '../../src/domain/principal.ts';
import { up, type Running } from '../../worker/up.ts';
import { buildStage, type Stage } from '../providers/aws/stage.ts';
import { startMiniStack } from './processes/ministack.ts';
import type { SlackPerson } from './processes/slack-person.ts';
import { startSlack, type Slack, type SlackUserName } from './processes/slack.ts';
import { startTemporal } from './processes/temporal.ts';

export const NAMESPACE = 'default';
const ALERT_SECRET = 'secret-of-the-generic-source';
const GUARDDUTY_TOKEN = 'token-of-the-guardduty-source';
const TOKENS = { dana: 'token-of-dana-in-tests', erin: 'token-of-erin-in-tests' };

type Section<Name extends keyof Config> = Partial<Config[Name]>;
export interface CordonOptions {
  readonly mode?: Config['mode'];
  readonly approval?: Section<'approval'>;
  readonly aws?: Section<'aws'>;
  /** Without it a case ends with its containment. */
  readonly watch?: Section<'watch'>;
  readonly sweep?: Section<'sweep'>;
  readonly protected?: Config['protected'];
  readonly allowlist?: Config['allowlist'];
  /** ARNs of erin in the cloud: where she is the suspect she decides nothing. */
  readonly identitiesOfErin?: readonly string[];
  /** One that is known from elsewhere; Cordon makes one if absent. */
  readonly payloadKeyFile?: string;
}

export interface User {
  readonly principal: Principal;
  readonly key: AwsCredentials;
}

/** Cordon in this process over real parts: an AWS account with IAM enforced, Temporal, Slack, SQLite in a directory of its own. */
export interface Cordon {
  readonly stage: Stage;
  readonly slack: Slack;
  readonly directory: string;
  readonly config: Config;
  /** With the payload key, so as a forger who stole it: it can put anything into Temporal. */
  readonly temporal: Client;
  /** The same database as Cordon's, opened a second time. */
  readonly store: Store;
  /** Of the server. */
  readonly url: string;
  /** Everything that Cordon logged so far. */
  log(): string;
  createUser(name: string): Promise<User>;
  /** Everything of IAM that containment could change. */
  account(): Promise<Snapshot>;
  /** An alert of the highest severity about this principal, or about whom `clues` name. Answers when it is accepted. */
  alertOn(principal: Principal, change?: object): Promise<string>;
  sendFinding(finding: object): Promise<string>;
  as(approver: keyof typeof TOKENS, path: string, body?: object): Promise<Response>;
  person(name: SlackUserName): SlackPerson;
  /** Once its workflow has ended. */
  verdictOn(alertId: string): Promise<string>;
  ledger(caseId: string): Promise<readonly LedgerEntry[]>;
  /** The same servers and directory, another configuration. */
  restart(options: CordonOptions): Promise<void>;
  stop(): Promise<void>;
}

export async function startCordon(options: CordonOptions = {}): Promise<Cordon> {
  const parts = new AsyncDisposableStack();
  try {
    return await compose(options, parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function compose(options: CordonOptions, parts: AsyncDisposableStack): Promise<Cordon> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-workflows-'));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const [ministack, temporalServer, slack] = await Promise.all([startMiniStack(), startTemporal(), startSlack()]);
  parts.defer(async () => void (await Promise.all([ministack.stop(), temporalServer.stop(), slack.stop()])));
  const stage = await buildStage(ministack);
  setEnvironment(stage, slack);
  const log = captureLog(parts);

  const configOf = (wanted: CordonOptions) => configuration(wanted, directory, temporalServer.address, stage, slack);
  let config = configOf(options);
  let running: Running | null = await up(config);
  parts.defer(async () => running?.stop());
  const cipher = await configuredCipher(config.encryption);
  const store = await openStore({ path: config.store.path, cipher });
  parts.defer(() => store.close());
  const connection = await Connection.connect({ address: temporalServer.address });
  parts.defer(() => connection.close());
  const temporal = new Client({ connection, namespace: NAMESPACE, dataConverter: dataConverter(cipher) });

  const url = (path: string) => `${running?.url ?? ''}${path}`;
  const post = (path: string, body: string, headers: Record<string, string>) =>
    fetch(url(path), { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  return {
    stage,
    slack,
    directory,
    get config() {
      return config;
    },
    temporal,
    store,
    get url() {
      return url('');
    },
    log,
    async createUser(name) {
      const { arn, id, key } = await stage.createUser(name);
      const { accountId } = ministack;
      return { key, principal: { cloud: 'aws', kind: 'iam-user', accountId, name, arn, uniqueId: id } };
    },
    account: () => snapshot(stage.admin.iam),
    async alertOn(principal, change = {}) {
      const body = JSON.stringify({ ...alertAbout(principal), ...change });
      return accepted(await post('/v1/alerts/generic', body, signatureHeaders(ALERT_SECRET, body, new Date())));
    },
    async sendFinding(finding) {
      const headers = { authorization: `Bearer ${GUARDDUTY_TOKEN}` };
      return accepted(await post('/v1/alerts/guardduty', JSON.stringify(finding), headers));
    },
    as(approver, path, body) {
      const headers = { authorization: `Bearer ${TOKENS[approver]}` };
      return body ? post(path, JSON.stringify(body), headers) : fetch(url(path), { headers });
    },
    person: (name) => slack.person(name, url(EVENTS_PATH)),
    verdictOn: async (alertId) => {
      for (;;) {
        const { delivery, workflowId } = (await store.alerts.get(alertId)) ?? {};
        if (delivery === 'delivered' && workflowId)
          return (await temporal.workflow.getHandle(workflowId).result()) as string;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    ledger: (caseId) => store.ledger.ofCase(caseId),
    async restart(wanted) {
      await running?.stop();
      running = null;
      config = configOf(wanted);
      running = await up(config);
    },
    stop: () => parts.disposeAsync(),
  };
}

/** The secrets that the configuration names, and Cordon's own identity in AWS, by which the SDK's chain finds it. */
function setEnvironment(stage: Stage, slack: Slack): void {
  const { credentials } = stage.settings;
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    CORDON_TEST_SOURCE: ALERT_SECRET,
    CORDON_TEST_GUARDDUTY: GUARDDUTY_TOKEN,
    CORDON_TEST_BOT: slack.botToken,
    CORDON_TEST_SIGNING: slack.signingSecret,
    CORDON_TEST_DANA: TOKENS.dana,
    CORDON_TEST_ERIN: TOKENS.erin,
  });
  delete process.env['AWS_SESSION_TOKEN'];
}

function configuration(
  options: CordonOptions,
  directory: string,
  address: string,
  { ministack }: Stage,
  slack: Slack,
): Config {
  const inside = (name: string) => join(directory, name);
  return configSchema.parse({
    mode: options.mode ?? 'approve',
    server: { port: 0 },
    store: { path: inside('cordon.db') },
    temporal: { address, namespace: NAMESPACE },
    encryption: { keyFile: options.payloadKeyFile ?? inside('payload.key') },
    approval: {
      signingKeyFile: inside('approval.key'),
      publicKeyFile: inside('approval.pub'),
      deadlineMinutes: 10,
      ...options.approval,
    },
    approvers: [
      { id: 'dana', name: 'Dana', slackUserId: slack.userIds.dana, token: { env: 'CORDON_TEST_DANA' } },
      {
        id: 'erin',
        name: 'Erin',
        slackUserId: slack.userIds.erin,
        token: { env: 'CORDON_TEST_ERIN' },
        identities: options.identitiesOfErin ?? [],
      },
    ],
    sources: {
      generic: { type: 'hmac', secret: { env: 'CORDON_TEST_SOURCE' } },
      guardduty: { type: 'bearer', secret: { env: 'CORDON_TEST_GUARDDUTY' } },
    },
    slack: {
      botToken: { env: 'CORDON_TEST_BOT' },
      channel: slack.channelId,
      apiUrl: slack.apiUrl,
      receiver: { type: 'http', signingSecret: { env: 'CORDON_TEST_SIGNING' } },
    },
    aws: {
      region: ministack.region,
      logRegions: [ministack.region],
      endpoint: ministack.url,
      logDelaySeconds: 0,
      propagationSeconds: 1,
      quietSeconds: 1,
      lookupsPerSecond: 1000,
      ...options.aws,
    },
    watch: { hours: 0, ...options.watch },
    sweep: { ...options.sweep },
    protected: options.protected ?? [],
    allowlist: options.allowlist ?? [],
  });
}

let alerts = 0;
function alertAbout(principal: Principal): object {
  const { accountId } = principal;
  const now = new Date().toISOString();
  return {
    id: `test-${++alerts}`,
    title: `Burst of discovery, number ${alerts}`,
    rule: 'aws-t1580-discovery-burst',
    severity: 'critical',
    techniques: ['T1580'],
    cloud: 'aws',
    accountId,
    principal: { arn: resourceOf(principal) },
    sourceAddresses: ['198.51.100.7'],
    firstSeen: now,
    lastSeen: now,
  };
}

async function accepted(response: Response): Promise<string> {
  if (response.status !== 202) throw new Error(`The alert was not accepted: ${await response.text()}`);
  return ((await response.json()) as { alertId: string }).alertId;
}

/** Cordon logs to standard error; meanwhile nothing else of this process reaches the terminal by it. */
function captureLog(parts: AsyncDisposableStack): () => string {
  const lines: string[] = [];
  const original = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text: string | Uint8Array) => lines.push(String(text)) > 0;
  parts.defer(() => void (process.stderr.write = original));
  return () => lines.join('');
}

/** A user's case as this alert opened it. */
export class CaseUnderTest {
  readonly caseId: string;
  readonly workflowId: string;
  readonly #cordon: Cordon;

  constructor(cordon: Cordon, principal: Principal, openingAlertId: string) {
    this.#cordon = cordon;
    this.caseId = caseIdOf(principal, openingAlertId);
    this.workflowId = caseWorkflowId(principal);
  }

  async record(): Promise<CaseRecord | null> {
    return this.#cordon.store.cases.get(this.caseId);
  }

  async state(): Promise<CaseRecord['state'] | undefined> {
    return (await this.record())?.state;
  }

  /** The open request in Slack, once it is there. */
  asked(name: SlackUserName = 'dana') {
    return this.#cordon.person(name).waitForMessage((message) => {
      const shown = JSON.stringify(message);
      return shown.includes(this.caseId) && shown.includes('cordon.approve');
    }, 60_000);
  }

  async approve(name: SlackUserName = 'dana') {
    return this.#cordon.person(name).click(await this.asked(name), 'cordon.approve');
  }

  get handle() {
    return this.#cordon.temporal.workflow.getHandle(this.workflowId);
  }
}
