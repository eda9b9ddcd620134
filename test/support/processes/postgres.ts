import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort, isExecutable, onPath, startServerProcess } from '../../../src/runtime/server-process.ts';
import type { Restartable } from './temporal.ts';

/** `crash` ends every connection at once, as a server that died does; what was committed is there again afterwards. */
export interface Postgres extends Restartable {
  /** For DATABASE_URL. The database is empty; a power cut, unlike a crash, may cost what was written. */
  readonly url: string;
  /** An empty database of its own on the same server, for a test that needs a clean slate. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const REMEDY = 'Install it (Debian: apt-get install postgresql) to run what needs it.';

/** Whether PostgreSQL can be started here, for a visible skip: `describe.skipIf(!postgresAvailable())`. */
export function postgresAvailable(): boolean {
  return binaries() !== undefined && (process.getuid?.() !== 0 || onPath('setpriv') !== undefined);
}

/** A PostgreSQL server of its own in a temporary directory, which `stop` removes. */
export async function startPostgres(): Promise<Postgres> {
  const bin = binaries();
  if (!bin) throw new Error(`PostgreSQL is not installed. ${REMEDY}`);
  const data = await mkdtemp(join(tmpdir(), 'cordon-postgres-'));
  const unprivileged = await asOrdinaryUser(data);
  const command = (name: string, args: string[]) =>
    [...unprivileged, join(bin, name), ...args] as [string, ...string[]];
  const removeData = () => rm(data, { recursive: true, force: true });
  const port = await freePort();
  const url = (database: string) => `postgresql://cordon@127.0.0.1:${port}/${database}`;
  try {
    const options = ['--username=cordon', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
    const [initdb, ...args] = command('initdb', [`--pgdata=${data}`, ...options]);
    await run(initdb, args, { cwd: data, timeout: 60_000 });
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: '',
      fsync: 'off',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [postgres, ...serverArgs] = command('postgres', ['-D', data, ...flags]);
    const start = () =>
      startServerProcess({
        name: 'PostgreSQL',
        command: postgres,
        args: serverArgs,
        cwd: data,
        ready: async () => (await query(url('postgres'), 'select 1')) === 1,
        stopSignal: 'SIGINT', // its "fast" shutdown: SIGTERM would wait for clients to go
      });
    let child = await start();
    let databases = 0;
    return {
      url: url('postgres'),
      async crash() {
        // Its "immediate" shutdown: kill -9 would leave its children behind, who keep another from starting for a while.
        process.kill(child.pid, 'SIGQUIT');
        await child.stop();
      },
      async restart() {
        child = await start();
      },
      async createDatabase() {
        const name = `cordon_${++databases}`;
        await query(url('postgres'), `create database ${name}`);
        return url(name);
      },
      async stop() {
        await child.stop();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}

/** The number of rows that a statement answers with. */
async function query(url: string, sql: string): Promise<number | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  try {
    await client.connect();
    return (await client.query(sql)).rowCount;
  } finally {
    await client.end();
  }
}

/** Debian keeps the newest version's programs off PATH; `initdb` on PATH is what other systems have. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const candidates = [...versions.map((version) => join(debian, version, 'bin')), join(onPath('initdb') ?? '/-', '..')];
  return candidates.find(
    (candidate) => isExecutable(join(candidate, 'initdb')) && isExecutable(join(candidate, 'postgres')),
  );
}

/** PostgreSQL refuses to run as root. Gives the words to put before its commands, and the directory to that user. */
async function asOrdinaryUser(directory: string): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const setpriv = onPath('setpriv');
  if (!setpriv)
    throw new Error(
      'PostgreSQL refuses to run as root, and there is no setpriv to change the user. Run as another user.',
    );
  const user = await run('id', ['-u', 'postgres']).then(
    () => 'postgres',
    () => 'nobody',
  );
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
  );
  if (!uid || !gid) throw new Error(`The user ${user}, to run PostgreSQL as, is not an ordinary one.`);
  await chown(directory, uid, gid);
  await chmod(directory, 0o700);
  // The tie to us is lost when the user changes, so it is made again behind that.
  return [setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--pdeathsig', 'KILL', '--'];
}
