import type { ContainmentCheck } from '../contracts/activities.ts';
import { CordonFailure } from '../contracts/failures.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { Plan, PlannedAction } from '../domain/plan.ts';
import type { Provider, Verification } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { actionOf, loadPlan } from './dependencies.ts';
import { activitySince } from './plan.ts';

interface Check {
  readonly planDigest: string;
  /** ISO 8601: when the last change was made. */
  readonly since: string;
  readonly requireLog: boolean;
  /** Of the case, for what the principal did since they came. */
  readonly alertIds: readonly string[];
}

/**
 * Clean only when a fresh read of every action says that it holds, the log shows no successful call since, no session of a role
 * came up that the plan does not cover, and the plan had promised everything. Each line is a finding for a person.
 */
export async function verifyContainment(
  check: Check,
  dependencies: ContainmentDependencies,
): Promise<ContainmentCheck> {
  const plan = await loadPlan(dependencies, check.planDigest);
  const provider = dependencies.providers[plan.principal.cloud];
  const [reads, log, uncovered] = await Promise.all([
    readActions(plan, provider, dependencies),
    readLog(plan, provider, check),
    findUncovered(plan, check, provider, dependencies),
  ]);
  const findings = [...reads, log, uncovered, ...plan.caveats.map(unpromised)];
  const lines = findings.filter(({ detail }) => detail !== '').map(({ detail }) => detail);
  const has = (status: Verification['status']) => findings.some((finding) => finding.status === status);
  const status = has('drifted') ? 'drifted' : has('unknown') ? 'unproven' : 'clean';
  await dependencies.store.ledger.append({
    type: 'verification',
    caseId: plan.caseId,
    key: `${plan.digest}:${check.requireLog ? 'log' : 'reads'}:${dependencies.now().toISOString()}`,
    body: { planDigest: plan.digest, status, lines },
  });
  return { status, lines };
}

/** What the plan said it can't promise is not contained, however well the rest went. */
const unpromised = (caveat: string): Verification => ({
  status: 'drifted',
  detail: `Not covered by the plan: ${caveat}`,
});

async function readActions(
  { actions }: Plan,
  provider: Provider,
  { store }: ContainmentDependencies,
): Promise<readonly Verification[]> {
  const outcomes = await Promise.all(actions.map((planned) => store.ledger.find('outcome', planned.idempotencyKey)));
  const made = actions.flatMap(({ effect }, index) => (effect === 'creating' ? [resultOf(outcomes[index])] : []));
  return Promise.all(actions.map((planned, index) => readAction(planned, outcomes[index], made, provider)));
}

const resultOf = (outcome: LedgerEntry | null | undefined) => (outcome?.body['result'] ?? {}) as JsonObject;

async function readAction(
  planned: PlannedAction,
  outcome: LedgerEntry | null | undefined,
  made: readonly JsonObject[],
  provider: Provider,
): Promise<Verification> {
  if (!outcome) return { status: 'unknown', detail: `The ledger has no outcome of: ${planned.title}.` };
  const action = actionOf(provider, planned.request);
  if (outcome.body['status'] === 'already-so') {
    const { alreadySo } = await action.preflight(planned.request);
    return alreadySo
      ? { status: 'holds', detail: `${planned.title}: still so.` }
      : { status: 'drifted', detail: `${planned.title}: was so before, and is no longer.` };
  }
  return action.verify(planned.request, resultOf(outcome), made);
}

/** The cloud's own log. Where it must be complete and is not yet, the whole check is tried again later. */
async function readLog({ principal }: Plan, provider: Provider, { since, requireLog }: Check): Promise<Verification> {
  const { calls, logComplete } = await provider.successfulCallsSince(principal, since);
  if (calls.length > 0) {
    return { status: 'drifted', detail: `Calls that still succeeded since ${since}: ${calls.slice(0, 10).join(', ')}` };
  }
  if (logComplete)
    return { status: 'holds', detail: `The log is complete and shows no successful call since ${since}.` };
  if (requireLog) throw new CordonFailure('Unavailable', `The log is not complete yet since ${since}.`);
  return { status: 'holds', detail: `No successful call since ${since} so far; the log is not complete yet.` };
}

/** Roles assumed after the plan was made: their sessions are out, and nobody has approved to revoke them. */
async function findUncovered(
  plan: Plan,
  { alertIds }: Check,
  provider: Provider,
  dependencies: ContainmentDependencies,
): Promise<Verification> {
  const activity = await activitySince({ principal: plan.principal, alertIds }, provider, dependencies);
  if (activity === null)
    return { status: 'unknown', detail: 'The log could not be read: roles assumed since are unknown.' };
  const { requests } = provider.propose(plan.principal, activity, plan.caseId, dependencies.config.aws.actions);
  const covered = new Set(plan.actions.map(({ request }) => `${request.action} ${request.target}`));
  const caveats = plan.caveats.join(' ');
  const targets = requests
    .filter(({ action, target }) => !covered.has(`${action} ${target}`) && !caveats.includes(target))
    .map(({ target }) => target);
  if (targets.length === 0) return { status: 'holds', detail: '' };
  return { status: 'drifted', detail: `Not covered by the approved plan: sessions of ${targets.join(', ')}` };
}
