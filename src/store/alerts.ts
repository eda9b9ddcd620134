import type { Selectable } from 'kysely';

import type { Alert } from '../domain/alert.ts';
import type { AcceptedAlert, AlertStore } from './port.ts';
import type { Schema, StoreParts, Vault } from './schema.ts';

const RELATED_AT_MOST = 20;

type AlertRow = Omit<Selectable<Schema['alerts']>, 'sealed_raw'>;

export function alertStore(parts: StoreParts): AlertStore {
  return { ...intake(parts), ...reading(parts) };
}

function intake({ database, vault, now }: StoreParts): Pick<AlertStore, 'accept' | 'delivered' | 'recordVerdict'> {
  /** An id that the store does not know is a defect of the caller: never passed over. */
  async function update(alertId: string, change: Partial<AlertRow>): Promise<void> {
    const updated = await database
      .updateTable('alerts')
      .set(change)
      .where('alert_id', '=', alertId)
      .returning('alert_id')
      .executeTakeFirst();
    if (!updated) throw new Error(`There is no alert ${alertId} in the store.`);
  }

  return {
    async accept(alert, raw, dedupKey, workflowId) {
      const id = alert.alertId;
      const dedupLookup = vault.lookup('dedup', JSON.stringify([alert.source, dedupKey]));
      return database.transaction().execute(async (transaction) => {
        const added = await transaction
          .insertInto('alerts')
          .values({
            alert_id: id,
            dedup_lookup: dedupLookup,
            workflow_id: workflowId,
            received_at: now().toISOString(),
            delivery: 'waiting',
            sealed: vault.seal(alert, `alert|${id}`),
            sealed_raw: vault.seal(raw, `alert|${id}|raw`),
          })
          .onConflict((conflict) => conflict.doNothing())
          .returning(COLUMNS)
          .executeTakeFirst();
        if (!added) {
          const first = transaction.selectFrom('alerts').select(COLUMNS).where('dedup_lookup', '=', dedupLookup);
          return { status: 'duplicate', stored: toAlert(await first.executeTakeFirstOrThrow(), vault) };
        }
        const addresses = [...new Set(alert.sourceAddresses)];
        if (addresses.length > 0) {
          await transaction
            .insertInto('alert_addresses')
            .values(addresses.map((address) => ({ alert_id: id, address_lookup: vault.lookup('address', address) })))
            .execute();
        }
        return { status: 'new', stored: toAlert(added, vault) };
      });
    },

    delivered: (alertId) => update(alertId, { delivery: 'delivered' }),

    recordVerdict: (alertId, { outcome, principalKey, caseId }) =>
      update(alertId, {
        verdict: outcome,
        ...(principalKey === undefined
          ? {}
          : {
              principal_lookup: vault.lookup('principal', principalKey),
              sealed_principal: vault.seal(principalKey, `alert|${alertId}|principal`),
            }),
        ...(caseId === undefined ? {} : { case_id: caseId }),
      }),
  };
}

function reading({ database, vault }: StoreParts): Pick<AlertStore, 'get' | 'raw' | 'waiting' | 'related' | 'list'> {
  const alerts = () => database.selectFrom('alerts').select(COLUMNS);
  const opened = (row: AlertRow) => toAlert(row, vault);

  return {
    async get(alertId) {
      const row = await alerts().where('alert_id', '=', alertId).executeTakeFirst();
      return row ? opened(row) : null;
    },

    async raw(alertId) {
      const row = await database
        .selectFrom('alerts')
        .select('sealed_raw')
        .where('alert_id', '=', alertId)
        .executeTakeFirst();
      return row ? (vault.open(row.sealed_raw, `alert|${alertId}|raw`) as string) : null;
    },

    async waiting(limit) {
      const rows = await alerts().where('delivery', '=', 'waiting').orderBy('arrival').limit(limit).execute();
      return rows.map(opened);
    },

    async related(alertId, principalKey, sourceAddresses, since) {
      const addresses = sourceAddresses.map((address) => vault.lookup('address', address));
      const fromAddresses = database
        .selectFrom('alert_addresses')
        .select('alert_id')
        .where((where) => (addresses.length > 0 ? where('address_lookup', 'in', addresses) : where.lit(false)));
      const rows = await alerts()
        .where('alert_id', '!=', alertId)
        .where('received_at', '>=', new Date(since).toISOString())
        .where((where) =>
          where.or([
            where('principal_lookup', '=', vault.lookup('principal', principalKey)),
            where('alert_id', 'in', fromAddresses),
          ]),
        )
        .orderBy('arrival', 'desc')
        .limit(RELATED_AT_MOST)
        .execute();
      return rows.map(opened);
    },

    async list(limit) {
      return (await alerts().orderBy('arrival', 'desc').limit(limit).execute()).map(opened);
    },
  };
}

function toAlert(row: AlertRow, vault: Vault): AcceptedAlert {
  const id = row.alert_id;
  return {
    alert: vault.open(row.sealed, `alert|${id}`) as Alert,
    workflowId: row.workflow_id,
    receivedAt: row.received_at,
    delivery: row.delivery,
    ...(row.verdict === null ? {} : { verdict: row.verdict }),
    ...(row.sealed_principal === null
      ? {}
      : { principalKey: vault.open(row.sealed_principal, `alert|${id}|principal`) as string }),
    ...(row.case_id === null ? {} : { caseId: row.case_id }),
  };
}

/** All but the raw text, which can be a megabyte. */
const COLUMNS = [
  'arrival',
  'alert_id',
  'dedup_lookup',
  'workflow_id',
  'received_at',
  'delivery',
  'verdict',
  'principal_lookup',
  'sealed_principal',
  'case_id',
  'sealed',
] as const;
