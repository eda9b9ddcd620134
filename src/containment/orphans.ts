import { createHash } from 'node:crypto';

import { rollbackKey } from '../approval/digest.ts';
import type { Pulse } from '../contracts/case-client.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { CaseState } from '../domain/case.ts';
import type { JsonValue } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { LooseCredential, Mark, MarkReading, Orphan } from '../domain/orphan.ts';
import { requestOf } from './standing-changes.ts';

/** What store and ledger hold of one case. */
export interface KnownCase {
  readonly caseId: string;
  /** Null where only the ledger knows the case. */
  readonly state: CaseState | null;
  readonly entries: readonly LedgerEntry[];
}

/** A listing may lag behind (Secrets Manager: five minutes): what was put back just before the read is not judged yet. */
const SETTLING_MS = 10 * 60_000;
/** A change takes minutes with all its retries. */
export const UNFINISHED_AFTER_MS = 60 * 60_000;

/**
 * Null when the ledger says that it stands. A change of a case that has ended stands until it is rolled back: that is containment,
 * not an orphan. `known`: of the case that the mark names, null where there is none.
 */
export function orphanOfMark(mark: Mark, known: KnownCase | null, reading: MarkReading): Orphan | null {
  const why = known ? whyOrphaned(mark, known.entries, reading.readAt) : whyUnknown(mark);
  if (why === null) return null;
  return orphan('change', placeOf(reading), {
    name: `${mark.kind} ${mark.name}`,
    why,
    remedy: `Find out who put it there. If nobody needs it, remove it by hand: ${mark.removal}`,
    ...(known ? { caseId: known.caseId } : {}),
  });
}

function whyUnknown({ caseId }: Mark): string {
  if (caseId === null)
    return "It has a name like Cordon's, and names no case that could be one. Cordon did not put it.";
  return `It names case ${caseId}, which neither the store nor the ledger knows: someone put it under Cordon's name, or Cordon's store was replaced.`;
}

function whyOrphaned(mark: Mark, entries: readonly LedgerEntry[], readAt: string): string | null {
  const intents = entries.filter((entry) => entry.type === 'intent' && isAbout(mark, entry));
  const outcomes = new Map(entries.filter(({ type }) => type === 'outcome').map((entry) => [entry.key, entry]));
  // Under way, or among the intents without outcome: there it is told.
  if (intents.some(({ key }) => !outcomes.has(key))) return null;
  const made = intents.filter((intent) => {
    const outcome = outcomes.get(intent.key);
    return (
      outcome?.body['status'] === 'applied' && mentions(mark.trace, [intent.body['request'], outcome.body['result']])
    );
  });
  const newest = made.at(-1);
  if (!newest) return 'The ledger knows the case, and no change of it that left this: someone else put it there.';
  const undoing = entries.filter(({ key }) => key === rollbackKey(newest.key));
  const undone = undoing.find(({ type }) => type === 'rollback-outcome');
  if (!undone || Date.parse(undone.at) > Date.parse(readAt) - SETTLING_MS) return null;
  return `The case was rolled back at ${undone.at}, and it stands still, or again.`;
}

function isAbout({ leftBy, targets }: Mark, intent: LedgerEntry): boolean {
  const { action, target } = requestOf(intent);
  return leftBy.includes(action) && (targets.length === 0 || targets.some((one) => same(one, target)));
}

/**
 * A key that was made while Cordon held its owner, and is not the one that Cordon handed over: an answer that was lost, or someone
 * who got in. `known`: the cases that changed the owner.
 */
export function orphanOfCredential(
  credential: LooseCredential,
  known: readonly KnownCase[],
  reading: MarkReading,
): Orphan | null {
  const holding = known.find((one) => wasMadeIn(credential, one));
  if (!holding) return null;
  const entries = known.flatMap((one) => one.entries);
  const { leftBy, trace } = credential;
  const outcomes = entries.filter(({ type }) => type === 'outcome');
  const isOurs = ({ body }: LedgerEntry) =>
    leftBy.includes(body['action'] as string) && body['status'] === 'applied' && mentions(trace, [body['result']]);
  const wasThere = ({ type, body }: LedgerEntry) => type === 'intent' && mentions(trace, [body['prior']]);
  if (outcomes.some(isOurs) || entries.some(wasThere)) return null;
  const ended = new Set(outcomes.map(({ key }) => key));
  const isBeingMade = ({ type, key, at, body }: LedgerEntry) =>
    type === 'intent' &&
    leftBy.includes(requestOf({ body } as LedgerEntry).action) &&
    !ended.has(key) &&
    Date.parse(at) > Date.parse(reading.readAt) - UNFINISHED_AFTER_MS;
  if (entries.some(isBeingMade)) return null;
  return orphan('credential', placeOf(reading), {
    name: `${credential.kind} ${credential.name}`,
    why: `It is active, was made at ${credential.madeAt} while Cordon held its owner, and the ledger does not know it.`,
    remedy: `If none of your people made it, take it for the suspect's: ${credential.removal}`,
    caseId: holding.caseId,
  });
}

