import { enabledActions } from '../config/clouds.ts';
import type { ContainmentCheck } from '../contracts/activities.ts';
import { CordonFailure } from '../contracts/failures.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { ActionRequest, Plan, PlannedAction } from '../domain/plan.ts';
import type { Preflight, Provider, Verification } from '../providers/port.ts';
import { providerOf } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { activitySince } from './plan.ts';
import { actionOf, loadPlan } from './planned.ts';
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
 * Clean only when a fresh read of every action says that it holds, the log shows no successful call since, and a proposal and
 * preflights made now hold nothing that the plan does not name: what the suspect did while people decided would else pass for
 * contained. What the plan itself does not promise stays a gap, however well the rest went. Each line is a finding for a person.
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
  const known = new Set(plan.caveats);
  const unpromised = [...new Set([...reads.flatMap(({ caveats }) => caveats), ...uncovered.caveats])]
    .filter((caveat) => !known.has(caveat))
    .map(notApproved);
  const findings: readonly Verification[] = [...reads, log, ...uncovered.findings, ...unpromised];
  const gaps = [...new Set([...plan.caveats, ...(log.gap === undefined ? [] : [log.gap])])];
  const lines = [...findings.map(({ detail }) => detail), ...gaps.map((gap) => `Not covered by the plan: ${gap}`)];
  const has = (status: Verification['status']) => findings.some((finding) => finding.status === status);
  const status = has('drifted') ? 'drifted' : has('unknown') ? 'unproven' : 'clean';
  await dependencies.store.ledger.append({
    type: 'verification',
    caseId: plan.caseId,
    key: `${plan.digest}:${check.requireLog ? 'log' : 'reads'}:${dependencies.now().toISOString()}`,
    body: { planDigest: plan.digest, status, lines, gaps },
  });
  const mendable = reads.some(({ planned, status: read }) => read === 'drifted' && planned.effect === 'declarative');
  return { status, lines, gaps, mendable };
}

type ActionRead = Verification & { readonly planned: PlannedAction; readonly caveats: readonly string[] };

/** It came up since: nobody has approved to leave it, or to take it away. */
const notApproved = (what: string): Verification => ({
  status: 'drifted',
  detail: `Not covered by the approved plan: ${what}`,
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
      const action = actionOf(provider, planned.request);
      const [outcomes, preflight] = await Promise.all([
        outcomesOf(planned, round, store.ledger),
        action.preflight(planned.request),
      ]);
      const read = await readAction(planned, outcomes, preflight, (applied) =>
        action.verify(planned.request, applied, made),
      );
      return { planned, caveats: preflight.caveats ?? [], ...read };
    }),
  );
}

async function readAction(
  { title }: PlannedAction,
  outcomes: readonly (LedgerEntry | null)[],
  { alreadySo }: Preflight,
  verify: (applied: JsonObject) => Promise<Verification>,
): Promise<Verification> {
  if (outcomes.includes(null)) return { status: 'unknown', detail: `The ledger has no outcome of: ${title}.` };
  if (outcomes.some((outcome) => outcome?.body['status'] !== 'already-so')) return verify(mergedResult(outcomes));
  return alreadySo
    ? { status: 'holds', detail: `${title}: still so.` }
    : { status: 'drifted', detail: `${title}: was so before, and is no longer.` };
}

/** The cloud's own log. Where it must be complete and is not yet, the whole check is tried again later. */
async function readLog(
  { principal, caveats }: Plan,
  provider: Provider,
  { since, requireLog }: Check,
): Promise<LogRead> {
  const { calls, unclear = [], logComplete, gap, scope } = await provider.successfulCallsSince(principal, since);
  const log = scope === undefined ? 'The log' : `The log (${scope})`;
  if (calls.length > 0)
    return { status: 'drifted', detail: `Calls that still succeeded since ${since}: ${firstOf(calls)}` };
  if (unclear.length > 0)
    return { status: 'unknown', detail: `${log} does not tell whether these were permitted: ${firstOf(unclear)}` };
  const quiet = `shows no successful call since ${since}`;
  // A plan that promises all is proved by a whole log or not at all; one that does not has one gap more.
  if (gap !== undefined)
    return caveats.length === 0
      ? { status: 'unknown', detail: gap }
      : { status: 'holds', detail: `${log} is not whole, and ${quiet}.`, gap };
  if (logComplete) return { status: 'holds', detail: `${log} is complete and ${quiet}.` };
  if (requireLog) throw new CordonFailure('Unavailable', `${log} is not complete yet since ${since}.`);
  return { status: 'holds', detail: `${log} ${quiet} so far; it is not complete yet.` };
}

type LogRead = Verification & { readonly gap?: string };

const firstOf = (calls: readonly string[]) => calls.slice(0, 10).join(', ');

/** What came up after the plan was made, such as roles assumed or keys created since, and what can't be promised of it. */
async function findUncovered(
  plan: Plan,
  { alertIds }: Check,
  provider: Provider,
  dependencies: ContainmentDependencies,
): Promise<{ readonly findings: readonly Verification[]; readonly caveats: readonly string[] }> {
  const { principal, caseId, actions, leftOut = [] } = plan;
  const activity = await activitySince({ principal, alertIds }, provider, dependencies, true);
  if (activity === null) {
    const detail = 'The log could not be read: roles assumed since are unknown.';
    return { findings: [{ status: 'unknown', detail }], caveats: [] };
  }
  const enabled = enabledActions(dependencies.config, principal.cloud);
  const { requests, caveats } = provider.propose(principal, activity, caseId, enabled);
  // With the parameters: another key on a user that the plan names already is as little covered as another user.
  const key = ({ action, target, parameters }: ActionRequest) => canonicalJson({ action, target, parameters });
  const covered = new Set([...actions.map(({ request }) => request), ...leftOut].map(key));
  const findings = requests
    .filter((request) => !covered.has(key(request)))
    .map(({ action, target }) => notApproved(`${action} on ${target}`));
  return { findings, caveats };
}
