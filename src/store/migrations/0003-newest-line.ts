import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A run that was reset tells a case anew, with fewer lines than the record may have: which is newer says the time of the last one. */
export function newestLine(): Migration {
  return {
    async up(database: Kysely<unknown>) {
      await database.schema
        .alterTable('cases')
        .addColumn('newest_line_at', 'text', (column) => column.notNull().defaultTo(''))
        .execute();
    },
  };
}
