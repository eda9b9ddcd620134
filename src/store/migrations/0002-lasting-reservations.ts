import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Reservations are kept from here on, so counting those of a window must not read them all; a limit is named by its key. */
export function lastingReservations(): Migration {
  return {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createIndex('budget_by_time')
        .on('budget_reservations')
        .columns(['limit_name', 'reserved_at'])
        .execute();
      // What was contained in this hour still counts after the upgrade.
      await (database as Kysely<{ budget_reservations: { limit_name: string } }>)
        .updateTable('budget_reservations')
        .set({ limit_name: 'budget.containmentsPerHour' })
        .where('limit_name', '=', 'containments per hour')
        .execute();
    },
  };
}
