import type { Budget, BudgetLimit } from './port.ts';
import { lockRegister } from './registers.ts';
import type { Database, StoreParts } from './schema.ts';

/** Sliding windows. One reservation at a time: the budget's register is the lock, so that two can't both take the last place. */
export function budget(parts: StoreParts): Budget {
  const { database, vault, now } = parts;

  /** What is still in the window; what is not is removed. */
  async function counted(transaction: Database, { name, windowSeconds }: BudgetLimit, at: Date): Promise<Set<string>> {
    const windowStart = new Date(at.getTime() - windowSeconds * 1000).toISOString();
    const reservations = transaction.deleteFrom('budget_reservations').where('limit_name', '=', name);
    await reservations.where('reserved_at', '<=', windowStart).execute();
    const rows = await transaction
      .selectFrom('budget_reservations')
      .select('key_lookup')
      .where('limit_name', '=', name)
      .execute();
    return new Set(rows.map((row) => row.key_lookup));
  }

  return {
    async reserve(key, limits) {
      limits.forEach(assertValid);
      const keyLookup = vault.lookup('budget', key);
      return database.transaction().execute(async (transaction) => {
        await lockRegister(transaction, parts, 'budget');
        const at = now();
        const missing: BudgetLimit[] = [];
        for (const limit of limits) {
          const keys = await counted(transaction, limit, at);
          if (keys.has(keyLookup)) continue;
          if (keys.size >= limit.limit) return limit;
          missing.push(limit);
        }
        for (const { name } of missing) {
          await transaction
            .insertInto('budget_reservations')
            .values({ limit_name: name, key_lookup: keyLookup, reserved_at: at.toISOString() })
            .execute();
        }
        return null;
      });
    },
  };
}

/** NaN compares as below every limit: such a budget would have no end. */
function assertValid({ name, limit, windowSeconds }: BudgetLimit): void {
  if (Number.isSafeInteger(limit) && limit >= 0 && Number.isFinite(windowSeconds) && windowSeconds > 0) return;
  throw new RangeError(`The budget limit "${name}" is not a whole number in a window of seconds.`);
}
