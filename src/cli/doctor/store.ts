import { existsSync } from 'node:fs';

import type { Config } from '../../config/schema.ts';
import { openExistingStore } from '../store.ts';
import type { Check } from './finding.ts';

export function storeCheck(config: Config): Check {
  const kind = config.store.databaseUrl === undefined ? `SQLite at ${config.store.path}` : 'PostgreSQL';
  return {
    name: 'store',
    remedy: 'Check store and encryption in the configuration, and that the database runs and accepts this user.',
    async run() {
      if (config.store.databaseUrl === undefined && !existsSync(config.store.path)) {
        const remedy = 'Nothing to do before the first `cordon up`, which makes it.';
        return [
          { check: 'store', status: 'warning', detail: `there is no database at ${config.store.path} yet`, remedy },
        ];
      }
      const store = await openExistingStore(config);
      try {
        await store.ping();
        return [{ check: 'store', status: 'ok', detail: `${kind} answers, and its key is the right one` }];
      } finally {
        await store.close();
      }
    },
  };
}
