import { access } from 'node:fs/promises';

import type { Config } from '../config/schema.ts';
import { resolveSecret } from '../config/secrets.ts';
import { configuredCipher } from '../encryption/configured.ts';
import { openStore } from '../store/index.ts';
import type { Store } from '../store/port.ts';
import { UsageError } from './failures.ts';

/** The store that the server uses. Makes neither a database nor a key: an empty ledger made for the question would be intact. */
export async function openExistingStore({ store, encryption }: Config): Promise<Store> {
  if (encryption.key === undefined) await mustExist(encryption.keyFile, 'encryption.keyFile');
  const cipher = await configuredCipher(encryption);
  if (store.databaseUrl !== undefined)
    return openStore({ databaseUrl: await resolveSecret(store.databaseUrl), cipher });
  await mustExist(store.path, 'store.path');
  return openStore({ path: store.path, cipher });
}

async function mustExist(path: string, field: string): Promise<void> {
  try {
    await access(path);
  } catch {
    throw new UsageError(
      `${path} (${field}) is not there. \`cordon up\` makes it; or run this where the server runs, with its configuration.`,
    );
  }
}
