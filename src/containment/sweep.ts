import { rollbackKey } from '../approval/digest.ts';
import type { UnreadCloud } from '../contracts/activities.ts';
import type { CaseClient } from '../contracts/case-client.ts';
import { secondPlanWorkflowId } from '../contracts/ids.ts';
import { END_STATES } from '../domain/case.ts';
import type { Cloud } from '../domain/cloud.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { MarkReading, Orphan, OrphanReport } from '../domain/orphan.ts';
import type { Principal } from '../domain/principal.ts';
import { resourceOf } from '../domain/principal.ts';
import type { CaseRecord, CaseStore, Store } from '../store/port.ts';
import type { KnownCase } from './orphans.ts';
import {
  orphanOfCase,
  orphanOfCredential,
  orphanOfIntent,
  orphanOfMark,
  orphanOfUnread,
  placeOf,
  UNFINISHED_AFTER_MS,
} from './orphans.ts';
import { requestOf } from './standing-changes.ts';

export interface SweepDependencies {
  readonly store: Pick<Store, 'cases' | 'ledger'>;
  /** Throws where Temporal can't be asked. */
  readonly pulseOf: CaseClient['pulse'];
  readonly now: () => Date;
}

const MOST_CASES = 10_000;
const AT_ONCE = 10;

/**
 * Compares what stands in the clouds, read before this is called, with the ledger, and the store's open cases with Temporal. In that
 * order: what was made by then has its intent in the ledger. Changes nothing.
 */
export async function findOrphans(
  readings: readonly MarkReading[],
  unread: readonly UnreadCloud[],
  dependencies: SweepDependencies,
): Promise<OrphanReport> {
  const { store, now } = dependencies;
  const sweptAt = now().toISOString();
  const orphans = [
    ...unread.map(({ cloud, reason }) => orphanOfUnread(cloud, reason, sweptAt)),
    ...readings.flatMap((reading) => reading.unread.map((why) => orphanOfUnread(placeOf(reading), why, sweptAt))),
    ...(await marked(readings, store)),
    ...(await loose(readings, store)),
    ...(await unfinished(dependencies)),
    ...(await deadCases(dependencies)),
  ];
  const told = await Promise.all(orphans.map(async ({ key }) => store.ledger.find('orphan', key)));
  return {
    sweptAt,
    places: readings.map(({ cloud, accountId, marks }) => ({ cloud, accountId, marks: marks.length })),
    orphans,
    untold: orphans.flatMap(({ key }, index) => (told[index] ? [] : [key])),
  };
}

/** Whom Cordon changed in this cloud, by any case that got so far; `isTruncated`: there are more cases than were looked at. */
export async function heldIn(
  cloud: Cloud,
  cases: Pick<CaseStore, 'list'>,
): Promise<{ readonly held: readonly Principal[]; readonly isTruncated: boolean }> {
  const records = await cases.list({ limit: MOST_CASES });
  const principals = records.filter(wasContaining).map(principalOf);
  const held = new Map(principals.filter((one) => one.cloud === cloud).map((one) => [resourceOf(one), one]));
  return { held: [...held.values()], isTruncated: records.length === MOST_CASES };
}

const wasContaining = ({ timeline }: CaseRecord) => timeline.some(({ state }) => state === 'CONTAINING');
const principalOf = ({ principal }: CaseRecord) => principal as unknown as Principal;

async function marked(readings: readonly MarkReading[], store: SweepDependencies['store']): Promise<readonly Orphan[]> {
  const ids = new Set(readings.flatMap(({ marks }) => marks.flatMap(({ caseId }) => caseId ?? [])));
  const known = new Map(await inTurn([...ids], async (id) => [id, await knownCase(id, store)] as const));
  return readings.flatMap((reading) =>
    reading.marks.flatMap((mark) => orphanOfMark(mark, known.get(mark.caseId ?? '') ?? null, reading) ?? []),
  );
}

async function loose(readings: readonly MarkReading[], store: SweepDependencies['store']): Promise<readonly Orphan[]> {
  const targets = new Set(readings.flatMap(({ credentials }) => credentials.map(({ target }) => target)));
  if (targets.size === 0) return [];
  const records = (await store.cases.list({ limit: MOST_CASES })).filter(
    (record) => wasContaining(record) && targets.has(resourceOf(principalOf(record))),
  );
  const known = await inTurn(records, async (record) => {
    const { caseId, state } = record;
    return { target: resourceOf(principalOf(record)), caseId, state, entries: await store.ledger.ofCase(caseId) };
  });
  return readings.flatMap((reading) =>
    reading.credentials.flatMap((one) => {
      const ofOwner = known.filter(({ target }) => target === one.target);
      return orphanOfCredential(one, ofOwner, reading) ?? [];
    }),
  );
}

async function knownCase(caseId: string, { cases, ledger }: SweepDependencies['store']): Promise<KnownCase | null> {
  const [record, entries] = await Promise.all([cases.get(caseId), ledger.ofCase(caseId)]);
  return record || entries.length > 0 ? { caseId, state: record?.state ?? null, entries } : null;
}

async function unfinished(dependencies: SweepDependencies): Promise<readonly Orphan[]> {
  const { ledger } = dependencies.store;
  const found = await inTurn(await ledger.unfinished(), async (intent) => {
    const isOld = Date.parse(intent.at) < dependencies.now().getTime() - UNFINISHED_AFTER_MS;
    const isRunning = await runs(intent.caseId, dependencies);
    if (isRunning && !isOld) return [];
    // Its workflow may have ended only now, with the outcome written before.
    const outcome = intent.type === 'intent' ? 'outcome' : 'rollback-outcome';
    if (await ledger.find(outcome, intent.key)) return [];
    const change = await changeOf(intent, dependencies);
    const { title, request } = change
      ? { title: change.body['title'] as string, request: requestOf(change) }
      : { title: 'a change', request: { target: 'a target that the ledger does not name' } };
    return [orphanOfIntent(intent, title, request.target, isRunning)];
  });
  return found.flat();
}

/** The intent itself, or for that of a rollback the one of the change that it undoes. */
async function changeOf(intent: LedgerEntry, { store }: SweepDependencies): Promise<LedgerEntry | undefined> {
  if (intent.type === 'intent') return intent;
  const entries = await store.ledger.ofCase(intent.caseId);
  return entries.find(({ type, key }) => type === 'intent' && rollbackKey(key) === intent.key);
}

async function runs(caseId: string, { store, pulseOf }: SweepDependencies): Promise<boolean> {
  const record = await store.cases.get(caseId);
  const ids = [...(record ? [record.workflowId] : []), secondPlanWorkflowId(caseId)];
  const pulses = await Promise.all(ids.map((id) => pulseOf(id, caseId)));
  return pulses.some((pulse) => pulse !== 'gone');
}

async function deadCases({ store, pulseOf }: SweepDependencies): Promise<readonly Orphan[]> {
  const found = await inTurn(await store.cases.open(), async (record) => {
    const { caseId, workflowId, principalKey } = record;
    const pulse = await pulseOf(workflowId, caseId);
    if (pulse === 'runs') return [];
    // It may have come to rest while Temporal was asked: the record is written before the workflow ends.
    const { state } = (await store.cases.get(caseId)) ?? record;
    return END_STATES.includes(state) ? [] : [orphanOfCase({ caseId, state, principalKey }, pulse)];
  });
  return found.flat();
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(work))));
  }
  return results;
}
