import type { KillSwitch } from './port.ts';
import { lockRegister, readRegister, writeRegister } from './registers.ts';
import type { StoreParts } from './schema.ts';

export function killSwitch(parts: StoreParts): KillSwitch {
  return {
    status: async () => (await readRegister(parts, 'kill-switch')) as Awaited<ReturnType<KillSwitch['status']>>,
    async set(stopped, by, reason) {
      await parts.database.transaction().execute(async (transaction) => {
        await lockRegister(transaction, parts, 'kill-switch');
        await writeRegister(transaction, parts, 'kill-switch', { stopped, by, at: parts.now().toISOString(), reason });
      });
    },
  };
}