/** From the first change of the case to its rollback, or still. */
function wasMadeIn({ target, madeAt }: LooseCredential, { entries }: KnownCase): boolean {
  const first = entries.find((entry) => entry.type === 'intent' && same(requestOf(entry).target, target));
  if (!first) return false;
  const made = Date.parse(madeAt);
  const undone = entries.findLast(({ type }) => type === 'rollback-outcome');
  // IAM tells whole seconds.
  return made >= Math.floor(Date.parse(first.at) / 1000) * 1000 && (!undone || made <= Date.parse(undone.at));
}

export function orphanOfIntent(intent: LedgerEntry, title: string, target: string, isCaseRunning: boolean): Orphan {
  const undoing = intent.type === 'rollback-intent';
  const { caseId, key, at } = intent;
  const change = undoing ? `Undo: ${title}` : title;
  return {
    key: keyOf(['intent', intent.type, key]),
    kind: 'intent',
    name: `${change} (${target})`,
    why: `Cordon began it at ${at}, and the ledger does not say what came of it${isCaseRunning ? '' : '; its case has no workflow any more'}.`,
    remedy: `Look at ${target} in the cloud, and do by hand what is missing, or undo what should not stand. What was before stands in: cordon case export ${caseId}`,
    caseId,
  };
}

interface DeadCase {
  readonly caseId: string;
  readonly state: CaseState;
  readonly principalKey: string;
}

/** In these nothing of the present plan was changed; earlier plans of a reopened case may have been carried out. */
const BEFORE_CHANGES: readonly CaseState[] = [
  'RECEIVED',
  'ENRICHING',
  'NEEDS_APPROVAL',
  'AWAITING_APPROVAL',
  'APPROVED',
  'REOPENED',
];

export function orphanOfCase({ caseId, state, principalKey }: DeadCase, pulse: Exclude<Pulse, 'runs'>): Orphan {
  const gone = pulse === 'gone';
  return {
    key: keyOf(['case', caseId, state, pulse]),
    kind: 'case',
    name: `case ${caseId} of ${principalKey}`,
    why: gone
      ? `It is ${state}, and no workflow runs for it: it was terminated, timed out, or Temporal lost it. Nothing goes on by itself.`
      : `It is ${state}; its workflow runs and does not answer.`,
    remedy: gone
      ? `${remedyFor(state)} Read it with: cordon case show ${caseId}. What the ledger knows is undone, and the record brought to rest, by: cordon case rollback ${caseId} --reason TEXT`
      : SILENT,
    caseId,
  };
}

const SILENT = "See in Temporal's UI why its tasks fail, and that a worker of queue cordon-decide runs.";

function remedyFor(state: CaseState): string {
  if (BEFORE_CHANGES.includes(state))
    return 'Treat the identity as not contained. Its next alert opens a new case; or contain it by hand.';
  if (state === 'MONITORING')
    return 'What was changed stands, unwatched: check it by hand, and close the matter or roll it back.';
  if (state === 'MONITORING_PARTIAL')
    return 'Treat the identity as not contained. What was changed stands, unwatched: do the rest by hand, or roll it back.';
  if (state === 'ROLLING_BACK')
    return 'A part may be put back: look at each change in the cloud, and undo the rest by hand.';
  return 'Treat the identity as not contained: a part of the plan may stand. Do by hand what is missing.';
}

/** A place that can't be read is told anew in each sweep, until it can. */
export function orphanOfUnread(place: string, reason: string, sweptAt: string): Orphan {
  return {
    key: keyOf(['blind', place, reason, sweptAt]),
    kind: 'blind',
    name: place,
    why: `It could not be looked at, so nothing is known of what stands there: ${reason}`,
    remedy: 'See what `cordon doctor` says, mend it, then: cordon orphans',
  };
}

export const placeOf = ({ cloud, accountId }: Pick<MarkReading, 'cloud' | 'accountId'>) => `${cloud} ${accountId}`;

function orphan(kind: Orphan['kind'], place: string, rest: Omit<Orphan, 'key' | 'kind'>): Orphan {
  return { key: keyOf([kind, place, rest.name, rest.why]), kind, ...rest };
}

function keyOf(parts: readonly string[]): string {
  return createHash('sha256')
    .update(canonicalJson([...parts]))
    .digest('hex');
}

/** Azure writes the same id in either case. */
const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

function mentions(trace: string, value: JsonValue | undefined | readonly (JsonValue | undefined)[]): boolean {
  if (typeof value === 'string') return same(value, trace);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((one) => mentions(trace, one));
}
