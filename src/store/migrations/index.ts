import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration';

import type { Database, DialectName } from '../schema.ts';
import { firstTables } from './0001-first-tables.ts';
import { lastingReservations } from './0002-lasting-reservations.ts';
import { newestLine } from './0003-newest-line.ts';

/**
 * Never changed once released: a new one is added. They run in the order of their names. One beside which this version still
 * works is named `NNNN-adds-…`: then this version, with what it reads and writes, may be started again after it.
 */
const MIGRATIONS = {
  '0001-first-tables': firstTables,
  '0002-lasting-reservations': lastingReservations,
  '0003-newest-line': newestLine,
} satisfies Record<string, (dialect: DialectName) => Migration>;

const ADDS = /^\d{4}-adds-/u;
const NOTHING: Migration = { up: async () => {} };

/** Brings the database up to date. Safe when several processes start at once: one runs them, the others find them done. */
export async function migrate(database: Database, dialect: DialectName): Promise<void> {
  const later = await laterMigrations(database);
  const inTheWay = later.filter((name) => !ADDS.test(name));
  if (inTheWay.length > 0) throw new Error(`${CHANGED_LATER} (${inTheWay.join(', ')}); nothing was changed. ${REMEDY}`);
  const migrations = Object.fromEntries([
    ...Object.entries(MIGRATIONS).map(([name, make]) => [name, make(dialect)]),
    ...later.map((name) => [name, NOTHING]),
  ]) as Record<string, Migration>;
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === 'Error')?.migrationName;
  throw new Error(
    `The database could not be brought up to date${failed ? ` (migration ${failed})` : ''}; nothing was changed.`,
    { cause: error },
  );
}

const CHANGED_LATER = 'A newer Cordon has changed this database, and this version can not work on it';
const REMEDY = 'Start that version or a newer one, or restore the backup that was made before it.';

/** What a later version has done here, in its order. */
async function laterMigrations(database: Database): Promise<readonly string[]> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return [];
  const table = sql.table(DEFAULT_MIGRATION_TABLE);
  const { rows } = await sql<{ name: string }>`select name from ${table} order by name`.execute(database);
  return rows.map(({ name }) => name).filter((name) => !(name in MIGRATIONS));
}
