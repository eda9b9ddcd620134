import { idempotencyKey, sealPlan } from '../approval/digest.ts';
import { enabledActions } from '../config/clouds.ts';
import type { ContainmentCheck, SecondPlanAsked } from '../contracts/activities.ts';
import { CordonFailure } from '../contracts/failures.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { ActionRequest, Plan, PlannedAction } from '../domain/plan.ts';
import { deletableFrom } from '../policy/key-deletion.ts';
import { protectedBecause } from '../policy/protection.ts';
import { approvalRequirement } from '../policy/requirement.ts';
import { providerOf } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';
import { keepPlan, missing, prepare } from './plan.ts';
import { actionOf, loadPlan } from './planned.ts';
import { recordCheck } from './rollback.ts';
import { standingChanges } from './standing-changes.ts';

/**
 * What deletes for good the keys that the case deactivated and that still stand so, by its ledger. Whether they are still inactive and
 * unused, and their day has come, is read from the cloud; what speaks against it are the plan's obstacles. Changes nothing.
 */
export async function planDeletion(
  { caseId, requestedBy }: SecondPlanAsked,
  dependencies: ContainmentDependencies,
): Promise<Plan> {
  const { config, store, providers } = dependencies;
  const entries = await store.ledger.ofCase(caseId);
  const requests = deletions(entries, dependencies);
  const [first] = requests;
  if (!first) throw new CordonFailure('NotFound', NOTHING_LEFT);
  const { principal } = first;
  const provider = providerOf(providers, principal.cloud);
  const prepared = await Promise.all(
    requests.map((request) =>
      prepare(request, provider, idempotencyKey(caseId, request, triesBefore(entries, request))),
    ),
  );
  const open = prepared.filter(({ planned }) => !planned.alreadySo || isUnderWay(entries, planned));
  if (open.length === 0)
    throw new CordonFailure('NotFound', 'The cloud does not list these keys any more: somebody deleted them.');
  const actions = open.map(({ planned }, sequence): PlannedAction => ({ ...planned, sequence }));
  const enabled = enabledActions(config, principal.cloud);
  const protectedBy = protectedBecause(principal, await provider.selves(), config.protected);
  const plan = sealPlan({
    kind: 'deletion',
    caseId,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    principal,
    actions,
    requirement: approvalRequirement(actions, config.approval),
    obstacles: [
      ...(protectedBy === null ? [] : [protectedBy]),
      ...requests
        .filter(({ action }) => !enabled.includes(action))
        .map(
          ({ action, cloud }) =>
            `${action} is not enabled: add it to ${cloud}.actions, and grant what "cordon policy print ${cloud}" then says.`,
        ),
      ...open.flatMap(({ preflight }) => preflight.obstacles),
      ...(await missing(open, provider, principal, 'ask again')),
    ],
    caveats: ["This can't be undone: a rollback of the case can't turn these keys on again."],
  });
  return keepPlan(plan, store);
}

const NOTHING_LEFT =
  'The case left no deactivated key that could be deleted: it deactivated none, or they were put back or deleted since. Only access keys of AWS users are deleted.';

function deletions(
  entries: readonly LedgerEntry[],
  { config, providers }: ContainmentDependencies,
): readonly ActionRequest[] {
  const days = config.aws.deleteKeysAfterDays;
  return standingChanges(entries, providers).flatMap(({ action, request, result, gone, at }) => {
    const times = { deactivatedAt: at, notBefore: deletableFrom(at, days) };
    const deletion = action.proposeDeletion?.(request, result, gone, times);
    return deletion ? [deletion] : [];
  });
}

/** One that came to an end, whatever it was, is followed by another change with an approval of its own; one that broke off is finished. */
function triesBefore(entries: readonly LedgerEntry[], { action, target }: ActionRequest): number {
  const isIt = ({ type, body }: LedgerEntry) =>
    type === 'outcome' && body['action'] === action && body['target'] === target;
  return entries.filter(isIt).length;
}

/** Its intent stands in the ledger without an outcome: to carry it out again gives it one. */
function isUnderWay(
  entries: readonly LedgerEntry[],
  { idempotencyKey: key }: Pick<PlannedAction, 'idempotencyKey'>,
): boolean {
  return entries.some((entry) => entry.type === 'intent' && entry.key === key);
}

/** A read of its own, after the deletion: only what the cloud does not list any more is deleted. */
export async function verifyDeletion(
  { planDigest }: { planDigest: string },
  dependencies: ContainmentDependencies,
): Promise<ContainmentCheck> {
  const { store, providers } = dependencies;
  const plan = await loadPlan(dependencies, planDigest);
  const provider = providerOf(providers, plan.principal.cloud);
  const lines = await Promise.all(
    plan.actions.map(async ({ request, title, idempotencyKey: key }) => {
      const outcome = await store.ledger.find('outcome', key);
      if (!outcome) return `${title}: the ledger has no outcome of it.`;
      const result = (outcome.body['result'] ?? {}) as JsonObject;
      const { status, detail } = await actionOf(provider, request).verify(request, result);
      return status === 'holds' ? null : detail;
    }),
  );
  return recordCheck(
    plan,
    lines.filter((line) => line !== null),
    dependencies,
  );
}
