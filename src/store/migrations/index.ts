import type { Migration } from 'kysely/migration';
import { Migrator } from 'kysely/migration';

import type { Database, DialectName } from '../schema.ts';
import { firstTables } from './0001-first-tables.ts';
import { lastingReservations } from './0002-lasting-reservations.ts';
import { newestLine } from './0003-newest-line.ts';

/** Never changed once released: a new one is added. They run in the order of their names. */
const MIGRATIONS = {
  '0001-first-tables': firstTables,
  '0002-lasting-reservations': lastingReservations,
  '0003-newest-line': newestLine,
} satisfies Record<string, (dialect: DialectName) => Migration>;

/** Brings the database up to date. Safe when several processes start at once: one runs them, the others find them done. */
export async function migrate(database: Database, dialect: DialectName): Promise<void> {
  const migrations = Object.fromEntries(Object.entries(MIGRATIONS).map(([name, make]) => [name, make(dialect)]));
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === 'Error')?.migrationName;
  throw new Error(
    `The database could not be brought up to date${failed ? ` (migration ${failed})` : ''}; nothing was changed. ` +
      'If a newer Cordon has used it, use that version or restore a backup.',
    { cause: error },
  );
}
