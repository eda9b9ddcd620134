import type { Ledger } from './port.ts';
import { fromRow, hashOf, type Head, toRow, wellFormed } from './ledger-entry.ts';
import { findUnfinished } from './ledger-unfinished.ts';
import { verifyLedger } from './ledger-verification.ts';
import { lockRegister, writeRegister } from './registers.ts';
import type { Database, StoreParts } from './schema.ts';

export function ledger(parts: StoreParts): Ledger {
  const { database, vault, now } = parts;

  async function find(connection: Database, type: string, key: string) {
    const row = await connection
      .selectFrom('ledger_entries')
      .selectAll()
      .where('type', '=', type as never)
      .where('key_lookup', '=', vault.lookup('ledger', key))
      .executeTakeFirst();
    return row ? fromRow(row, vault) : null;
  }

  return {
    async append({ type, caseId, key, body }) {
      return database.transaction().execute(async (transaction) => {
        const head = (await lockRegister(transaction, parts, 'ledger-head')) as Head;
        const written = await find(transaction, type, key);
        if (written) return written;
        const content = {
          ...wellFormed({ type, caseId, key, body }),
          sequence: head.sequence + 1,
          at: now().toISOString(),
          previousHash: head.hash,
        };
        const entry = { ...content, hash: hashOf(content) };
        await transaction.insertInto('ledger_entries').values(toRow(entry, vault)).execute();
        await writeRegister(transaction, parts, 'ledger-head', { sequence: entry.sequence, hash: entry.hash });
        return entry;
      });
    },

    async ofCase(caseId) {
      const rows = await database
        .selectFrom('ledger_entries')
        .selectAll()
        .where('case_id', '=', caseId)
        .orderBy('sequence')
        .execute();
      return rows.map((row) => fromRow(row, vault));
    },

    find: (type, key) => find(database, type, key),

    unfinished: () => findUnfinished(parts),
    verify: () => verifyLedger(parts),
  };
}
