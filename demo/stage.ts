import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SEARCH_ATTRIBUTE_TYPES } from '../src/contracts/search-attributes.ts';
import type { Cloud } from '../src/domain/cloud.ts';
import { freePort } from '../src/runtime/server-process.ts';
import type { TemporalServer } from '../src/runtime/temporal-server.ts';
import { startSlack, type Slack } from '../test/support/processes/slack.ts';
import { startTemporal } from '../test/support/processes/temporal.ts';
import { SCENES } from './clouds.ts';
import { configuration, secretPath, type SecretName } from './configuration.ts';
import { Cordon } from './cordon.ts';
import type { Scene } from './scene.ts';

export interface Stage {
  readonly directory: string;
  readonly temporal: TemporalServer;
  readonly slack: Slack;
  readonly scene: Scene;
  readonly cordon: Cordon;
  /** Whatever must never be shown. */
  readonly secrets: readonly string[];
}

/** Starts everything on loopback and free ports; `running` stops it in the other order, also what had started when one failed. */
export async function buildStage(
  cloud: Cloud,
  running: AsyncDisposableStack,
  withUi: boolean,
  note: (text: string) => void,
): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-demo-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  const ui = withUi ? { uiPort: await freePort() } : {};
  // All of them settle first, so that what did start is stopped.
  const started = await Promise.allSettled([
    stopping(running, startTemporal({ searchAttributes: SEARCH_ATTRIBUTE_TYPES, ...ui })),
    stopping(running, SCENES[cloud]()),
    stopping(running, startSlack()),
  ]);
  const [temporal, scene, slack] = [orThrow(started[0]), orThrow(started[1]), orThrow(started[2])];

  note(`Temporal at ${temporal.address}, ${scene.title} at ${scene.url},`);
  note(`Slack at ${slack.apiUrl}`);
  const port = await freePort();
  const secrets = await writeSecrets(directory, slack, scene);
  await writeFile(join(directory, 'cordon.yaml'), configuration(directory, port, scene, slack));
  const own = scene.environment((file) => join(directory, 'secrets', file));
  const cordon = new Cordon(directory, port, { ...own, TEMPORAL_ADDRESS: temporal.address });
  running.defer(() => cordon.stop());
  await cordon.start();
  note(`Cordon, server and worker, at ${cordon.url}`);
  return { directory, temporal, slack, scene, cordon, secrets };
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
async function writeSecrets(directory: string, slack: Slack, scene: Scene): Promise<readonly string[]> {
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
  for (const [name, text] of Object.entries(scene.files)) await write(join(directory, 'secrets', name), text);
  return [...Object.values(values), ...scene.secrets];
}
