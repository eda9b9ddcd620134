import type { Plan } from '../domain/plan.ts';
import type { PlanStore } from './port.ts';
import type { StoreParts } from './schema.ts';

/** A plan never changes: its digest is its name. */
export function planStore({ database, vault }: StoreParts): PlanStore {
  return {
    async put(plan) {
      await database
        .insertInto('plans')
        .values({ digest: plan.digest, case_id: plan.caseId, sealed: vault.seal(plan, `plan|${plan.digest}`) })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async get(digest) {
      const row = await database.selectFrom('plans').select('sealed').where('digest', '=', digest).executeTakeFirst();
      return row ? (vault.open(row.sealed, `plan|${digest}`) as Plan) : null;
    },
  };
}
