import type { RoleAssignment, RoleAssignmentCreateParameters } from '@azure/arm-authorization';
import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { PlannedCall } from '../../domain/plan.ts';
import type { AzureClients } from './clients.ts';
import { orNull } from './directory.ts';

const nullable = z.string().nullable();

/** One role of one principal at one scope, with all that is needed to make it again. */
export const assignmentSchema = z.object({
  /** Ends with a GUID that whoever made it chose. */
  id: z.string(),
  scope: z.string(),
  roleDefinitionId: z.string(),
  roleName: z.string(),
  principalId: z.string(),
  principalType: nullable,
  condition: nullable,
  conditionVersion: nullable,
  description: nullable,
  delegatedManagedIdentityResourceId: nullable,
});
export type Assignment = Readonly<z.output<typeof assignmentSchema>>;

export interface Found {
  /** Of the principal itself, at or below our subscriptions: these can be changed. */
  readonly direct: readonly Assignment[];
  /** Reach the principal from a management group or the tenant's root, or through a group: these are left alone. */
  readonly elsewhere: readonly Assignment[];
}

/** Sorted by id, so that the same state reads the same. */
export async function listAssignments(
  clients: AzureClients,
  subscriptions: readonly string[],
  principalId: string,
): Promise<Found> {
  const filters = [`principalId eq '${principalId}'`, `assignedTo('${principalId}')`];
  const lists = subscriptions.flatMap((id) => filters.map((filter) => list(clients, id, filter)));
  const found = new Map((await Promise.all(lists)).flat().map((one) => [(one.id ?? '').toLowerCase(), one]));
  const names = await roleNames(clients, [...found.values()]);
  const all = [...found.values()]
    .map((one) => assignment(one, names))
    .toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1));
  const ours = subscriptions.map((id) => `/subscriptions/${id}`.toLowerCase());
  const isDirect = ({ principalId: holder, scope }: Assignment) =>
    holder.toLowerCase() === principalId && ours.some((own) => `${scope.toLowerCase()}/`.startsWith(`${own}/`));
  return { direct: all.filter(isDirect), elsewhere: all.filter((one) => !isDirect(one)) };
}

/** What stands under an id, and the object id of who made it; empty where Azure does not say. */
export async function findAssignment(
  clients: AzureClients,
  id: string,
): Promise<{ readonly assignment: Assignment | null; readonly createdBy: string }> {
  const found = await orNull(clients.authorization.roleAssignments.getById(id.replace(/^\//u, '')));
  if (!found) return { assignment: null, createdBy: '' };
  return {
    assignment: assignment(found, await roleNames(clients, [found])),
    createdBy: found.createdBy?.toLowerCase() ?? '',
  };
}

async function list({ authorization }: AzureClients, subscription: string, filter: string): Promise<RoleAssignment[]> {
  const found: RoleAssignment[] = [];
  for await (const one of authorization.roleAssignments.listForScope(`subscriptions/${subscription}`, { filter }))
    found.push(one);
  return found;
}

/** A role whose definition is gone keeps no name, and is no broad role that has a narrower one. */
async function roleNames(
  { authorization }: AzureClients,
  found: readonly RoleAssignment[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(found.map(({ roleDefinitionId }) => (roleDefinitionId ?? '').toLowerCase()))];
  const names = ids.map(async (id) => {
    const definition = await orNull(authorization.roleDefinitions.getById(id.replace(/^\//u, '')));
    return [id, definition?.roleName ?? 'a role without definition'] as const;
  });
  return new Map(await Promise.all(names));
}

function assignment(found: RoleAssignment, names: ReadonlyMap<string, string>): Assignment {
  const { id, scope, roleDefinitionId, principalId } = found;
  if (!id || !scope || !roleDefinitionId || !principalId)
    throw new CordonFailure('Unavailable', 'Azure described a role assignment in a form that is not known.');
  return {
    id,
    scope,
    roleDefinitionId,
    roleName: names.get(roleDefinitionId.toLowerCase()) ?? '',
    principalId,
    principalType: found.principalType ?? null,
    condition: found.condition ?? null,
    conditionVersion: found.conditionVersion ?? null,
    description: found.description ?? null,
    delegatedManagedIdentityResourceId: found.delegatedManagedIdentityResourceId ?? null,
  };
}

/** The definition of the one role of that name that can be assigned at the scope, or null. */
export async function findRole(
  { authorization }: AzureClients,
  scope: string,
  roleName: string,
): Promise<string | null> {
  const found: string[] = [];
  const filter = `roleName eq '${roleName.replaceAll("'", "''")}'`;
  for await (const { id, roleName: name } of authorization.roleDefinitions.list(scope.replace(/^\//u, ''), {
    filter,
  })) {
    if (id && name === roleName) found.push(id);
  }
  return found.length === 1 ? (found[0] ?? null) : null;
}

export async function putAssignment({ authorization }: AzureClients, assigned: Assignment): Promise<void> {
  await authorization.roleAssignments.createById(assigned.id.replace(/^\//u, ''), propertiesOf(assigned));
}

/** Azure answers 204 for one that isn't there: that it is gone, only a read tells. */
export async function deleteAssignment({ authorization }: AzureClients, { id }: Pick<Assignment, 'id'>): Promise<void> {
  await authorization.roleAssignments.deleteById(id.replace(/^\//u, ''));
}

export function putCall(assigned: Assignment): PlannedCall {
  return {
    service: 'arm',
    operation: `PUT ${assigned.id}`,
    parameters: { properties: propertiesOf(assigned) },
  };
}

export function deleteCall({ id }: Pick<Assignment, 'id'>): PlannedCall {
  return { service: 'arm', operation: `DELETE ${id}`, parameters: {} };
}

function propertiesOf(assigned: Assignment): RoleAssignmentCreateParameters & JsonObject {
  const { roleDefinitionId, principalId, principalType, condition, conditionVersion, description } = assigned;
  const { delegatedManagedIdentityResourceId } = assigned;
  return {
    roleDefinitionId,
    principalId,
    ...(principalType === null ? {} : { principalType }),
    ...(description === null ? {} : { description }),
    ...(condition === null ? {} : { condition }),
    ...(conditionVersion === null ? {} : { conditionVersion }),
    ...(delegatedManagedIdentityResourceId === null ? {} : { delegatedManagedIdentityResourceId }),
  };
}

/** Whether two descriptions say the same access; who made it and when does not matter. */
export function sameAssignment(one: Assignment, other: Assignment): boolean {
  const said = ({ id, scope, roleDefinitionId, principalId, condition }: Assignment) =>
    [id, scope, roleDefinitionId, principalId].join('\n').toLowerCase() + (condition ?? '');
  return said(one) === said(other);
}
