import { existsSync } from 'node:fs';

import type { Config } from '../../config/schema.ts';
import { openExistingStore } from '../store.ts';
import type { KillSwitch } from '../../store/port.ts';
import type { Check, Finding } from './finding.ts';

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
        const answers = `${kind} answers, and its key is the right one`;
        return [{ check: 'store', status: 'ok', detail: answers }, killSwitchFinding(await store.killSwitch.status())];
      } finally {
        await store.close();
      }
    },
  };
}

/** Failed, although someone meant it so: nobody is contained until it is turned back. */
function killSwitchFinding({ stopped, by, at, reason }: Awaited<ReturnType<KillSwitch['status']>>): Finding {
  if (!stopped) return { check: 'kill switch', status: 'ok', detail: 'off: approved changes are made' };
  return {
    check: 'kill switch',
    status: 'failed',
    detail: `stopped by ${by ?? 'unknown'} at ${at ?? 'an unknown time'}: ${reason ?? 'no reason given'}; nothing is changed in any cloud`,
    remedy: 'When the reason is gone: `cordon start --reason TEXT`.',
  };
}
