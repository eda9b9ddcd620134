import { createHmac, randomBytes } from 'node:crypto';

import type { Cipher } from '../encryption/port.ts';
import type { Database, Vault } from './schema.ts';

const LOOKUP_KEY = 'register|lookup-key';

/** Seals JSON as base64 text. `context` names table, row and column: a value copied to another place does not open there. */
export function sealing(cipher: Cipher): Pick<Vault, 'seal' | 'open'> {
  return {
    seal: (value, context) => Buffer.from(cipher.seal(Buffer.from(JSON.stringify(value)), context)).toString('base64'),
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64');
      // The decoder passes over what does not belong there: text that was changed must not open as if it were not.
      if (bytes.toString('base64') !== sealed) throw new Error('The sealed text was changed.');
      return JSON.parse(Buffer.from(cipher.open(bytes, context)).toString()) as unknown;
    },
  };
}

/**
 * Adds the keyed hash that columns are looked up by: principals and addresses can be guessed, so a plain hash would give them
 * away. Its key is made with the store and sealed in it; it stays the same when the cipher's key is rotated.
 */
export async function openVault(database: Database, cipher: Cipher): Promise<Vault> {
  const { seal, open } = sealing(cipher);
  const row = await database
    .selectFrom('registers')
    .select('sealed')
    .where('name', '=', 'lookup-key')
    .executeTakeFirst();
  if (!row) throw new Error('The store has lost its lookup key. Restore the database from a backup.');
  const key = Buffer.from(lookupKeyOf(row.sealed), 'base64');

  function lookupKeyOf(sealed: string): string {
    try {
      return open(sealed, LOOKUP_KEY) as string;
    } catch (cause) {
      throw new Error(
        'The database was sealed with another encryption key. Put back the key it was made with, or use another database.',
        { cause },
      );
    }
  }

  return {
    seal,
    open,
    lookup: (kind, value) =>
      createHmac('sha256', key)
        .update(JSON.stringify([kind, value]))
        .digest('hex'),
  };
}

/** The registers of a new store, in one transaction: later a missing one means that someone removed it. */
export async function initialise(database: Database, cipher: Cipher, ledgerHead: object): Promise<void> {
  const { seal } = sealing(cipher);
  await database.transaction().execute(async (transaction) => {
    const sealed = seal(randomBytes(32).toString('base64'), LOOKUP_KEY);
    const others = [
      { name: 'ledger-head' as const, sealed: seal(ledgerHead, 'register|ledger-head') },
      { name: 'kill-switch' as const, sealed: seal({ stopped: false }, 'register|kill-switch') },
      { name: 'budget' as const, sealed: seal({}, 'register|budget') },
    ];
    const made = await transaction
      .insertInto('registers')
      .values({ name: 'lookup-key', sealed })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst();
    if (made) await transaction.insertInto('registers').values(others).execute();
  });
}
