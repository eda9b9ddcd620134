import { Kysely, sql } from 'kysely';

import type { Cipher } from '../encryption/port.ts';
import { alertStore } from './alerts.ts';
import { budget } from './budget.ts';
import { caseStore } from './cases.ts';
import { postgres, sqlite } from './databases.ts';
import { killSwitch } from './kill-switch.ts';
import { GENESIS } from './ledger-entry.ts';
import { ledger } from './ledger.ts';
import { migrate } from './migrations/index.ts';
import { planStore } from './plans.ts';
import type { Store } from './port.ts';
import type { Database, DialectName, Schema } from './schema.ts';
import { initialise, openVault } from './vault.ts';

const PING_WITHIN_MS = 3_000;

export interface StoreOptions {
  /** PostgreSQL; without it SQLite at `path`. */
  readonly databaseUrl?: string;
  readonly path?: string;
  readonly cipher: Cipher;
  readonly now?: () => Date;
}

/** Opens the database, brings it up to date, and checks that it belongs to the cipher's keys. Several processes may share one. */
export async function openStore({ databaseUrl, path, cipher, now = () => new Date() }: StoreOptions): Promise<Store> {
  const dialect: DialectName = databaseUrl === undefined ? 'sqlite' : 'postgres';
  const database: Database = new Kysely<Schema>({
    dialect: databaseUrl === undefined ? sqlite(sqlitePath(path)) : postgres(databaseUrl),
  });
  try {
    await migrate(database, dialect);
    await initialise(database, cipher, GENESIS);
    const vault = await openVault(database, cipher);
    const parts = { database, dialect, vault, now };
    return {
      alerts: alertStore(parts),
      cases: caseStore(parts),
      plans: planStore(parts),
      ledger: ledger(parts),
      budget: budget(parts),
      killSwitch: killSwitch(parts),
      ping: () => ping(database),
      close: () => database.destroy(),
    };
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

function sqlitePath(path: string | undefined): string {
  if (path) return path;
  throw new Error('The store needs the URL of a PostgreSQL database or the path of a SQLite file.');
}

async function ping(database: Database): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The database did not answer in time.')), PING_WITHIN_MS);
  });
  try {
    await Promise.race([sql`select 1`.execute(database), late]);
  } finally {
    clearTimeout(timer);
  }
}
