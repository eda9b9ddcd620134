import { CordonFailure } from '../../contracts/failures.ts';
import type { PlannedCall } from '../../domain/plan.ts';
import { listAccounts } from './accounts.ts';
import type { GcpClients } from './clients.ts';
import type { Grant } from './grant.ts';
import { containersOf, readProject } from './hierarchy.ts';
import { mapLimited } from './limited.ts';
import { accountPath } from './names.ts';
import { isLastOwner } from './owners.ts';
import type { Binding } from './policies.ts';
import { readPolicy, sameCondition } from './policies.ts';

export interface FoundGrant {
  readonly grant: Grant;
  /** Others have the role here under that condition too: the binding stays when the member is taken out. */
  readonly shared: boolean;
  /** No call takes it away: it makes the only person who owns a project that lies in no organisation. */
  readonly fixed?: true;
}

/** Everything that the member has in the projects, above them, and on their service accounts. Sorted. */
export async function findGrants(
  clients: GcpClients,
  projects: readonly string[],
  member: string,
): Promise<readonly FoundGrant[]> {
  const [read, accounts] = await Promise.all([
    Promise.all(projects.map((id) => readProject(clients, id))),
    Promise.all(projects.map((id) => listAccounts(clients, id))),
  ]);
  const resources = [
    ...containersOf(read).map(({ name }) => name),
    ...accounts.flat().map(({ projectId, email }) => accountPath(projectId, email)),
  ];
  const alone = new Set(
    read
      .filter(({ ancestors }) => ancestors.every(({ kind }) => kind !== 'organization'))
      .map(({ projectId }) => `projects/${projectId}`),
  );
  const found = await mapLimited(resources, async (resource) => {
    const { bindings } = await readPolicy(clients, resource);
    return grantsIn(resource, bindings, member).map((one): FoundGrant =>
      alone.has(resource) && isLastOwner(one.grant, bindings) ? { ...one, fixed: true } : one,
    );
  });
  return found.flat().toSorted((a, b) => (keyOf(a.grant) < keyOf(b.grant) ? -1 : 1));
}

export function keyOf({ resource, role, condition, member }: Grant): string {
  const { title = '', description = '', expression = '', location = '' } = condition ?? {};
  return JSON.stringify([resource, role, condition === null, expression, title, description, location, member]);
}

/** Bindings without the members of these grants. Null where none is there; all else stays as it came. */
export function without(bindings: readonly Binding[], grants: readonly Grant[]): readonly Binding[] | null {
  let changed = false;
  const left = bindings.flatMap((binding) => {
    const gone = new Set(grants.filter((grant) => holds(binding, grant)).map(({ member }) => member));
    const members = (binding.members ?? []).filter((one) => !gone.has(one));
    if (members.length === (binding.members ?? []).length) return [binding];
    changed = true;
    return members.length > 0 ? [{ ...binding, members }] : [];
  });
  return changed ? left : null;
}

/**
 * Bindings with the members of these grants put back. Null where all are there. Throws `Conflict` where somebody has since
 * decided otherwise: the binding is gone although others were in it, or the member got the role under another condition.
 */
export function withAgain(bindings: readonly Binding[], found: readonly FoundGrant[]): readonly Binding[] | null {
  const grants = found.map(({ grant }) => grant);
  let wanted = [...bindings];
  for (const { grant, shared } of found) {
    if (wanted.some((binding) => holds(binding, grant) && binding.members?.includes(grant.member))) continue;
    refuseRegranted(wanted, grant, grants);
    if (shared && !wanted.some((binding) => holds(binding, grant)))
      throw refusal(`the binding of ${grant.role} on ${grant.resource} was removed or its condition changed since`);
    const index = wanted.findIndex((binding) => holds(binding, grant));
    wanted =
      index < 0
        ? [...wanted, bindingOf(grant)]
        : wanted.map((one, at) => (at === index ? { ...one, members: [...(one.members ?? []), grant.member] } : one));
  }
  return wanted.length === bindings.length && wanted.every((one, index) => one === bindings[index]) ? null : wanted;
}

function refuseRegranted(bindings: readonly Binding[], grant: Grant, ours: readonly Grant[]): void {
  const { role, resource, member } = grant;
  const regranted = bindings.some(
    (binding) =>
      binding.role === role &&
      binding.members?.some((one) => one.toLowerCase() === member.toLowerCase()) &&
      !ours.some((one) => holds(binding, one)),
  );
  if (regranted) throw refusal(`${member} was given ${role} on ${resource} under another condition since`);
}

function refusal(what: string): CordonFailure {
  return new CordonFailure('Conflict', `Left as it is: ${what}. Decide by hand whether the role is still wanted.`);
}

function grantsIn(resource: string, bindings: readonly Binding[], member: string): readonly FoundGrant[] {
  return bindings.flatMap(({ role, members, condition }) =>
    (members ?? [])
      .filter((one) => one.toLowerCase() === member.toLowerCase())
      .map((one) => ({
        grant: { resource, role: role ?? '', member: one, condition: condition ? plain(condition) : null },
        shared: (members ?? []).length > 1,
      })),
  );
}

/** Those of the grants that stand in the policy of their resource. */
export function findIn(
  resource: string,
  bindings: readonly Binding[],
  grants: readonly Grant[],
): readonly FoundGrant[] {
  const wanted = new Set(grants.map(keyOf));
  const members = [...new Set(grants.map(({ member }) => member))];
  return members
    .flatMap((member) => grantsIn(resource, bindings, member))
    .filter(({ grant }) => wanted.has(keyOf(grant)));
}

function holds(binding: Binding, grant: Grant): boolean {
  return binding.role === grant.role && sameCondition(binding.condition, grant.condition);
}

function bindingOf({ role, member, condition }: Grant): Binding {
  return { role, members: [member], ...(condition ? { condition: plain(condition) } : {}) };
}

function plain(condition: NonNullable<Binding['condition']>): Record<string, string> {
  const fields = ['title', 'description', 'expression', 'location'] as const;
  return Object.fromEntries(fields.flatMap((field) => (condition[field] ? [[field, condition[field]]] : [])));
}

export type GrantsOfResource = readonly [resource: string, grants: readonly Grant[]];

/** The change in the words of Google's audit log. The rest of the policy goes back as it is read at that moment. */
export function policyCall([resource, grants]: GrantsOfResource, action: 'REMOVE' | 'ADD'): PlannedCall {
  const bindingDeltas = grants.map(({ role, member, condition }) => ({
    action,
    role,
    member,
    ...(condition ? { condition } : {}),
  }));
  const service = resource.includes('/serviceAccounts/') ? 'iam' : 'cloudresourcemanager';
  return { service, operation: 'setIamPolicy', parameters: { resource, version: 3, bindingDeltas } };
}
