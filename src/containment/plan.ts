import { idempotencyKey, sealPlan } from '../approval/digest.ts';
import { enabledActions } from '../config/clouds.ts';
import { CordonFailure } from '../contracts/failures.ts';
import type { ActivityFacts } from '../domain/evidence.ts';
import type { ActionRequest, Plan, PlannedAction } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import { protectedResourceBecause, protectedBecause } from '../policy/protection.ts';
import { approvalRequirement } from '../policy/requirement.ts';
import type { Action, Preflight, Provider } from '../providers/port.ts';
import { providerOf } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { actionOf } from './planned.ts';

export interface ContainmentSubject {
  readonly caseId: string;
  readonly principal: Principal;
  readonly alertIds: readonly string[];
  /** How often the case was reopened. */
  readonly reopenings?: number;
}

/** Tries at planning that insist on the log: one slow moment, which a suspect can cause, must not cost what only the log tells. */
const TRIES_FOR_THE_LOG = 3;

/**
 * Reads only. What would change, by which exact calls, what it may break, what can't be promised. Stored under its digest.
 * `attempt`, from 1: the later ones plan without the log where it still can't be read, and say so.
 */
export async function planContainment(
  subject: ContainmentSubject,
  dependencies: ContainmentDependencies,
  attempt = 1,
): Promise<Plan> {
  const { config, providers, store } = dependencies;
  const { caseId, principal, reopenings = 0 } = subject;
  const provider = providerOf(providers, principal.cloud);
  const activity = await activitySince(subject, provider, dependencies, attempt < TRIES_FOR_THE_LOG);
  const { requests, caveats } = provider.propose(principal, activity, caseId, enabledActions(config, principal.cloud));
  const selves = await provider.selves();
  const protectedBy = protectedBecause(principal, selves, config.protected);
  const considered = await Promise.all(
    requests.map((request) =>
      consider(
        request,
        (name) => protectedResourceBecause(name, selves, config.protected),
        () => prepare(request, provider, idempotencyKey(caseId, request, reopenings)),
      ),
    ),
  );
  const kept = considered.filter((one) => 'planned' in one);
  const leftOut = considered.filter((one) => 'because' in one);
  const actions = kept.map(({ planned }, sequence) => ({ ...planned, sequence }));
  const reasons = leftOut.map(({ because }) => because);
  // A plan that does nothing would end quietly; what it leaves out is then what a person must do.
  const nothingLeft = protectedBy === null && actions.every(({ alreadySo }) => alreadySo);
  const plan = sealPlan({
    kind: 'containment',
    caseId,
    principal,
    actions,
    requirement: approvalRequirement(actions, config.approval),
    obstacles: [
      ...(protectedBy === null ? [] : [protectedBy]),
      ...(nothingLeft ? reasons : []),
      ...(await missing(kept, provider, principal)),
    ],
    caveats: [
      ...new Set([
        ...caveats,
        ...kept.flatMap(({ preflight }) => preflight.caveats ?? []),
        ...(nothingLeft ? [] : reasons),
      ]),
    ],
    ...(leftOut.length === 0 ? {} : { leftOut: leftOut.map(({ request }) => request) }),
  });
  return keepPlan(plan, store);
}

interface LeftOut {
  readonly request: ActionRequest;
  /** In a sentence that stays the same while the state does. */
  readonly because: string;
}

/** One odd thing, which the suspect may have planted, must not keep the rest of the plan from being carried out. */
async function consider(
  request: ActionRequest,
  protects: (name: string) => string | null,
  read: () => Promise<Prepared>,
): Promise<Prepared | LeftOut> {
  const { action, target } = request;
  const protectedBy = protects(target);
  if (protectedBy !== null) return { request, because: `${target} is left alone: ${protectedBy}` };
  const leftOut = (why: string): LeftOut => ({ request, because: `${action} on ${target} is left out: ${why}` });
  const prepared = await read().catch((error: unknown) => {
    // Without the permission to read it nothing is known of it, and an operator can mend that for the whole plan.
    if (!(error instanceof CordonFailure) || !error.final || error.type === 'AccessDenied') throw error;
    return error.message;
  });
  if (typeof prepared === 'string') return leftOut(prepared);
  const { obstacles, affected = [], alreadySo, calls, caveats = [] } = prepared.preflight;
  for (const name of affected) {
    const why = protects(name);
    if (why !== null) return leftOut(`${name} would lose something by it. ${why}`);
  }
  if (obstacles.length > 0) return leftOut(obstacles.join(' '));
  if (alreadySo || calls.length > 0) return prepared;
  return caveats.length > 0 ? { request, because: caveats.join(' ') } : leftOut('there is nothing to call for it.');
}

/** The ledger names what a plan does; the plan itself is found by its digest. */
export async function keepPlan(plan: Plan, { plans, ledger }: ContainmentDependencies['store']): Promise<Plan> {
  const { kind, caseId, digest, actions } = plan;
  await plans.put(plan);
  const names = actions.map(({ request, title }) => (kind === 'rollback' ? title : request.action));
  const earlier = (await ledger.ofCase(caseId)).filter(({ type }) => type === 'plan');
  if (earlier.at(-1)?.body['digest'] === digest) return plan;
  // Made again after another one, it is the plan of the case again.
  const before = earlier.filter(({ body }) => body['digest'] === digest).length;
  const key = before === 0 ? digest : `${digest}:${before}`;
  await ledger.append({ type: 'plan', caseId, key, body: { kind, digest, actions: names } });
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

/**
 * From before the first alert until now; null when the log can't be read, which the caveats then say. `insist`: what may go
 * away by trying again is thrown instead.
 */
export async function activitySince(
  { principal, alertIds }: Pick<ContainmentSubject, 'principal' | 'alertIds'>,
  provider: Provider,
  { config, store, now }: ContainmentDependencies,
  insist: boolean,
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
    if (!(error instanceof CordonFailure) || (insist && !error.final)) throw error;
    return null;
  }
}
