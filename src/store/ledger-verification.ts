import type { LedgerVerification } from '../domain/ledger.ts';
import { damageOf, GENESIS, type Head } from './ledger-entry.ts';
import type { StoreParts } from './schema.ts';

const PAGE = 500;

/**
 * Walks the chain up to the head as it was at the start; entries are never changed, so others may append meanwhile. What it
 * can't see: a whole database put back to an older state. Keep the head it answers elsewhere to notice that.
 */
export async function verifyLedger({ database, vault }: StoreParts): Promise<LedgerVerification> {
  const ends = await readEnds();
  if (typeof ends === 'string') return broken(0, ends);
  const { head, last } = ends;
  let previous = GENESIS;
  for (;;) {
    const rows = await database
      .selectFrom('ledger_entries')
      .selectAll()
      .where('sequence', '<=', head.sequence)
      // The first page takes in what someone put before the first entry.
      .$if(previous !== GENESIS, (query) => query.where('sequence', '>', previous.sequence))
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    for (const row of rows) {
      const expected = previous.sequence + 1;
      if (row.sequence < expected) return broken(row.sequence, 'The entry was put before the first one.');
      if (row.sequence > expected) return broken(expected, 'The entry is missing.');
      const entry = damageOf(row, vault);
      if (typeof entry === 'string') return broken(row.sequence, `The entry was changed: ${entry}`);
      if (entry.previousHash !== previous.hash)
        return broken(row.sequence, 'The entry does not follow the one before it.');
      previous = entry;
    }
    if (rows.length < PAGE) break;
  }
  if (previous.sequence < head.sequence)
    return broken(previous.sequence + 1, 'The entry is missing: the end was cut off.');
  if (previous.hash !== head.hash) return broken(previous.sequence, 'The entry is not the one that the head names.');
  if (last > head.sequence)
    return broken(head.sequence + 1, 'The entry was not written by Cordon: the head does not cover it.');
  return { status: 'intact', entries: head.sequence, head: head.hash };

  /** In one statement: head and last entry are from the same moment. */
  async function readEnds(): Promise<{ head: Head; last: number } | string> {
    const row = await database
      .selectFrom('registers')
      .select((select) => [
        'sealed',
        select
          .selectFrom('ledger_entries')
          .select(({ fn }) => fn.max('sequence').as('last'))
          .as('last'),
      ])
      .where('name', '=', 'ledger-head')
      .executeTakeFirst();
    if (!row) return 'The head of the ledger is missing.';
    try {
      return { head: vault.open(row.sealed, 'register|ledger-head') as Head, last: row.last ?? 0 };
    } catch {
      return 'The head of the ledger was changed.';
    }
  }
}

function broken(sequence: number, reason: string): LedgerVerification {
  return { status: 'broken', sequence, reason };
}
