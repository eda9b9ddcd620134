import { createHash } from 'node:crypto';

import { CordonFailure } from '../contracts/failures.ts';
import type { SignedDecision } from '../domain/approval.ts';
import type { Plan, PlannedAction } from '../domain/plan.ts';
import { resourceOf } from '../domain/principal.ts';
import { containmentLimits } from '../policy/budget.ts';
import { protectedResourceBecause, protectedBecause } from '../policy/protection.ts';
import { providerOf } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';

/**
 * What must hold before anything is written, in this order: kill switch, mode, signed approval, exact and unprotected target,
 * budget. Each refusal is final, stands in the ledger, and names its step. None is skipped because another held.
 */
export async function permit(
  plan: Plan,
  planned: PlannedAction,
  decisions: readonly SignedDecision[],
  dependencies: ContainmentDependencies,
): Promise<void> {
  await recordingRefusal(plan, planned, dependencies, async () => {
    await refuseWhenStopped(dependencies);
    refuseInObserveMode(dependencies);
    refuseUnapproved(plan, decisions, dependencies);
    await refuseTarget(plan, planned, dependencies);
    await refuseOverBudget(plan, dependencies);
  });
}

/** Asked again right before each change: the reads and the ledger's entry in between take their time. */
export async function refuseWhenStopped({ store }: ContainmentDependencies): Promise<void> {
  const { stopped, by, reason } = await store.killSwitch.status();
  if (stopped) throw new CordonFailure('Stopped', `Stopped by ${by ?? 'unknown'}: ${reason ?? 'no reason given'}.`);
}

function refuseInObserveMode({ config }: ContainmentDependencies): void {
  if (config.mode !== 'approve') throw new CordonFailure('NotPermittedByMode', `Mode ${config.mode} changes nothing.`);
}

function refuseUnapproved(
  plan: Plan,
  decisions: readonly SignedDecision[],
  { verifier }: ContainmentDependencies,
): void {
  const refusal = verifier.refusal(plan, decisions);
  if (refusal !== null) throw new CordonFailure('ApprovalInvalid', refusal);
}

/**
 * The target must still be the identity that the plan named: a namesake made since is somebody else. An identity that is gone keeps
 * nothing of another target from being changed, or whoever deletes their own user would save what they left behind. Nor is a
 * rollback refused because the identity is protected by now: it gives back, and takes nothing away.
 */
async function refuseTarget(
  { kind, principal }: Plan,
  { request }: PlannedAction,
  { config, providers }: ContainmentDependencies,
): Promise<void> {
  if (request.target.trim() === '' || /[*?]/u.test(request.target)) {
    throw new CordonFailure('TargetRefused', 'The target is empty or a pattern.');
  }
  const provider = providerOf(providers, principal.cloud);
  const [selves, now] = await Promise.all([
    provider.selves(),
    provider.resolve([{ form: 'resource-name', value: resourceOf(principal) }], principal.accountId),
  ]);
  const because =
    kind === 'rollback'
      ? null
      : (protectedBecause(principal, selves, config.protected) ??
        protectedResourceBecause(request.target, selves, config.protected));
  if (because !== null) throw new CordonFailure('TargetRefused', because);
  if (now.status === 'resolved') {
    if (now.principal.uniqueId === principal.uniqueId) return;
    throw new CordonFailure('TargetRefused', 'The name now belongs to another identity than the plan named.');
  }
  if (now.status === 'ambiguous' || request.target === resourceOf(principal))
    throw new CordonFailure('TargetRefused', `The identity is not found: ${now.reason}`);
}

/** Whoever else loses something by the change, as the read right before it tells: the plan may be hours old. */
export async function refuseAffected(
  plan: Plan,
  planned: PlannedAction,
  affected: readonly string[],
  dependencies: ContainmentDependencies,
): Promise<void> {
  if (affected.length === 0) return;
  const { config, providers } = dependencies;
  const selves = await providerOf(providers, plan.principal.cloud).selves();
  await recordingRefusal(plan, planned, dependencies, async () => {
    for (const name of affected) {
      const because = protectedResourceBecause(name, selves, config.protected);
      if (because !== null) throw new CordonFailure('TargetRefused', `${name} would lose something by it. ${because}`);
    }
  });
}

/**
 * Counts principals, not calls: every action and every round of a plan share one reservation. A rollback spends none, and no
 * deletion: the budget bounds how many identities are cut off in an hour, and what is deleted is off since days. A limit that is full is read anew for whoever asks later; nothing was reserved in the others.
 */
async function refuseOverBudget(
  { kind, caseId, digest, principal }: Plan,
  { config, store }: ContainmentDependencies,
): Promise<void> {
  if (kind !== 'containment') return;
  const full = await store.budget.reserve(`${caseId}:${digest}`, containmentLimits(principal, config.budget));
  if (!full) return;
  const { limit, where, name } = full;
  throw new CordonFailure(
    'BudgetExceeded',
    `The budget of this hour is full: at most ${limit} containments an hour ${where}. Raise ${name}, or ask again later.`,
  );
}

/** A final failure stands in the ledger before it is answered. */
export async function recordingRefusal<Result>(
  plan: Plan,
  planned: PlannedAction,
  dependencies: ContainmentDependencies,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof CordonFailure && error.final) await recordRefusal(plan, planned, error, dependencies);
    throw error;
  }
}

export async function recordRefusal(
  { caseId }: Plan,
  { idempotencyKey, request }: PlannedAction,
  failure: CordonFailure,
  { store }: ContainmentDependencies,
): Promise<void> {
  const body = { action: request.action, target: request.target, failure: failure.type, reason: failure.message };
  // One entry for each reason: a second forgery must not hide behind the first, and a retry must not repeat it.
  const reason = createHash('sha256').update(failure.message).digest('hex').slice(0, 16);
  const key = `${idempotencyKey}:${failure.type}:${reason}`;
  await store.ledger.append({ type: 'refusal', caseId, key, body });
}
