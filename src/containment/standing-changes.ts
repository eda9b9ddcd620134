import { rollbackKey } from '../approval/digest.ts';
import { CordonFailure } from '../contracts/failures.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { ActionRequest, PlannedAction } from '../domain/plan.ts';
import type { Action, Providers } from '../providers/port.ts';
import { providerOf } from '../providers/port.ts';
import { actionOf } from './planned.ts';
import { mergedResult } from './rounds.ts';

/** What a case changed at one target by one action, in however many rounds and plans, as the ledger tells it. */
export interface CaseChange {
  /** Of the newest round: a rollback that was planned before it undoes nothing. */
  readonly key: string;
  readonly request: ActionRequest;
  readonly title: string;
  readonly action: Action;
  /** What a revert brings back: of what was before the first round, without what came up after the plan or is deleted for good. */
  readonly prior: JsonObject;
  /** In sentences, what a revert leaves changed all the same. */
  readonly left: readonly string[];
  /** Of all rounds. */
  readonly result: JsonObject;
  /** ISO 8601: when the newest round was made. */
  readonly at: string;
  /** Results of the case's final actions on this target. */
  readonly gone: readonly JsonObject[];
}

/** The last action of a plan first, in whichever round it was made. */
export function standingChanges(entries: readonly LedgerEntry[], providers: Providers): readonly CaseChange[] {
  const undone = undoneKeys(entries);
  return changesOf(entries, providers)
    .filter(({ key }) => !undone.has(rollbackKey(key)))
    .toReversed();
}

/** What a rollback put back, in the order of the changes. */
export function undoneChanges(entries: readonly LedgerEntry[], providers: Providers): readonly CaseChange[] {
  const undone = undoneKeys(entries);
  return changesOf(entries, providers).filter(({ key }) => undone.has(rollbackKey(key)));
}

export function undoneKeys(entries: readonly LedgerEntry[]): ReadonlySet<string> {
  return new Set(entries.filter(({ type }) => type === 'rollback-outcome').map(({ key }) => key));
}

export function changeToUndo(
  entries: readonly LedgerEntry[],
  { idempotencyKey, title }: PlannedAction,
  providers: Providers,
): CaseChange {
  const change = changesOf(entries, providers).find(({ key }) => rollbackKey(key) === idempotencyKey);
  if (!change)
    throw new CordonFailure(
      'ValidationFailed',
      `The ledger does not know the change that this undoes, or it was made again since: ${title}. Plan the rollback anew.`,
    );
  return change;
}

/** An intent without outcome may stand or not: undoing around it would leave the account in a state that nobody knows. */
export function unfinished(entries: readonly LedgerEntry[]): readonly string[] {
  const ended = new Set(entries.filter(({ type }) => type === 'outcome').map(({ key }) => key));
  return entries
    .filter(({ type, key }) => type === 'intent' && !ended.has(key))
    .map((intent) => `The outcome of "${titleOf(intent)}" is unknown; look at the target first.`);
}

export const requestOf = (intent: LedgerEntry) => intent.body['request'] as unknown as ActionRequest;

const titleOf = ({ body }: LedgerEntry) => body['title'] as string;

/** In the order of their first rounds. */
function changesOf(entries: readonly LedgerEntry[], providers: Providers): readonly CaseChange[] {
  const intents = new Map(entries.filter(({ type }) => type === 'intent').map((entry) => [entry.key, entry]));
  const outcomes = entries.filter(({ type, body }) => type === 'outcome' && body['status'] !== 'not-made');
  const byTarget = Map.groupBy(outcomes, ({ body }) => canonicalJson([body['action'], body['target']]));
  const changes = [...byTarget.values()].flatMap((group) => {
    const newest = group.findLast(({ key, body }) => body['status'] === 'applied' && intents.has(key));
    const intent = newest && intents.get(newest.key);
    return intent ? [changeFrom(group, intent, intents, providers, newest.at)] : [];
  });
  return changes.map((change) => withoutGone(change, changes));
}

type Made = Omit<CaseChange, 'left' | 'gone'>;

function withoutGone(change: Made, all: readonly Made[]): CaseChange {
  const gone = all
    .filter(({ action, request }) => action.reversibility === 'none' && request.target === change.request.target)
    .map(({ result }) => result);
  const { prior, left } = change.action.restores?.(change.prior, change.result, gone) ?? {
    prior: change.prior,
    left: [],
  };
  return { ...change, prior, left, gone };
}

function changeFrom(
  group: readonly LedgerEntry[],
  intent: LedgerEntry,
  intents: ReadonlyMap<string, LedgerEntry>,
  providers: Providers,
  at: string,
): Made {
  const request = requestOf(intent);
  const action = actionOf(providerOf(providers, request.cloud), request);
  const newest = intent.body['prior'] as JsonObject;
  const priors = group.map(({ key, body }) => intents.get(key)?.body['prior'] ?? body['prior']);
  const first = priors.find((prior) => prior !== undefined) as JsonObject | undefined;
  // What we chose ourselves tells what we left behind, and that is what the newest round left.
  const chosen = Object.entries(newest).filter(([key]) => action.chosenInPrior?.includes(key));
  const prior = { ...(first ?? newest), ...Object.fromEntries(chosen) };
  return { key: intent.key, request, title: titleOf(intent), action, prior, result: mergedResult(group), at };
}
