import { loadSigningKey, loadVerifyingKeys } from '../src/approval/keys.ts';
import type { SigningKey } from '../src/approval/port.ts';
import { approvalVerifier } from '../src/approval/verifier.ts';
import { roleOf, type Part, type Role } from '../src/config/role.ts';
import type { Config } from '../src/config/schema.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../src/contracts/search-attributes.ts';
import { configuredCipher } from '../src/encryption/configured.ts';
import { dataConverter } from '../src/encryption/temporal-codec.ts';
import { configuredProviders } from '../src/providers/configured.ts';
import { rejectionOf } from '../src/runtime/abort.ts';
import { casePulse } from '../src/runtime/case-pulse.ts';
import { createLogger, type Logger } from '../src/runtime/logger.ts';
import { startTemporalServer } from '../src/runtime/temporal-server.ts';
import { openStore } from '../src/store/index.ts';
import { workflowBundle } from './bundle.ts';
import type { Foundation } from './dependencies.ts';
import { configuredSecrets, type Secrets } from './secrets.ts';
import { serve } from './serve.ts';
import { caseStarter, temporalClient, temporalSettings } from './temporal.ts';
import { work, type WorkParts } from './work.ts';

export interface UpOptions extends Part {
  /** The workflows of these sources if absent. */
  readonly bundle?: typeof workflowBundle;
  /** Gives up a start that is not done yet, however long it waits: `up` then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Running {
  /** Of the server; empty without one. */
  readonly url: string;
  readonly temporalAddress: string;
  /** Never resolves; rejects when a part that should run has died. The others run on until `stop`. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Starts the parts in the order in which they need each other and stops them in the other. A failed start leaves nothing behind. */
export async function up(
  config: Config,
  { bundle = workflowBundle, signal, ...part }: UpOptions = {},
): Promise<Running> {
  const running = new AsyncDisposableStack();
  const broken = new AbortController();
  const fail = (why: unknown) => {
    if (!running.disposed) broken.abort(why);
  };
  const halt = AbortSignal.any([broken.signal, ...(signal ? [signal] : [])]);
  try {
    const role = roleOf(config, part);
    const { signingKey, ...parts } = await prepare(config, role, running, halt, fail);
    // Below the server: it is there first and goes first, and what it promised is still worked on.
    const workers = running.use(new AsyncDisposableStack());
    const { foundation, secrets, client, settings } = parts;
    const url = signingKey ? await serve(foundation, secrets, signingKey, client, running) : '';
    const { queues } = role;
    if (queues.length > 0) await work(parts, { queues, bundle, halt, fail }, workers);
    halt.throwIfAborted();
    return {
      url,
      temporalAddress: settings.address,
      failed: rejectionOf(broken.signal),
      stop: () => running.disposeAsync(),
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** What server and worker stand on. The signing key is the server's alone. */
async function prepare(
  config: Config,
  role: Role,
  running: AsyncDisposableStack,
  halt: AbortSignal,
  fail: (why: unknown) => void,
): Promise<WorkParts & { readonly signingKey: SigningKey | null }> {
  const secrets = await configuredSecrets(config, role);
  const logger = createLogger({ secrets: secrets.all, write: (line) => void process.stderr.write(line) });
  const cipher = await configuredCipher(config.encryption);
  const store = await openStore({ ...storeLocation(config, secrets), cipher });
  running.defer(() => store.close());
  const settings = temporalSettings(config, secrets, await temporalAddress(config, logger, running, halt, fail));
  const converter = dataConverter(cipher);
  const client = temporalClient(settings, converter);
  running.defer(() => client.connection.close());
  const { approval, approvers } = config;
  const signingKey = role.serves ? await loadSigningKey(approval) : null;
  const foundation: Foundation = {
    config,
    store,
    providers: configuredProviders(config),
    verifier: approvalVerifier({ keys: await loadVerifyingKeys(approval), approvers }),
    cases: caseStarter(client),
    pulseOf: casePulse(client),
    logger,
  };
  return { foundation, secrets, settings, client, dataConverter: converter, signingKey };
}

function storeLocation({ store }: Config, { databaseUrl }: Secrets): { databaseUrl: string } | { path: string } {
  return databaseUrl === undefined ? { path: store.path } : { databaseUrl };
}

async function temporalAddress(
  { temporal }: Config,
  logger: Logger,
  running: AsyncDisposableStack,
  halt: AbortSignal,
  fail: (why: unknown) => void,
): Promise<string> {
  halt.throwIfAborted();
  if (temporal.address !== undefined) return temporal.address;
  const server = await startTemporalServer({
    databaseFile: temporal.path,
    searchAttributes: SEARCH_ATTRIBUTE_TYPES,
    signal: halt,
  });
  running.defer(() => server.stop());
  const { address, pid, ended } = server;
  logger.info({ address, pid }, 'The Temporal server runs');
  void ended?.then((how) => fail(new Error(`The Temporal server is gone: ${how}. Start Cordon again: cases go on.`)));
  return address;
}
