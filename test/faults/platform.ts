import { join } from 'node:path';

import { SEARCH_ATTRIBUTE_TYPES } from '../../src/contracts/search-attributes.ts';
import { startPostgres } from '../support/processes/postgres.ts';
import { startRestartableTemporal, startTemporal } from '../support/processes/temporal.ts';

/** What Cordon stands on, and can be taken from under it. Without: Temporal in memory, and SQLite. */
export interface Platform {
  readonly temporal?: 'on-disk';
  readonly database?: 'postgres';
}

export async function startPlatform(parts: AsyncDisposableStack, platform: Platform, directory: string) {
  const searchAttributes = SEARCH_ATTRIBUTE_TYPES;
  const temporal = platform.temporal
    ? await startRestartableTemporal({ searchAttributes, databaseFile: join(directory, 'temporal.db') })
    : await startTemporal({ searchAttributes });
  parts.defer(() => temporal.stop());
  if (!platform.database) return { temporal };
  const database = await startPostgres();
  parts.defer(() => database.stop());
  return { temporal, database };
}
