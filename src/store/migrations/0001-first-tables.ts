import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

import type { DialectName } from '../schema.ts';

export function firstTables(dialect: DialectName): Migration {
  return {
    async up(database: Kysely<unknown>) {
      await alertTables(database, dialect);
      await caseTables(database, dialect);
      await ledgerTable(database, dialect);
      await database.schema
        .createTable('budget_reservations')
        .addColumn('limit_name', 'text', (column) => column.notNull())
        .addColumn('key_lookup', 'text', (column) => column.notNull())
        .addColumn('reserved_at', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('budget_reservations_pk', ['limit_name', 'key_lookup'])
        .execute();
      await database.schema
        .createTable('registers')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .execute();
    },
  };
}

async function alertTables(database: Kysely<unknown>, dialect: DialectName): Promise<void> {
  await database.schema
    .createTable('alerts')
    .addColumn('arrival', COUNTER[dialect])
    .addColumn('alert_id', 'text', (column) => column.notNull().unique())
    .addColumn('dedup_lookup', 'text', (column) => column.notNull().unique())
    .addColumn('workflow_id', 'text', (column) => column.notNull())
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addColumn('delivery', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text')
    .addColumn('principal_lookup', 'text')
    .addColumn('sealed_principal', 'text')
    .addColumn('case_id', 'text')
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('sealed_raw', 'text', (column) => column.notNull())
    .execute();
  await database.schema.createIndex('alerts_waiting').on('alerts').columns(['delivery', 'arrival']).execute();
  await database.schema
    .createIndex('alerts_by_principal')
    .on('alerts')
    .columns(['principal_lookup', 'received_at'])
    .execute();
  await database.schema
    .createTable('alert_addresses')
    .addColumn('address_lookup', 'text', (column) => column.notNull())
    .addColumn('alert_id', 'text', (column) => column.notNull().references('alerts.alert_id'))
    .addPrimaryKeyConstraint('alert_addresses_pk', ['address_lookup', 'alert_id'])
    .execute();
}

async function caseTables(database: Kysely<unknown>, dialect: DialectName): Promise<void> {
  await database.schema
    .createTable('cases')
    .addColumn('opening', COUNTER[dialect])
    .addColumn('case_id', 'text', (column) => column.notNull().unique())
    .addColumn('workflow_id', 'text', (column) => column.notNull())
    .addColumn('principal_lookup', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('plan_digest', 'text')
    .addColumn('timeline_length', 'integer', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .execute();
  await database.schema.createIndex('cases_by_principal').on('cases').column('principal_lookup').execute();
  await database.schema
    .createTable('plans')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('case_id', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .execute();
}

async function ledgerTable(database: Kysely<unknown>, dialect: DialectName): Promise<void> {
  await database.schema
    .createTable('ledger_entries')
    .addColumn('sequence', 'integer', (column) => column.primaryKey())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('case_id', 'text', (column) => column.notNull())
    .addColumn('key_lookup', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('previous_hash', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addUniqueConstraint('ledger_once', ['key_lookup', 'type'])
    .execute();
  await database.schema.createIndex('ledger_by_case').on('ledger_entries').columns(['case_id', 'sequence']).execute();
  for (const statement of dialect === 'sqlite' ? SQLITE_APPEND_ONLY : POSTGRES_APPEND_ONLY) {
    await sql.raw(statement).execute(database);
  }
}

/** Numbers rows in the order of their arrival, and never gives a number twice. */
const COUNTER = { sqlite: sql`integer primary key autoincrement`, postgres: sql`serial primary key` };

/** The third is for `insert or replace`, which deletes without a word to the others. */
const SQLITE_APPEND_ONLY = [
  ['no_update', 'update on ledger_entries'],
  ['no_delete', 'delete on ledger_entries'],
  [
    'no_replace',
    `insert on ledger_entries when exists (select 1 from ledger_entries
     where sequence = new.sequence or (key_lookup = new.key_lookup and type = new.type))`,
  ],
].map(
  ([name, event]) =>
    `create trigger ledger_${name} before ${event} begin select raise(abort, 'the ledger is append-only'); end`,
);

const POSTGRES_APPEND_ONLY = [
  `create function ledger_append_only() returns trigger language plpgsql as
   $$ begin raise exception 'the ledger is append-only'; end $$`,
  `create trigger ledger_append_only before update or delete or truncate on ledger_entries
   for each statement execute function ledger_append_only()`,
];
