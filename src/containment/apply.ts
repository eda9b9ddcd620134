import type { ActionInput, ActionOutcome } from '../contracts/activities.ts';
import { CordonFailure } from '../contracts/failures.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Plan, PlannedAction } from '../domain/plan.ts';
import type { Action, Preflight } from '../providers/port.ts';
import { providerOf } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { permit, recordingRefusal, refuseAffected, refuseWhenStopped } from './order-of-safety.ts';
import { actionAt, actionOf, loadPlan } from './planned.ts';
import { inRound, madeBy, refuseLaterRound, refuseSuperseded } from './rounds.ts';
import { uncertain } from './uncertain.ts';

/**
 * One action: permit, ledger intent with prior state, act, read back, ledger outcome. May be called again after a crash at any
 * point: an intent without outcome says that the change may stand, and its prior state, not a new read, is what was before us.
 */
export async function applyAction(input: ActionInput, dependencies: ContainmentDependencies): Promise<ActionOutcome> {
  const plan = await loadPlan(dependencies, input.planDigest);
  if (plan.kind === 'rollback') throw new CordonFailure('ValidationFailed', 'What a rollback undoes is not applied.');
  const { round = 1 } = input;
  const planned = inRound(actionAt(plan, input.sequence), round);
  // Read first: with an intent of an earlier try in the ledger, no refusal of this one can say that nothing was changed.
  const tried = await dependencies.store.ledger.find('intent', planned.idempotencyKey);
  try {
    return await tryToApply(plan, planned, input, dependencies);
  } catch (error) {
    if (tried) throw uncertain(error, 'An earlier try may have taken effect.');
    await recordWithoutEffect(plan, planned, error, dependencies);
    throw error;
  }
}

/** The first try was refused for good after its intent was written: nothing stands, and a rollback need not look for it. */
async function recordWithoutEffect(
  plan: Plan,
  planned: PlannedAction,
  error: unknown,
  dependencies: ContainmentDependencies,
): Promise<void> {
  if (!(error instanceof CordonFailure) || !error.final || error.type === 'OutcomeUnknown') return;
  if (!(await dependencies.store.ledger.find('intent', planned.idempotencyKey))) return;
  await record(plan, planned, { status: 'not-made', detail: error.message }, dependencies);
}

async function tryToApply(
  plan: Plan,
  planned: PlannedAction,
  { decisions, round = 1 }: ActionInput,
  dependencies: ContainmentDependencies,
): Promise<ActionOutcome> {
  const action = actionOf(providerOf(dependencies.providers, planned.request.cloud), planned.request);
  // It only reads, so it need not wait for the permit; where that is refused, it counts for nothing.
  const reading = action.preflight(planned.request, planned.calls);
  reading.catch(() => undefined);
  await permit(plan, planned, decisions, dependencies);
  const { ledger } = dependencies.store;
  const done = await ledger.find('outcome', planned.idempotencyKey);
  if (done) return outcomeFrom(planned, done.body);
  await recordingRefusal(plan, planned, dependencies, async () => {
    await refuseLaterRound(actionAt(plan, planned.sequence), round, ledger);
    await refuseSuperseded(plan, ledger);
  });
  const { prior, alreadySo } = await priorState(plan, planned, action.effect, reading, dependencies);
  if (alreadySo)
    return record(plan, planned, { status: 'already-so', detail: 'It was already so.', prior }, dependencies);
  return recordingRefusal(plan, planned, dependencies, async () => {
    const made = round === 1 ? [] : await madeBy(plan, ledger);
    await refuseWhenStopped(dependencies);
    const applied = await action.apply(planned.request, prior, made);
    const detail = await readBack(action, planned, applied.result, made);
    const outcome = await record(plan, planned, { status: 'applied', detail, ...applied, prior }, dependencies);
    if (outcome.status === 'not-made') await takeBack(action, planned, prior, applied.result, dependencies);
    return outcome;
  });
}

/** A run that was reset has looked for it meanwhile, found nothing yet, and said so: then it must not stand. */
async function takeBack(
  action: Action,
  { request }: PlannedAction,
  prior: JsonObject,
  result: JsonObject,
  dependencies: ContainmentDependencies,
): Promise<never> {
  await refuseWhenStopped(dependencies).catch((error: unknown) => {
    throw uncertain(error, 'What came after it had been recorded as not made still stands.');
  });
  await action.revert(request, prior, result);
  throw new CordonFailure('OutcomeUnknown', 'It came after it had been recorded as not made, and was taken back.');
}

