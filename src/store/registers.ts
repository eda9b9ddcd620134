import type { Database, DialectName, RegisterName, StoreParts } from './schema.ts';

/**
 * Reads a register and locks it until the transaction ends. On SQLite the transaction itself is the lock: every one here begins
 * IMMEDIATE (see databases.ts).
 */
export async function lockRegister(
  transaction: Database,
  { dialect, vault }: Pick<StoreParts, 'dialect' | 'vault'>,
  name: RegisterName,
): Promise<unknown> {
  return open(transaction, vault, name, dialect);
}

export async function readRegister(
  { database, vault }: Pick<StoreParts, 'database' | 'vault'>,
  name: RegisterName,
): Promise<unknown> {
  return open(database, vault, name, null);
}

export async function writeRegister(
  transaction: Database,
  { vault }: Pick<StoreParts, 'vault'>,
  name: RegisterName,
  value: object,
): Promise<void> {
  const sealed = vault.seal(value, `register|${name}`);
  await transaction.updateTable('registers').set({ sealed }).where('name', '=', name).execute();
}

async function open(
  database: Database,
  vault: StoreParts['vault'],
  name: RegisterName,
  lockOn: DialectName | null,
): Promise<unknown> {
  const { sealed } = await database
    .selectFrom('registers')
    .select('sealed')
    .where('name', '=', name)
    .$if(lockOn === 'postgres', (query) => query.forUpdate())
    .executeTakeFirstOrThrow(() => missing(name));
  return vault.open(sealed, `register|${name}`);
}

function missing(name: RegisterName): Error {
  return new Error(`The store has lost its register "${name}". Restore the database from a backup.`);
}
