import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SEARCH_ATTRIBUTE_TYPES } from '../src/contracts/search-attributes.ts';
import { freePort } from '../src/runtime/server-process.ts';
import type { TemporalServer } from '../src/runtime/temporal-server.ts';
import { startMiniStack, type MiniStack } from '../test/support/processes/ministack.ts';
import { startSlack, type Slack } from '../test/support/processes/slack.ts';
import { startTemporal } from '../test/support/processes/temporal.ts';
import type { Company } from './company.ts';
import { buildCompany, giveHistory } from './company.ts';
import { configuration, secretPath, type SecretName } from './configuration.ts';
import { Cordon } from './cordon.ts';

export interface Stage {
  readonly directory: string;
  readonly temporal: TemporalServer;
  readonly ministack: MiniStack;
  readonly slack: Slack;
  readonly company: Company;
  readonly cordon: Cordon;
  /** Whatever must never be shown. */
  readonly secrets: readonly string[];
}

/** Starts everything on loopback and free ports; `running` stops it in the other order, also what had started when one failed. */
export async function buildStage(
  running: AsyncDisposableStack,
  withUi: boolean,
  note: (text: string) => void,
): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-demo-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  // A Temporal server that is not ours may know the cases of an earlier demo: another account makes others.
  const account = process.env['TEMPORAL_ADDRESS'] ? { accountId: String(randomInt(1e11, 1e12 - 1)) } : {};
  const ui = withUi ? { uiPort: await freePort() } : {};
  // All of them settle first, so that what did start is stopped.
  const started = await Promise.allSettled([
    stopping(running, startTemporal({ searchAttributes: SEARCH_ATTRIBUTE_TYPES, ...ui })),
    stopping(running, startMiniStack(account)),
    stopping(running, startSlack()),
  ]);
  const [temporal, ministack, slack] = [orThrow(started[0]), orThrow(started[1]), orThrow(started[2])];

  note(`Temporal at ${temporal.address}, MiniStack (AWS, IAM enforced, CloudTrail recording) at ${ministack.url},`);
  note(`Slack at ${slack.apiUrl}`);
  const company = await buildCompany(ministack);
  await giveHistory(ministack, company);
  const port = await freePort();
  const secrets = await writeSecrets(directory, slack, company);
  await writeFile(join(directory, 'cordon.yaml'), configuration(directory, port, ministack, slack));
  const cordon = new Cordon(directory, port, temporal.address);
  running.defer(() => cordon.stop());
  await cordon.start();
  note(`Cordon, server and worker, at ${cordon.url}`);
  return { directory, temporal, ministack, slack, company, cordon, secrets };
}

async function stopping<Part extends { stop(): Promise<void> }>(
  running: AsyncDisposableStack,
  start: Promise<Part>,
): Promise<Part> {
  const part = await start;
  running.defer(() => part.stop());
  return part;
}

function orThrow<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** One file a secret, for its owner alone, as an operator would mount them. Answers with all that must never be shown. */
async function writeSecrets(directory: string, slack: Slack, company: Company): Promise<readonly string[]> {
  const random = () => randomBytes(24).toString('hex');
  const values: Record<SecretName, string> = {
    botToken: slack.botToken,
    signingSecret: slack.signingSecret,
    generic: random(),
    guardduty: random(),
    token: random(),
  };
  await mkdir(join(directory, 'secrets'), { mode: 0o700 });
  const write = (path: string, text: string) => writeFile(path, text, { mode: 0o600 });
  for (const [name, value] of Object.entries(values)) await write(secretPath(directory, name as SecretName), value);
  const { accessKeyId, secretAccessKey } = company.cordon;
  await write(
    join(directory, 'secrets', 'aws-credentials'),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
  await write(join(directory, 'secrets', 'aws-config'), '');
  const { aliceKeys, bob, terraform, veeam, breakGlass, cordon } = company;
  const keys = [...aliceKeys, bob, terraform, veeam, breakGlass, cordon];
  return [...Object.values(values), ...keys.map((key) => key.secretAccessKey)];
}
