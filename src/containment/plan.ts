import { idempotencyKey, sealPlan } from '../approval/digest.ts';
import { CordonFailure } from '../contracts/failures.ts';
import type { ActivityFacts } from '../domain/evidence.ts';
import type { ActionRequest, Plan, PlannedAction } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import { protectedResourceBecause, protectedBecause } from '../policy/protection.ts';
import { approvalRequirement } from '../policy/requirement.ts';
import type { Action, Preflight, Provider } from '../providers/port.ts';
import { providerOf } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { actionOf, enabledActions } from './dependencies.ts';

export interface ContainmentSubject {
  readonly caseId: string;
  readonly principal: Principal;
  readonly alertIds: readonly string[];
  /** How often the case was reopened. */
  readonly reopenings?: number;
}

/** Reads only. What would change, by which exact calls, what it may break, what can't be promised. Stored under its digest. */
export async function planContainment(
  subject: ContainmentSubject,
  dependencies: ContainmentDependencies,
): Promise<Plan> {
  const { config, providers, store } = dependencies;
  const { caseId, principal, reopenings = 0 } = subject;
  const provider = providerOf(providers, principal.cloud);
  const activity = await activitySince(subject, provider, dependencies);
  const { requests, caveats } = provider.propose(principal, activity, caseId, enabledActions(config, principal.cloud));
  const selves = await provider.selves();
  const protectedBy = protectedBecause(principal, selves, config.protected);
  const open = requests.map((request) => ({
    request,
    protectedBy: protectedResourceBecause(request.target, selves, config.protected),
  }));
  const wanted = open.filter((one) => one.protectedBy === null).map(({ request }) => request);
  const prepared = await Promise.all(
    wanted.map((request) => prepare(request, provider, idempotencyKey(caseId, request, reopenings))),
  );
  const actions = prepared.map(({ planned }, sequence) => ({ ...planned, sequence }));
  const plan = sealPlan({
    kind: 'containment',
    caseId,
    principal,
    actions,
    requirement: approvalRequirement(actions, config.approval),
    obstacles: [
      ...(protectedBy === null ? [] : [protectedBy]),
      ...prepared.flatMap(({ preflight }) => preflight.obstacles),
      ...(await missing(prepared, provider, principal)),
    ],
    caveats: [
      ...caveats,
      ...new Set(prepared.flatMap(({ preflight }) => preflight.caveats ?? [])),
      ...open.flatMap(({ request, protectedBy: why }) => (why ? [`${request.target} is left alone: ${why}`] : [])),
    ],
  });
  return keepPlan(plan, store);
}

/** The ledger names what a plan does; the plan itself is found by its digest. */
export async function keepPlan(plan: Plan, { plans, ledger }: ContainmentDependencies['store']): Promise<Plan> {
  const { kind, caseId, digest, actions } = plan;
  await plans.put(plan);
  const names = actions.map(({ request, title }) => (kind === 'rollback' ? title : request.action));
  await ledger.append({ type: 'plan', caseId, key: digest, body: { kind, digest, actions: names } });
  return plan;
}

interface Prepared {
  readonly action: Action;
  readonly preflight: Preflight;
  readonly planned: Omit<PlannedAction, 'sequence'>;
}

export async function prepare(request: ActionRequest, provider: Provider, key: string): Promise<Prepared> {
  const action = actionOf(provider, request);
  const preflight = await action.preflight(request);
  const planned = {
    request,
    title: action.title,
    calls: preflight.calls,
    mayBreak: preflight.mayBreak,
    reversibility: action.reversibility,
    effect: action.effect,
    alreadySo: preflight.alreadySo,
    idempotencyKey: key,
  };
  return { action, preflight, planned };
}

/** Told before anyone is asked: an approval that can't be carried out costs the minutes that matter. `then`: what to do once it is granted. */
export async function missing(
  prepared: readonly Prepared[],
  provider: Provider,
  principal: Principal,
  then = 'send the alert again under a new id, or contain by hand',
): Promise<string[]> {
  const needed = prepared.filter(({ planned }) => !planned.alreadySo).flatMap(({ action }) => action.permissions);
  const lacking = await provider.missingPermissions(needed, principal.accountId);
  return lacking.map(({ name, resource }) => `Cordon lacks ${name} on ${resource}; grant it, then ${then}.`);
}

/** From before the first alert until now; null when the log can't be read, which the caveats then say. */
export async function activitySince(
  { principal, alertIds }: Pick<ContainmentSubject, 'principal' | 'alertIds'>,
  provider: Provider,
  { config, store, now }: ContainmentDependencies,
): Promise<ActivityFacts | null> {
  const stored = await Promise.all(alertIds.map((id) => store.alerts.get(id)));
  const seen = stored.flatMap((one) => (one ? [Date.parse(one.alert.firstSeen)] : []));
  if (seen.length === 0) throw new CordonFailure('NotFound', 'None of the alerts of the case is in the store.');
  const windowMs = config.assessment.windowMinutes * 60_000;
  const from = new Date(Math.min(...seen) - windowMs).toISOString();
  try {
    const around = { from, to: now().toISOString() };
    return await provider.activity(principal, around, { from, to: from });
  } catch (error) {
    if (error instanceof CordonFailure) return null;
    throw error;
  }
}
