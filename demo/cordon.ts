import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

import { caseRecord } from '../src/cli/case/responses.ts';
import { openExistingStore } from '../src/cli/store.ts';
import { loadConfig } from '../src/config/load.ts';
import type { ServerProcess } from '../src/runtime/server-process.ts';
import { startServerProcess } from '../src/runtime/server-process.ts';
import { signatureHeaders } from '../src/server/signature.ts';
import { secretPath, type SecretName } from './configuration.ts';
import { DemoFailed } from './checks.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

const accepted = z.object({ alertId: z.string(), status: z.literal('accepted') });
const alertRecord = z.object({
  alert: z.object({ alertId: z.string() }).loose(),
  verdict: z.string().optional(),
});
const alertList = z.object({ alerts: z.array(alertRecord) });
const caseIds = z.object({ cases: z.array(caseRecord) });
type CaseRecord = z.infer<typeof caseRecord>;

/** Cordon as its user has it: `cordon up` as a process, its command line, its HTTP interface. */
export class Cordon {
  readonly url: string;
  readonly configFile: string;
  readonly #directory: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: ServerProcess | undefined;

  constructor(directory: string, port: number, environment: NodeJS.ProcessEnv) {
    this.url = `http://127.0.0.1:${port}`;
    this.configFile = join(directory, 'cordon.yaml');
    this.#directory = directory;
    this.#env = environmentOf(environment);
  }

  async start(): Promise<void> {
    this.#process = await startServerProcess({
      name: 'Cordon',
      command: process.execPath,
      args: [MAIN, '--config', this.configFile, 'up'],
      cwd: this.#directory,
      env: this.#env,
      ready: async () => (await fetch(`${this.url}/readyz`)).ok,
      readyWithinMs: 120_000,
      // A mutation under way gets the time to be read back and recorded.
      stopSignal: 'SIGTERM',
    });
  }

  /** What it logged last; its log is redacted. */
  log(): string {
    return this.#process?.output() ?? '';
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** Runs a command of `cordon` in the name of dana. Rejects unless it ends with status 0. */
  async run(args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [MAIN, '--config', this.configFile, ...args], {
      cwd: this.#directory,
      env: { ...process.env, ...this.#env, CORDON_TOKEN: await this.#secret('token') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const status = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if ((await status) !== 0) throw new DemoFailed(`cordon ${args.join(' ')} failed: ${errors.trim() || out.trim()}`);
    return out;
  }

  /** As a detector sends it: signed, or with the bearer token of its source. Answers with the id of the alert. */
  async sendAlert(source: 'generic' | 'guardduty', alert: unknown): Promise<string> {
    const body = JSON.stringify(alert);
    const secret = await this.#secret(source);
    const proof: Record<string, string> =
      source === 'generic' ? signatureHeaders(secret, body, new Date()) : { authorization: `Bearer ${secret}` };
    const headers = { 'content-type': 'application/json', ...proof };
    const response = await fetch(`${this.url}/v1/alerts/${source}`, { method: 'POST', headers, body });
    if (response.status !== 202) throw new DemoFailed(`The alert was refused: ${await response.text()}`);
    return accepted.parse(await response.json()).alertId;
  }

  /** What became of each alert; undefined while that is not decided. */
  async verdicts(alertIds: readonly string[]): Promise<readonly string[] | undefined> {
    const { alerts } = await this.#get('/v1/alerts?limit=200', alertList);
    const verdicts = alertIds.map((id) => alerts.find(({ alert }) => alert.alertId === id)?.verdict);
    return verdicts.every((verdict) => verdict !== undefined) ? verdicts : undefined;
  }

  /** The deciding reason of a verdict, as the ledger keeps it. */
  async reason(alertId: string): Promise<string> {
    const store = await openExistingStore((await loadConfig(this.configFile, this.#env)).config);
    try {
      const entry = await store.ledger.find('verdict', alertId);
      const { reasons } = z.object({ reasons: z.array(z.object({ text: z.string() })).min(1) }).parse(entry?.body);
      return reasons[0]?.text ?? '';
    } finally {
      await store.close();
    }
  }

  async cases(): Promise<readonly CaseRecord[]> {
    return (await this.#get('/v1/cases', caseIds)).cases;
  }

  case(caseId: string): Promise<CaseRecord> {
    return this.#get(`/v1/cases/${caseId}`, caseRecord);
  }

  #secret(name: SecretName): Promise<string> {
    return readFile(secretPath(this.#directory, name), 'utf8');
  }

  async #get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> {
    const headers = { authorization: `Bearer ${await this.#secret('token')}` };
    const response = await fetch(`${this.url}${path}`, { headers });
    if (!response.ok) throw new DemoFailed(`${path} answered ${response.status}: ${await response.text()}`);
    return schema.parse(await response.json());
  }
}

/** Nothing of this machine's Cordon or clouds gets in; undefined removes a variable. */
function environmentOf(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.keys(process.env).filter((name) =>
    /^(?:AWS_|AZURE_|GOOGLE_|GCLOUD_|CLOUDSDK_|NODE_EXTRA_CA_CERTS|CORDON_(?!TEMPORAL_BINARY)|SLACK_)/u.test(name),
  );
  return {
    ...Object.fromEntries(inherited.map((name) => [name, undefined])),
    DATABASE_URL: undefined,
    NO_COLOR: '1',
    ...given,
  };
}
