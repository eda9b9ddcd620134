import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest, PlannedCall } from '../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../port.ts';
import type { ActionFacts } from './actions/definition.ts';
import { changeUnlocked, read } from './actions/definition.ts';
import type { Assignment } from './assignments.ts';
import {
  assignmentSchema,
  deleteAssignment,
  deleteCall,
  findRole,
  listAssignments,
  putAssignment,
  putCall,
  sameAssignment,
} from './assignments.ts';
import type { AzureClients } from './clients.ts';
import { confirmPrincipal } from './directory.ts';
import { guidOf } from './names.ts';
import { listSchedules } from './schedules.ts';
import type { AzureSettings } from './settings.ts';

const priorSchema = z.object({ assignments: z.array(assignmentSchema) });
const appliedSchema = z.object({ created: z.array(assignmentSchema), removed: z.array(z.string()) });

export interface Replacement {
  readonly caseId: string;
  /** Role name to the name of the one that takes its place; every role that is in neither column goes without. */
  readonly tightenTo: Readonly<Record<string, string>>;
}

/**
 * Removing is tightening to nothing: both take away direct assignments, and differ in what they put in their place. `replacementOf`
 * reads the parameters of a request, and throws where they are not as they must be.
 */
export function replaceAssignments(
  facts: ActionFacts,
  clients: AzureClients,
  settings: AzureSettings,
  replacementOf: (request: ActionRequest) => Replacement,
): Action {
  const find = (request: ActionRequest) => findAssignments(clients, settings, request);
  return {
    ...facts,
    async preflight(request) {
      const replacement = replacementOf(request);
      const { direct, caveats } = await find(request);
      const change = await plan(clients, direct, direct, replacement);
      return preflightOf(direct, change, caveats);
    },
    async apply(request, prior) {
      const replacement = replacementOf(request);
      const before = read(priorSchema, prior, `The prior state of ${facts.id}`).assignments;
      const { direct } = await find(request);
      // By what was there before any try, so that a try after a half-done one makes the same; and whatever is new since.
      const change = await plan(clients, before, direct, replacement);
      if (change.obstacles.length > 0) throw new CordonFailure('ValidationFailed', change.obstacles.join(' '));
      const present = new Set(direct.map(keyOf));
      // The narrower role first: the workload never stands without the access that it is left.
      const changes = [
        ...change.create.filter((one) => !present.has(keyOf(one))).map((one) => () => putAssignment(clients, one)),
        ...change.remove.filter((one) => present.has(keyOf(one))).map((one) => () => deleteAssignment(clients, one)),
      ];
      await changeUnlocked(changes, 'changes were made', (make) => make());
      return { result: { created: change.create.map(json), removed: change.remove.map(({ id }) => id) } };
    },
    async verify(request): Promise<Verification> {
      const { tightenTo } = replacementOf(request);
      const { direct } = await find(request);
      const broad = direct.filter((one) => !isNarrow(one, tightenTo));
      if (broad.length > 0)
        return { status: 'drifted', detail: `Held again, or still: ${broad.map(described).join(', ')}.` };
      const left = direct.length === 0 ? 'no role' : direct.map(described).join(', ');
      return { status: 'holds', detail: `${request.principal.name} holds ${left} directly.` };
    },
    async revert(request, prior, applied) {
      replacementOf(request);
      const { assignments } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      const { created, removed } = read(appliedSchema, applied, `The result of ${facts.id}`);
      await restore(clients, (await find(request)).direct, assignments, created, removed);
    },
    previewRevert(request, prior, applied) {
      replacementOf(request);
      const { assignments } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      const { created, removed } = read(appliedSchema, applied, `The result of ${facts.id}`);
      const gone = new Set(removed.map((id) => id.toLowerCase()));
      return [...assignments.filter((one) => gone.has(keyOf(one))).map(putCall), ...created.map(deleteCall)];
    },
  };
}

interface Change {
  readonly create: readonly Assignment[];
  readonly remove: readonly Assignment[];
  readonly obstacles: readonly string[];
}

/**
 * Which assignments go, and what takes their place: one narrower role a scope, none where the principal has it there already. What
 * an earlier try of ours made is not "already": `before` does not have it.
 */
async function plan(
  clients: AzureClients,
  before: readonly Assignment[],
  direct: readonly Assignment[],
  { caseId, tightenTo }: Replacement,
): Promise<Change> {
  const all = union(before, direct);
  const remove = all.filter((one) => !isNarrow(one, tightenTo));
  const known = new Set(before.map(keyOf));
  const held = new Map(all.filter((one) => isNarrow(one, tightenTo)).map((one) => [slotOf(one), keyOf(one)]));
  const create: Assignment[] = [];
  const obstacles: string[] = [];
  for (const broad of remove) {
    const roleName = tightenTo[broad.roleName];
    if (roleName === undefined) continue;
    const id = narrowerId(broad, caseId, roleName);
    const slot = slotOf({ roleName, scope: broad.scope });
    const holder = held.get(slot);
    if (holder !== undefined && (holder !== id.toLowerCase() || known.has(holder))) continue;
    held.set(slot, id.toLowerCase());
    const roleDefinitionId = await findRole(clients, broad.scope, roleName);
    if (roleDefinitionId === null)
      obstacles.push(`There is no role "${roleName}" at ${broad.scope}: correct azure.tightenTo, then plan again.`);
    else create.push({ ...narrower(broad, caseId, roleName), id, roleDefinitionId });
  }
  return { create, remove, obstacles };
}

