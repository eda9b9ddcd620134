import { rollbackKey, sealPlan } from '../approval/digest.ts';
import type { ActionInput, ActionOutcome, ContainmentCheck, SecondPlanAsked } from '../contracts/activities.ts';
import { CordonFailure } from '../contracts/failures.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { Plan, PlannedAction, Reversibility } from '../domain/plan.ts';
import type { Action } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { permit, recordingRefusal, recordRefusal, refuseWhenStopped } from './order-of-safety.ts';
import { keepPlan } from './plan.ts';
import { actionAt, loadPlan } from './planned.ts';
import { refuseSuperseded } from './rounds.ts';
import type { CaseChange } from './standing-changes.ts';
import { changeToUndo, requestOf, standingChanges, undoneChanges, undoneKeys, unfinished } from './standing-changes.ts';
import { uncertain } from './uncertain.ts';

/** What is lost for good is said, what nobody misses is not. */
const UNDONE: readonly Reversibility[] = ['exact', 'partial'];

/** What the case changed, newest first, with the calls that put it back. From the ledger alone. */
export async function planRollback(
  { caseId, requestedBy }: SecondPlanAsked,
  dependencies: ContainmentDependencies,
): Promise<Plan> {
  const { store, providers } = dependencies;
  const entries = await store.ledger.ofCase(caseId);
  const standing = standingChanges(entries, providers);
  const final = standing.filter(({ action }) => action.reversibility === 'none');
  const undoable = standing.filter(({ action }) => UNDONE.includes(action.reversibility));
  const [first] = entries.filter(({ type }) => type === 'intent').map(requestOf);
  if (!first) throw new CordonFailure('NotFound', 'The ledger holds no change of this case.');
  const standingYet = undoable
    .map(withCalls)
    // All that it changed is left: there is nothing to approve.
    .filter(({ calls, left }) => calls.length > 0 || left.length === 0);
  // A proof that failed can be asked for again: what was put back is read, and put back once more where it is another.
  const again = standingYet.length === 0 && !isProved(entries);
  const changes = again ? undoneChanges(entries, providers).toReversed().map(withCalls) : standingYet;
  const actions = changes.map(({ calls, key, request, title }, sequence): PlannedAction => ({
    sequence,
    request,
    title: `${again ? 'Undo again where it is not as before' : 'Undo'}: ${title}`,
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
    ...(requestedBy === undefined ? {} : { requestedBy }),
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

const withCalls = (change: CaseChange) => ({
  ...change,
  calls: change.action.previewRevert(change.request, change.prior, change.result),
});

/** By a read of every change that was put back, after the last of them. */
function isProved(entries: readonly LedgerEntry[]): boolean {
  const plans = entries.filter(({ type, body }) => type === 'plan' && body['kind'] === 'rollback');
  const digests = new Set(plans.map(({ body }) => body['digest']));
  return entries
    .slice(entries.findLastIndex(({ type }) => type === 'rollback-outcome') + 1)
    .some(({ type, body }) => type === 'verification' && body['status'] === 'clean' && digests.has(body['planDigest']));
}

/** Tries that insist on reading what was put back: a read may be older than the change for some seconds. */
const TRIES_FOR_THE_READ = 5;

/**
 * The same order as for a change: permit, ledger intent, act, read back, ledger outcome. What a third party changed since is left
 * alone, and said. `attempt`, from 1: where the later ones still read another state, such as a key that somebody else made, it is the
 * proof of the whole rollback that tells.
 */
export async function revertAction(
  input: ActionInput,
  dependencies: ContainmentDependencies,
  attempt = 1,
): Promise<ActionOutcome> {
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
  const change = changeToUndo(await store.ledger.ofCase(plan.caseId), planned, providers);
  if ((await store.ledger.find('rollback-outcome', key)) && (await isBack(change))) return outcome;
  await recordingRefusal(plan, planned, dependencies, () => refuseSuperseded(plan, store.ledger));
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
  const back = await isBack(change).catch((error: unknown) => {
    throw uncertain(error, 'It was put back, and could not be read back.');
  });
  if (!back && attempt < TRIES_FOR_THE_READ)
    throw new CordonFailure('Unavailable', 'Read back: the state is not yet as it was before.');
  await store.ledger.append({
    type: 'rollback-outcome',
    caseId,
    key,
    body: { planDigest: plan.digest, status: 'reverted' },
  });
  return back ? outcome : { ...outcome, detail: 'The prior state is written; a read still shows another one.' };
}

/**
 * A fresh read of everything that the case ever put back must equal the prior state in the ledger, to the letter, but for what the
 * plan said it leaves. Another state is tried again (`Unavailable`): the read may be older than the change.
 */
export async function verifyRollback(
  { planDigest }: { planDigest: string },
  dependencies: ContainmentDependencies,
): Promise<ContainmentCheck> {
  const plan = await loadPlan(dependencies, planDigest);
  const entries = await dependencies.store.ledger.ofCase(plan.caseId);
  const undone = undoneKeys(entries);
  // Not every trace is in the state that is read back (a secret is not): what was not undone to the end is not restored.
  const open = plan.actions
    .filter(({ idempotencyKey }) => !undone.has(idempotencyKey))
    .map(({ title }) => `${title}: it was not undone to the end.`);
  const reads = await Promise.all(
    undoneChanges(entries, dependencies.providers).map(async (change) =>
      (await isBack(change)) ? [] : [`${change.title}: the state is another than before.`],
    ),
  );
  const check = await recordCheck(plan, [...open, ...reads.flat()], dependencies);
  if (check.status === 'clean' || open.length > 0) return check;
  throw new CordonFailure('Unavailable', check.lines.join(' '));
}

async function isBack({ action, request, prior, result }: CaseChange): Promise<boolean> {
  const now = (await action.preflight(request)).prior;
  return stateIn(action.restores?.(now, result, []).prior ?? now, action) === stateIn(prior, action);
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
