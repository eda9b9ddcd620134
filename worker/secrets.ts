import { secretsOfRole, type Role } from '../src/config/role.ts';
import type { Config } from '../src/config/schema.ts';
import { resolveSecret } from '../src/config/secrets.ts';
import type { ReceiverSettings } from '../src/notify/index.ts';
import type { ServerSecrets } from '../src/server/dependencies.ts';
import type { SourceName } from '../src/sources/names.ts';

/** Sources and approvers are empty where nothing is served. */
export interface Secrets extends ServerSecrets {
  /** Of who asks, tells or serves; the receiver's is the server's alone. */
  readonly slack?: { readonly botToken: string; readonly receiver?: ReceiverSettings };
  readonly databaseUrl?: string;
  readonly temporalApiKey?: string;
  /** Every secret that was read, for the log to leave out. */
  readonly all: readonly string[];
}

/** Reads what the role needs and nothing else. A secret that is missing stops the start, with the variable or file to set. */
export async function configuredSecrets(config: Config, role: Role): Promise<Secrets> {
  const all: string[] = [];
  const read = async (reference: Parameters<typeof resolveSecret>[0]) => {
    const secret = await resolveSecret(reference);
    all.push(secret);
    return secret;
  };
  const named = secretsOfRole(config, role);
  const sources: Partial<Record<SourceName, string>> = {};
  for (const [name, { secret }] of Object.entries(named.sources)) sources[name as SourceName] = await read(secret);
  const approvers: Record<string, string> = {};
  for (const { id, token } of named.approvers) if (token) approvers[id] = await read(token);
  const { store, temporal } = named;
  const slack = await slackSecrets(named.slack, read);
  const databaseUrl = store.databaseUrl && (await read(store.databaseUrl));
  const temporalApiKey = temporal.apiKey && (await read(temporal.apiKey));
  return {
    sources,
    approvers,
    all,
    ...(slack ? { slack } : {}),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(temporalApiKey === undefined ? {} : { temporalApiKey }),
  };
}

async function slackSecrets(
  slack: ReturnType<typeof secretsOfRole>['slack'],
  read: typeof resolveSecret,
): Promise<Secrets['slack']> {
  if (!slack?.botToken) return undefined;
  const botToken = await read(slack.botToken);
  const { receiver } = slack;
  if (!receiver) return { botToken };
  return receiver.type === 'http'
    ? { botToken, receiver: { type: 'http', signingSecret: await read(receiver.signingSecret) } }
    : { botToken, receiver: { type: 'socket', appToken: await read(receiver.appToken) } };
}
