import type { Selectable } from 'kysely';

import { END_STATES } from '../domain/case.ts';
import type { CaseRecord, CaseStore } from './port.ts';
import type { Schema, StoreParts } from './schema.ts';

/** The text of a case; the rest of its record stands in columns of its own. */
type CaseText = Pick<CaseRecord, 'principalKey' | 'principal' | 'alertIds' | 'timeline'>;

export function caseStore(parts: StoreParts): CaseStore {
  const { database, vault, now } = parts;
  return {
    async save({ caseId, workflowId, principalKey, principal, state, alertIds, planDigest, timeline }) {
      const text: CaseText = { principalKey, principal, alertIds, timeline };
      const at = now().toISOString();
      const replaceable = {
        workflow_id: workflowId,
        principal_lookup: vault.lookup('principal', principalKey),
        state,
        updated_at: at,
        plan_digest: planDigest ?? null,
        timeline_length: timeline.length,
        newest_line_at: newestLineAt(timeline),
        sealed: vault.seal(text, `case|${caseId}`),
      };
      await database
        .insertInto('cases')
        .values({ case_id: caseId, opened_at: at, ...replaceable })
        .onConflict((conflict) =>
          conflict
            .column('case_id')
            .doUpdateSet(replaceable)
            .where((where) =>
              where.or([
                where('cases.newest_line_at', '<', replaceable.newest_line_at),
                where.and([
                  where('cases.newest_line_at', '=', replaceable.newest_line_at),
                  where('cases.timeline_length', '<=', timeline.length),
                ]),
              ]),
            ),
        )
        .execute();
    },
    ...caseReads(parts),
  };
}

function caseReads({ database, vault }: StoreParts): Omit<CaseStore, 'save'> {
  const cases = () => database.selectFrom('cases').selectAll();

  function toCase(row: Selectable<Schema['cases']>): CaseRecord {
    return {
      caseId: row.case_id,
      workflowId: row.workflow_id,
      state: row.state,
      openedAt: row.opened_at,
      updatedAt: row.updated_at,
      ...(row.plan_digest === null ? {} : { planDigest: row.plan_digest }),
      ...(vault.open(row.sealed, `case|${row.case_id}`) as CaseText),
    };
  }

  return {
    async get(caseId) {
      const row = await cases().where('case_id', '=', caseId).executeTakeFirst();
      return row ? toCase(row) : null;
    },

    async list({ state, limit }) {
      const rows = await cases()
        .where((where) => (state === undefined ? where.lit(true) : where('state', '=', state)))
        .orderBy('opening', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toCase);
    },

    async openFor(principalKey) {
      const row = await cases()
        .where('principal_lookup', '=', vault.lookup('principal', principalKey))
        .where('state', 'not in', END_STATES)
        .orderBy('opening', 'desc')
        .executeTakeFirst();
      return row ? toCase(row) : null;
    },

    async open() {
      const rows = await cases().where('state', 'not in', END_STATES).orderBy('opening').execute();
      return rows.map(toCase);
    },
  };
}

/** A rollback adds its lines behind those that the case wrote meanwhile, so that the last one need not be the newest. */
function newestLineAt(timeline: CaseRecord['timeline']): string {
  return timeline.map(({ at }) => at).reduce((newest, at) => (at > newest ? at : newest), '');
}
