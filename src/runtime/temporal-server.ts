import { Connection } from '@temporalio/client';
import { homedir } from 'node:os';
import { join } from 'node:path';
import pins from '../../scripts/pins.json' with { type: 'json' };
import { freePort, isExecutable, onPath, startServerProcess } from './server-process.ts';

export type SearchAttributeKind = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

export interface TemporalServerOptions {
  /** SQLite file that keeps everything across restarts; without it all is in memory and lost at the end. */
  readonly databaseFile?: string;
  /** Port of the gRPC frontend on 127.0.0.1; a free one if not given. */
  readonly port?: number;
  /** Port of the web UI on 127.0.0.1; no UI if not given. */
  readonly uiPort?: number;
  /** Search attributes to register by name. They survive in the database file and may be passed again. */
  readonly searchAttributes?: Readonly<Record<string, SearchAttributeKind>>;
  /** Once aborted, a start that is not done yet is given up. */
  readonly signal?: AbortSignal;
}

export interface TemporalServer {
  /** `host:port` for a Temporal client. */
  readonly address: string;
  readonly uiUrl?: string;
  /** False when TEMPORAL_ADDRESS names a server that is not ours: then `stop` leaves it alone. */
  readonly embedded: boolean;
  /** Of our own server's process. */
  readonly pid?: number;
  /** How our own server's process ended, once it has. */
  readonly ended?: Promise<string>;
  stop(): Promise<void>;
}

/** The defaults put every task on a grid of 50 ms (one shard, 20 polls a second) and send it through the server first. */
const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'system.enableActivityEagerExecution=true',
  'system.enableEagerWorkflowStart=true',
];

/**
 * A Temporal server for one machine, or the one at TEMPORAL_ADDRESS, where nothing is started or registered.
 * For one namespace on loopback only: the development server authorises nobody.
 */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const given = process.env['TEMPORAL_ADDRESS'];
  if (given) return { address: given, embedded: false, stop: async () => {} };

  const port = options.port ?? (await freePort());
  const address = `127.0.0.1:${port}`;
  const child = await startServerProcess({
    name: 'The Temporal server',
    command: temporalBinary(),
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--log-level=warn',
      ...(options.uiPort === undefined ? ['--headless'] : ['--ui-port', String(options.uiPort)]),
      ...(options.databaseFile === undefined ? [] : ['--db-filename', options.databaseFile]),
      ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
      ...Object.entries(options.searchAttributes ?? {}).flatMap(([name, kind]) => [
        '--search-attribute',
        `${name}=${kind}`,
      ]),
    ],
    ready: () => answers(address, Object.keys(options.searchAttributes ?? {})),
    readyWithinMs: 60_000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return {
    address,
    embedded: true,
    pid: child.pid,
    ended: child.ended,
    ...(options.uiPort === undefined ? {} : { uiUrl: `http://127.0.0.1:${options.uiPort}` }),
    stop: () => child.stop(),
  };
}

/** Where the `temporal` command is: CORDON_TEMPORAL_BINARY, then PATH, then what `npm run setup` installed. */
export function temporalBinary(): string {
  const named = process.env['CORDON_TEMPORAL_BINARY'];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`CORDON_TEMPORAL_BINARY is ${named}, which is not an executable file. Correct it or unset it.`);
  }
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'cordon');
  const cached = join(cache, `temporal-${pins.temporalCli}`, 'temporal');
  const found = onPath('temporal') ?? (isExecutable(cached) ? cached : undefined);
  if (found) return found;
  throw new Error(
    `No Temporal server: there is no "temporal" on PATH and none at ${cached}. ` +
      'Run "npm run setup" to install it, or set TEMPORAL_ADDRESS to a server that runs.',
  );
}

/** Ready means that the namespace answers and knows the search attributes, not only that the port is open. */
async function answers(address: string, searchAttributes: readonly string[]): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    if (searchAttributes.length === 0) return true;
    const known = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    return searchAttributes.every((name) => name in (known.customAttributes ?? {}));
  } finally {
    await connection.close();
  }
}
