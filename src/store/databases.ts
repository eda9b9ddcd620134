import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteFile from 'better-sqlite3';
import type { DatabaseConnection, Dialect, QueryResult, SqliteDialectConfig } from 'kysely';
import { CompiledQuery, PostgresDialect, SqliteAdapter, SqliteDialect, SqliteDriver } from 'kysely';
import pg from 'pg';

const BUSY_TIMEOUT_MS = 10_000;

/** One file for all processes of the machine, readable by its owner only. */
export function sqlite(path: string): Dialect {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600)); // SQLite would make it readable by all; its -wal and -shm files follow this one
  const database = new SqliteFile(path, { timeout: BUSY_TIMEOUT_MS });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('busy_timeout = 0'); // from here on `WaitingConnection` waits, without holding up the event loop
  return new ImmediateSqliteDialect({ database });
}

export function postgres(databaseUrl: string): Dialect {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 10,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    application_name: 'cordon',
  });
  // A connection that breaks while idle is dropped by the pool, and the next query opens another: that query reports it if the
  // server is away. Unheard, the event would end the process.
  pool.on('error', () => {});
  // The same for one that breaks in use, between two queries of a transaction: the pool listens to those that are idle only.
  pool.on('connect', (client) => client.on('error', () => {}));
  return new PostgresDialect({ pool });
}

/**
 * Takes the write lock when a transaction begins, so that what it reads still holds when it writes. A deferred transaction that
 * turns into a writer fails at once when another process wrote in between, whatever the busy timeout. Migrations run in such a
 * transaction too, which keeps two processes from running them at once.
 */
class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#config);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    return new WaitingConnection(await super.acquireConnection());
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/**
 * Waits for another writer. SQLite's own busy timeout would block the thread: heartbeats would stop, and two stores in one
 * process would wait for each other.
 */
class WaitingConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.#connection.executeQuery<Row>(query);
      } catch (error) {
        const busy = error instanceof SqliteFile.SqliteError && error.code.startsWith('SQLITE_BUSY');
        if (!busy || performance.now() > deadline) throw error;
        await sleep(1 + Math.random() * 10);
      }
    }
  }

  streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    return this.#connection.streamQuery<Row>(query, 1);
  }
}

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
