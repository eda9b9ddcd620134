import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import pg from 'pg';

import { createCipher } from '../../../src/encryption/cipher.ts';
import type { Cipher } from '../../../src/encryption/port.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/port.ts';
import type { Postgres } from '../../support/processes/postgres.ts';
import { startPostgres } from '../../support/processes/postgres.ts';

/** An empty database, and a way into it past the store: what an intruder with the database's rights can do. */
export interface TestDatabase {
  readonly where: { readonly path: string } | { readonly databaseUrl: string };
  readonly key: Uint8Array;
  readonly cipher: Cipher;
  open(now?: () => Date): Promise<Store>;
  run(statement: string): Promise<void>;
  rows<Row>(query: string): Promise<Row[]>;
  /** Another way to lose entries that this database has. */
  readonly replacing: string;
  /** Stops the database from keeping the ledger append-only. */
  dropTriggers(): Promise<void>;
  remove(): Promise<void>;
}

export interface DatabaseServer {
  create(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

export async function sqliteServer(): Promise<DatabaseServer> {
  return {
    async create() {
      const directory = mkdtempSync(join(tmpdir(), 'cordon-store-'));
      const path = join(directory, 'data', 'cordon.db');
      const direct = () => new SqliteFile(path, { timeout: 5_000 });
      const within = <Answer>(use: (file: SqliteFile.Database) => Answer): Answer => {
        const file = direct();
        try {
          return use(file);
        } finally {
          file.close();
        }
      };
      const run = async (statement: string) => void within((file) => file.exec(statement));
      return {
        ...opening({ path }),
        run,
        rows: async <Row>(query: string) => within((file) => file.prepare(query).all() as Row[]),
        replacing: 'insert or replace into ledger_entries select * from ledger_entries',
        dropTriggers: () =>
          run('drop trigger ledger_no_update; drop trigger ledger_no_delete; drop trigger ledger_no_replace'),
        remove: async () => rmSync(directory, { recursive: true }),
      };
    },
    stop: async () => {},
  };
}

export async function postgresServer(): Promise<DatabaseServer> {
  const server: Postgres = await startPostgres();
  return {
    async create() {
      const databaseUrl = await server.createDatabase();
      const query = async (text: string) => {
        const client = new pg.Client({ connectionString: databaseUrl });
        await client.connect();
        try {
          return (await client.query(text)).rows as unknown[];
        } finally {
          await client.end();
        }
      };
      const run = async (statement: string) => void (await query(statement));
      return {
        ...opening({ databaseUrl }),
        run,
        rows: async <Row>(text: string) => (await query(text)) as Row[],
        replacing: 'truncate ledger_entries',
        dropTriggers: () => run('drop trigger ledger_append_only on ledger_entries'),
        remove: async () => {},
      };
    },
    stop: () => server.stop(),
  };
}

function opening(where: TestDatabase['where']): Pick<TestDatabase, 'where' | 'key' | 'cipher' | 'open'> {
  const key = randomBytes(32);
  const cipher = createCipher([key]);
  return { where, key, cipher, open: (now) => openStore({ ...where, cipher, ...(now ? { now } : {}) }) };
}
