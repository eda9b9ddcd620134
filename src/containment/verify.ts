import type { ContainmentCheck } from '../contracts/activities.ts';
import { CordonFailure } from '../contracts/failures.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { ActionRequest, Plan, PlannedAction } from '../domain/plan.ts';
import type { Provider, Verification } from '../providers/port.ts';
import { providerOf } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { actionOf, enabledActions, loadPlan } from './dependencies.ts';
import { activitySince } from './plan.ts';
import { madeBy, mergedResult, outcomesOf } from './rounds.ts';

interface Check {
  readonly planDigest: string;
  /** ISO 8601: when the last change was made. */
  readonly since: string;
  readonly requireLog: boolean;
  /** Of the case, for what the principal did since they came. */
  readonly alertIds: readonly string[];
  /** In which the plan was carried out last. */
  readonly round?: number;
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
  const provider = providerOf(dependencies.providers, plan.principal.cloud);
  const [reads, log, uncovered] = await Promise.all([
    readActions(plan, check.round ?? 1, provider, dependencies),
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
  const mendable = reads.some(({ planned, status: read }) => read === 'drifted' && planned.effect === 'declarative');
  return { status, lines, mendable };
}

type ActionRead = Verification & { readonly planned: PlannedAction };

/** What the plan said it can't promise is not contained, however well the rest went. */
const unpromised = (caveat: string): Verification => ({
  status: 'drifted',
  detail: `Not covered by the plan: ${caveat}`,
});

async function readActions(
  plan: Plan,
  round: number,
  provider: Provider,
  { store }: ContainmentDependencies,
): Promise<readonly ActionRead[]> {
  const made = await madeBy(plan, store.ledger);
  return Promise.all(
    plan.actions.map(async (planned) => {
      const outcomes = await outcomesOf(planned, round, store.ledger);
      return { planned, ...(await readAction(planned, outcomes, made, provider)) };
    }),
  );
}

async function readAction(
  planned: PlannedAction,
  outcomes: readonly (LedgerEntry | null)[],
  made: readonly JsonObject[],
  provider: Provider,
): Promise<Verification> {
  if (outcomes.includes(null)) return { status: 'unknown', detail: `The ledger has no outcome of: ${planned.title}.` };
  const action = actionOf(provider, planned.request);
  if (outcomes.every((outcome) => outcome?.body['status'] === 'already-so')) {
    const { alreadySo } = await action.preflight(planned.request);
    return alreadySo
      ? { status: 'holds', detail: `${planned.title}: still so.` }
      : { status: 'drifted', detail: `${planned.title}: was so before, and is no longer.` };
  }
  return action.verify(planned.request, mergedResult(outcomes), made);
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

/** What came up after the plan was made, such as roles assumed or keys created since: nobody has approved to take it away. */
async function findUncovered(
  plan: Plan,
  { alertIds }: Check,
  provider: Provider,
  dependencies: ContainmentDependencies,
): Promise<Verification> {
  const activity = await activitySince({ principal: plan.principal, alertIds }, provider, dependencies);
  if (activity === null)
    return { status: 'unknown', detail: 'The log could not be read: roles assumed since are unknown.' };
  const { requests } = provider.propose(
    plan.principal,
    activity,
    plan.caseId,
    enabledActions(dependencies.config, plan.principal.cloud),
  );
  // With the parameters: another key on a user that the plan names already is as little covered as another user.
  const key = ({ action, target, parameters }: ActionRequest) => canonicalJson({ action, target, parameters });
  const covered = new Set(plan.actions.map(({ request }) => key(request)));
  const caveats = plan.caveats.join(' ');
  const uncovered = requests
    .filter((request) => !covered.has(key(request)) && !caveats.includes(request.target))
    .map(({ action, target }) => `${action} on ${target}`);
  if (uncovered.length === 0) return { status: 'holds', detail: '' };
  return { status: 'drifted', detail: `Not covered by the approved plan: ${uncovered.join(', ')}` };
}
