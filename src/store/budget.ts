import type { Budget, BudgetLimit } from './port.ts';
import { lockRegister } from './registers.ts';
import type { Database, StoreParts } from './schema.ts';

/** Sliding windows. One reservation at a time: the budget's register is the lock, so that two can't both take the last place. */
export function budget(parts: StoreParts): Budget {
  const { database, vault, now } = parts;

  /** Account ids are nobody's business who can read the database. */
  const nameOf = ({ name, scope }: BudgetLimit) =>
    scope === undefined ? name : `${name}|${vault.lookup('budget-scope', scope)}`;

  return {
    async reserve(key, limits) {
      limits.forEach(assertValid);
      const keyLookup = vault.lookup('budget', key);
      // All but the first action of a plan: what stands is never taken back, so they need not wait for each other's turn.
      const standing = await Promise.all(limits.map((limit) => isReserved(database, nameOf(limit), keyLookup)));
      if (standing.every(Boolean)) return null;
      return database.transaction().execute(async (transaction) => {
        await lockRegister(transaction, parts, 'budget');
        const at = now();
        const missing: string[] = [];
        for (const limit of limits) {
          const name = nameOf(limit);
          if (await isReserved(transaction, name, keyLookup)) continue;
          if ((await countedIn(transaction, name, limit.windowSeconds, at)) >= limit.limit) return limit;
          missing.push(name);
        }
        for (const name of missing) {
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

/** However long ago: what is under way when its window ends must not stop half-way for want of a place it already had. */
async function isReserved(transaction: Database, name: string, keyLookup: string): Promise<boolean> {
  const row = await transaction
    .selectFrom('budget_reservations')
    .select('reserved_at')
    .where('limit_name', '=', name)
    .where('key_lookup', '=', keyLookup)
    .executeTakeFirst();
  return row !== undefined;
}

async function countedIn(transaction: Database, name: string, windowSeconds: number, at: Date): Promise<number> {
  const windowStart = new Date(at.getTime() - windowSeconds * 1000).toISOString();
  const { count } = await transaction
    .selectFrom('budget_reservations')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('limit_name', '=', name)
    .where('reserved_at', '>', windowStart)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** NaN compares as below every limit: such a budget would have no end. */
function assertValid({ name, limit, windowSeconds }: BudgetLimit): void {
  if (Number.isSafeInteger(limit) && limit >= 0 && Number.isFinite(windowSeconds) && windowSeconds > 0) return;
  throw new RangeError(`The budget limit "${name}" is not a whole number in a window of seconds.`);
}