/** After the answer to a creating call was lost: what stands is found by the mark of the case, and finished or removed. */
export async function reconcileAction(
  { planDigest, sequence }: Omit<ActionInput, 'decisions' | 'round'>,
  dependencies: ContainmentDependencies,
): Promise<ActionOutcome> {
  const plan = await loadPlan(dependencies, planDigest);
  const planned = actionAt(plan, sequence);
  const { ledger } = dependencies.store;
  const done = await ledger.find('outcome', planned.idempotencyKey);
  if (done) return outcomeFrom(planned, done.body);
  const intent = await ledger.find('intent', planned.idempotencyKey);
  // No intent was written, so no call was made.
  if (!intent) return record(plan, planned, { status: 'not-made', detail: 'It was never tried.' }, dependencies);
  const action = actionOf(providerOf(dependencies.providers, planned.request.cloud), planned.request);
  const prior = intent.body['prior'] as JsonObject;
  const found = await reconcile(action, planned, prior, dependencies);
  if (!found)
    return record(plan, planned, { status: 'not-made', detail: 'Nothing was made, or it was removed.' }, dependencies);
  const detail = await readBack(action, planned, found.result);
  return record(plan, planned, { status: 'applied', detail, ...found, prior }, dependencies);
}

/** It removes what it can't finish, so it is stopped as a change is; the sweep tells of what then stands. */
async function reconcile(
  action: Action,
  { request }: PlannedAction,
  prior: JsonObject,
  dependencies: ContainmentDependencies,
) {
  try {
    await refuseWhenStopped(dependencies);
    return await action.reconcile?.(request, prior);
  } catch (error) {
    throw uncertain(error, 'What was made, if anything, could not be found.');
  }
}

/**
 * What was there before us: from our own intent when an earlier try wrote one, else what was read, written as the intent. The
 * ledger is asked after the read: a try at the same time that had its effect before it would pass for "already so".
 */
async function priorState(
  plan: Plan,
  planned: PlannedAction,
  effect: Action['effect'],
  reading: Promise<Preflight>,
  dependencies: ContainmentDependencies,
): Promise<{ readonly prior: JsonObject; readonly alreadySo: boolean }> {
  const { idempotencyKey, request, title } = planned;
  const { store } = dependencies;
  const read = await reading.catch(() => undefined);
  const intent = await store.ledger.find('intent', idempotencyKey);
  if (read && !read.alreadySo) await refuseAffected(plan, planned, read.affected ?? [], dependencies);
  if (intent) {
    if (effect === 'creating') throw new CordonFailure('OutcomeUnknown', 'An earlier try may have taken effect.');
    return { prior: intent.body['prior'] as JsonObject, alreadySo: false };
  }
  const { prior, alreadySo, obstacles } = await reading;
  if (obstacles.length > 0) throw new CordonFailure('ValidationFailed', obstacles.join(' '));
  if (alreadySo) return { prior, alreadySo };
  const body = { title, planDigest: plan.digest, request: { ...request, principal: { ...request.principal } }, prior };
  const written = await store.ledger.append({ type: 'intent', caseId: plan.caseId, key: idempotencyKey, body });
  return { prior: written.body['prior'] as JsonObject, alreadySo: false };
}

/** The apply call's own answer proves nothing. A change that can't be read back yet is tried again with the whole activity. */
async function readBack(
  action: Action,
  { request }: PlannedAction,
  result: JsonObject,
  made: readonly JsonObject[] = [],
): Promise<string> {
  const { status, detail } = await action.verify(request, result, made).catch((error: unknown) => {
    throw uncertain(error, 'The change was made, and could not be read back.');
  });
  if (status === 'holds') return detail;
  throw new CordonFailure(status === 'drifted' ? 'Conflict' : 'Unavailable', `Read back: ${detail}`);
}

interface Recorded {
  readonly status: ActionOutcome['status'];
  readonly detail: string;
  readonly result?: JsonObject;
  readonly prior?: JsonObject;
  readonly handOver?: string;
}

async function record(
  { caseId, digest }: Plan,
  planned: PlannedAction,
  recorded: Recorded,
  { store }: ContainmentDependencies,
): Promise<ActionOutcome> {
  const { idempotencyKey, request } = planned;
  const body = { planDigest: digest, action: request.action, target: request.target, ...recorded };
  const entry = await store.ledger.append({ type: 'outcome', caseId, key: idempotencyKey, body });
  return outcomeFrom(planned, entry.body);
}

function outcomeFrom({ sequence }: PlannedAction, body: JsonObject): ActionOutcome {
  const { status, detail, handOver } = body as unknown as Recorded;
  return { sequence, status, detail, ...(handOver === undefined ? {} : { handOver }) };
}
