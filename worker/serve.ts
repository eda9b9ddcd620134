import packageJson from '../package.json' with { type: 'json' };
import { decisionGateway } from '../src/approval/gateway.ts';
import type { SigningKey } from '../src/approval/port.ts';
import { decisionSigner } from '../src/approval/signer.ts';
import type { Config } from '../src/config/schema.ts';
import { createSlackApp, EVENTS_PATH, type SlackApp } from '../src/notify/index.ts';
import { temporalCaseClient } from '../src/runtime/case-client.ts';
import type { Logger } from '../src/runtime/logger.ts';
import { temporalSweepClient } from '../src/runtime/sweep-client.ts';
import { createServer } from '../src/server/server.ts';
import type { Foundation } from './dependencies.ts';
import type { Secrets } from './secrets.ts';
import type { temporalClient } from './temporal.ts';

/** Listens, also while Temporal is away: alerts are kept and the kill switch can be turned. Answers the URL. */
export async function serve(
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
  logger.info({ url }, 'The server listens');
  return url;
}

function slackApp(
  { slack, approvers }: Config,
  secrets: Secrets,
  gateway: ReturnType<typeof decisionGateway>,
  log: Logger,
): SlackApp | undefined {
  if (!slack) return undefined;
  const { botToken, receiver } = secrets.slack ?? {};
  if (!botToken || !receiver) throw new Error('Slack is configured, and its secrets are not resolved.');
  return createSlackApp({
    botToken,
    receiver,
    ...(slack.apiUrl === undefined ? {} : { apiUrl: slack.apiUrl }),
    approvers: approvers.flatMap(({ id, name, slackUserId }) => (slackUserId ? [{ id, name, slackUserId }] : [])),
    gateway,
    log,
  });
}
