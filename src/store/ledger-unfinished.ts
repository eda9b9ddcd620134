import type { LedgerEntry } from '../domain/ledger.ts';
import { fromRow } from './ledger-entry.ts';
import type { StoreParts } from './schema.ts';

/** What begins, and what says what came of it. */
const ENDS = [
  ['intent', 'outcome'],
  ['rollback-intent', 'rollback-outcome'],
] as const;

export async function findUnfinished({ database, vault }: StoreParts): Promise<readonly LedgerEntry[]> {
  const rows = await database
    .selectFrom('ledger_entries as intent')
    .selectAll()
    .where(
      'intent.type',
      'in',
      ENDS.map(([begun]) => begun),
    )
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('ledger_entries as outcome')
            .select('outcome.sequence')
            .whereRef('outcome.key_lookup', '=', 'intent.key_lookup')
            .where((on) =>
              on.or(ENDS.map(([begun, ended]) => on.and({ 'intent.type': begun, 'outcome.type': ended }))),
            ),
        ),
      ),
    )
    .orderBy('intent.sequence')
    .execute();
  return rows.map((row) => fromRow(row, vault));
}
