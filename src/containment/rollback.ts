import { rollbackKey, sealPlan } from '../approval/digest.ts';
import type { ActionInput, ActionOutcome, ContainmentCheck } from '../contracts/activities.ts';
import { CordonFailure } from '../contracts/failures.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Plan, PlannedAction, Reversibility } from '../domain/plan.ts';
import type { Action } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { actionAt, loadPlan } from './dependencies.ts';
import { permit, recordRefusal, refuseWhenStopped } from './order-of-safety.ts';
import { keepPlan } from './plan.ts';
import { changeToUndo, requestOf, standingChanges, undoneKeys, unfinished } from './standing-changes.ts';

/** What is lost for good is said, what nobody misses is not. */
const UNDONE: readonly Reversibility[] = ['exact', 'partial'];

/** What the case changed, newest first, with the calls that put it back. From the ledger alone. */
export async function planRollback(
  { caseId }: { caseId: string },
  dependencies: ContainmentDependencies,
): Promise<Plan> {
  const { store, providers } = dependencies;
  const entries = await store.ledger.ofCase(caseId);
  const standing = standingChanges(entries, providers);
  const final = standing.filter(({ action }) => action.reversibility === 'none');
  const undoable = standing.filter(({ action }) => UNDONE.includes(action.reversibility));
  const [first] = entries.filter(({ type }) => type === 'intent').map(requestOf);
  if (!first) throw new CordonFailure('NotFound', 'The ledger holds no change of this case.');
  const changes = undoable
    .map((change) => ({ ...change, calls: change.action.previewRevert(change.request, change.prior, change.result) }))
    // All that it changed is left: there is nothing to approve.
    .filter(({ calls, left }) => calls.length > 0 || left.length === 0);
  const actions = changes.map(({ calls, key, request, title }, sequence): PlannedAction => ({
    sequence,
    request,
    title: `Undo: ${title}`,
    calls,
    mayBreak: ['Whoever holds the credentials of this identity can use them again.'],
    reversibility: 'partial',
    effect: 'declarative',
    alreadySo: false,
    idempotencyKey: rollbackKey(key),
  }));
  const plan = sealPlan({
    kind: 'rollback',
    caseId,
    principal: first.principal,
    actions,
    requirement: {
      approvals: dependencies.config.approval.approvals,
      reason: 'A rollback needs as many approvers as the configuration asks of a containment.',
    },
    obstacles: unfinished(entries),
    caveats: [
      ...final.map(({ title, request }) => `Can't be undone, and stays: ${title} (${request.target}).`),
      ...undoable.flatMap(({ left }) => left),
    ],
  });
  return keepPlan(plan, store);
}

/** The same order as for a change; what a third party changed since is left alone, and said. */
export async function revertAction(input: ActionInput, dependencies: ContainmentDependencies): Promise<ActionOutcome> {
  const { store, providers } = dependencies;
  const plan = await loadPlan(dependencies, input.planDigest);
  const planned = actionAt(plan, input.sequence);
  if (plan.kind !== 'rollback') throw new CordonFailure('ValidationFailed', 'The plan is not one for a rollback.');
  await permit(plan, planned, input.decisions, dependencies);
  const key = planned.idempotencyKey;
  const outcome: ActionOutcome = {
    sequence: planned.sequence,
    status: 'reverted',
    detail: 'The prior state is written.',
  };
  if (await store.ledger.find('rollback-outcome', key)) return outcome;
  const change = changeToUndo(await store.ledger.ofCase(plan.caseId), planned, providers);
  const { caseId } = plan;
  await store.ledger.append({
    type: 'rollback-intent',
    caseId,
    key,
    body: { planDigest: plan.digest, prior: change.prior },
  });
  try {
    await refuseWhenStopped(dependencies);
    await change.action.revert(change.request, change.prior, change.result);
  } catch (error) {
    if (!(error instanceof CordonFailure) || (!error.final && error.type !== 'Conflict')) throw error;
    await recordRefusal(plan, planned, error, dependencies);
    // A third party's change does not go away by trying again.
    throw new CordonFailure(error.type === 'Conflict' ? 'TargetRefused' : error.type, error.message, { cause: error });
  }
  await store.ledger.append({
    type: 'rollback-outcome',
    caseId,
    key,
    body: { planDigest: plan.digest, status: 'reverted' },
  });
  return outcome;
}

/** A fresh read of every target must equal the prior state in the ledger, to the letter, but for what the plan said it leaves. */
export async function verifyRollback(
  { planDigest }: { planDigest: string },
  dependencies: ContainmentDependencies,
): Promise<ContainmentCheck> {
  const plan = await loadPlan(dependencies, planDigest);
  const entries = await dependencies.store.ledger.ofCase(plan.caseId);
  const undone = undoneKeys(entries);
  const lines = await Promise.all(
    plan.actions.map(async (planned) => {
      // Not every trace is in the state that is read back (a secret is not): what was not undone to the end is not restored.
      if (!undone.has(planned.idempotencyKey)) return `${planned.title}: it was not undone to the end.`;
      const { request, prior, result, action } = changeToUndo(entries, planned, dependencies.providers);
      const now = (await action.preflight(request)).prior;
      const comparable = action.restores?.(now, result, []).prior ?? now;
      return stateIn(comparable, action) === stateIn(prior, action) ? null : `${planned.title}: the state is another.`;
    }),
  );
  return recordCheck(
    plan,
    lines.filter((line) => line !== null),
    dependencies,
  );
}

/** `differing`: what is not as the plan said, in sentences. */
export async function recordCheck(
  { digest, caseId }: Plan,
  differing: readonly string[],
  { store, now }: ContainmentDependencies,
): Promise<ContainmentCheck> {
  const status = differing.length === 0 ? 'clean' : 'drifted';
  const key = `${digest}:${now().toISOString()}`;
  await store.ledger.append({
    type: 'verification',
    caseId,
    key,
    body: { planDigest: digest, status, lines: differing },
  });
  return { status, lines: differing };
}

function stateIn(prior: JsonObject, { chosenInPrior = [] }: Action): string {
  return canonicalJson(Object.fromEntries(Object.entries(prior).filter(([key]) => !chosenInPrior.includes(key))));
}
