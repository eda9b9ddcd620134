import { roundKey } from '../approval/digest.ts';
import { CordonFailure } from '../contracts/failures.ts';
import { canonicalJson } from '../domain/canonical.ts';
import { MOST_ROUNDS } from '../domain/case.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { Plan, PlannedAction } from '../domain/plan.ts';
import type { Ledger } from '../store/port.ts';

/** The action as a round of its plan carries it out: a later one has an intent, an outcome and refusals of its own. */
export function inRound(planned: PlannedAction, round: number): PlannedAction {
  return { ...planned, idempotencyKey: roundKey(planned.idempotencyKey, round) };
}

/** The same plan is carried out a few times while someone undoes it, one round after the other. */
export async function refuseLaterRound(planned: PlannedAction, round: number, ledger: Ledger): Promise<void> {
  if (!Number.isSafeInteger(round) || round < 1 || round > MOST_ROUNDS)
    throw new CordonFailure('ValidationFailed', `A plan is carried out in rounds 1 to ${MOST_ROUNDS}.`);
  if (round === 1) return;
  if (planned.effect === 'creating') throw new CordonFailure('ValidationFailed', 'A creating action has one round.');
  if (!(await ledger.find('outcome', roundKey(planned.idempotencyKey, round - 1))))
    throw new CordonFailure('ValidationFailed', 'The round before this one has no outcome.');
}

/**
 * An approval has no end of its own, so it counts only until the case goes on from its plan: whoever can write to Temporal could
 * else contain anew what was put back, or put back by a rollback that was called off. What a containment did is not in question
 * while a rollback is only proposed: it ends with the first change that is put back.
 */
export async function refuseSuperseded({ kind, caseId, digest }: Plan, ledger: Ledger): Promise<void> {
  const entries = await ledger.ofCase(caseId);
  const own = entries.findLastIndex(({ type, body }) => type === 'plan' && body['digest'] === digest);
  const goesOn = ({ type, body }: LedgerEntry) =>
    kind === 'containment'
      ? type === 'rollback-intent' || (type === 'plan' && body['kind'] === 'containment')
      : type === 'plan';
  if (entries.slice(own + 1).some(goesOn))
    throw new CordonFailure('ApprovalInvalid', 'The case has a newer plan; the approval of this one no longer counts.');
}

/** What an action came to in each round up to this one, oldest first; null where the ledger does not know. */
export function outcomesOf(
  { idempotencyKey, effect }: PlannedAction,
  round: number,
  ledger: Ledger,
): Promise<readonly (LedgerEntry | null)[]> {
  const rounds = Array.from({ length: effect === 'creating' ? 1 : round }, (_, index) => index + 1);
  return Promise.all(rounds.map((one) => ledger.find('outcome', roundKey(idempotencyKey, one))));
}

/** What the creating actions of the plan made: no drift of the others. */
export async function madeBy({ actions }: Plan, ledger: Ledger): Promise<readonly JsonObject[]> {
  const creating = actions.filter(({ effect }) => effect === 'creating');
  const outcomes = await Promise.all(creating.map((planned) => outcomesOf(planned, 1, ledger)));
  return outcomes.map((list) => mergedResult(list));
}

/** Of several tries at one target: whatever any of them changed was changed; of what can be one thing only, the last counts. */
export function mergedResult(outcomes: readonly (LedgerEntry | null)[]): JsonObject {
  const merged: Record<string, JsonValue> = {};
  for (const outcome of outcomes) {
    const result = outcome?.body['status'] === 'applied' ? ((outcome.body['result'] ?? {}) as JsonObject) : {};
    for (const [key, value] of Object.entries(result)) merged[key] = union(merged[key], value);
  }
  return merged;
}

function union(before: JsonValue | undefined, value: JsonValue): JsonValue {
  if (!isList(before) || !isList(value)) return value;
  return [...new Map([...before, ...value].map((one) => [canonicalJson([one]), one])).values()];
}

/** `Array.isArray` makes `any` of the elements. */
function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