/** Azure allows one assignment of a role to a principal at a scope. */
const slotOf = ({ roleName, scope }: Pick<Assignment, 'roleName' | 'scope'>) => `${roleName} ${scope}`.toLowerCase();

function narrowerId({ id, scope }: Assignment, caseId: string, roleName: string): string {
  return `${scope}/providers/Microsoft.Authorization/roleAssignments/${guidOf(caseId, id, roleName)}`;
}

/** A condition is not taken over: it narrows delegation or data access, which the narrower role does not give at all. */
function narrower(broad: Assignment, caseId: string, roleName: string): Assignment {
  return {
    ...broad,
    roleName,
    condition: null,
    conditionVersion: null,
    description: `Cordon ${caseId}: in place of ${broad.roleName}`,
    delegatedManagedIdentityResourceId: null,
  };
}

async function findAssignments(
  clients: AzureClients,
  { tenantId, subscriptions }: AzureSettings,
  request: ActionRequest,
) {
  const { uniqueId } = await confirmPrincipal(clients, request, tenantId);
  const [found, schedules] = await Promise.all([
    listAssignments(clients, subscriptions, uniqueId),
    listSchedules(clients, subscriptions, uniqueId),
  ]);
  // Given for a time: put back as it is, it would last for ever. remove-eligible-roles takes those away.
  const timed = new Set(schedules.direct.map(({ assignmentId }) => assignmentId?.toLowerCase()));
  const caveats = found.elsewhere.map(
    (one) =>
      `${request.principal.name} also holds ${described(one)} ${through(one, uniqueId)}, which Cordon does not change.`,
  );
  return { direct: found.direct.filter((one) => !timed.has(keyOf(one))), caveats };
}

function through({ principalId }: Assignment, own: string): string {
  return principalId.toLowerCase() === own ? 'from above the subscriptions' : `through group ${principalId}`;
}

function preflightOf(
  direct: readonly Assignment[],
  { create, remove, obstacles }: Change,
  caveats: readonly string[],
): Preflight {
  const instead = new Map(create.map(({ scope, roleName }) => [scope.toLowerCase(), roleName]));
  return {
    prior: { assignments: direct.map(json) },
    alreadySo: remove.length === 0,
    calls: [...create.map(putCall), ...remove.map(deleteCall)] satisfies PlannedCall[],
    mayBreak: remove.map((one) => `${described(one)} is taken away${leaving(instead.get(one.scope.toLowerCase()))}.`),
    obstacles,
    caveats: [...caveats, ...stillReads(direct, create, remove)],
  };
}

/** Role assignments bind tokens that are out as well, so what is left to the principal is left to whoever stole one. */
function stillReads(direct: readonly Assignment[], create: readonly Assignment[], remove: readonly Assignment[]) {
  const gone = new Set(remove.map(keyOf));
  const left = [...create, ...direct.filter((one) => !gone.has(keyOf(one)))];
  if (left.length === 0) return [];
  const roles = left.map(described).toSorted().join(', ');
  return [
    `Tokens that are out keep what is left, ${roles}, until they expire: about an hour, up to 24 for a managed identity. ` +
      'remove-role-assignments leaves nothing.',
  ];
}

const leaving = (roleName: string | undefined) => (roleName === undefined ? '' : `; ${roleName} stays there`);

/** Over what we left, or over a rollback that broke off; anything else was put there by a third party since. */
async function restore(
  clients: AzureClients,
  present: readonly Assignment[],
  before: readonly Assignment[],
  created: readonly Assignment[],
  removed: readonly string[],
): Promise<void> {
  const known = new Map([...before, ...created].map((one) => [keyOf(one), one]));
  const now = new Map(present.map((one) => [keyOf(one), one]));
  const gone = new Set(removed.map((id) => id.toLowerCase()));
  const ours = before.filter((one) => gone.has(keyOf(one)));
  const isRestored = ours.every((one) => now.has(keyOf(one)));
  const foreign = present.filter((one) => !isSame(known.get(keyOf(one)), one));
  // What we left alone, and what we made, must stand; ours may be gone only where all that it stood for is back.
  const lost = [...before.filter((one) => !gone.has(keyOf(one))), ...(isRestored ? [] : created)].filter(
    (one) => !now.has(keyOf(one)),
  );
  if (foreign.length + lost.length > 0) {
    const what = [...foreign, ...lost].map(described).join(', ');
    throw new CordonFailure(
      'Conflict',
      `Role assignments were changed by someone else since (${what}); they are left as they are.`,
    );
  }
  for (const one of ours) if (!now.has(keyOf(one))) await putAssignment(clients, one);
  for (const one of created) if (now.has(keyOf(one))) await deleteAssignment(clients, one);
}

const isSame = (known: Assignment | undefined, one: Assignment) => known !== undefined && sameAssignment(known, one);
const isNarrow = ({ roleName }: Assignment, tightenTo: Replacement['tightenTo']) =>
  Object.values(tightenTo).includes(roleName);
const keyOf = ({ id }: Pick<Assignment, 'id'>) => id.toLowerCase();
const described = ({ roleName, scope }: Assignment) => `${roleName} at ${scope}`;
const json = (one: Assignment) => ({ ...one });

function union(before: readonly Assignment[], direct: readonly Assignment[]): readonly Assignment[] {
  const all = new Map([...direct, ...before].map((one) => [keyOf(one), one]));
  return [...all.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
