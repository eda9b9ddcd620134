import { createHash } from 'node:crypto';

import type { World } from './state.ts';

/**
 * Everything that containment could change, sorted, as plain JSON: two snapshots are equal if the tenant is the same again.
 * Secrets are hashes. Who made an assignment and when is left out: a restored one is the same assignment.
 */
export function snapshotOf(world: World): Record<string, unknown> {
  // Of an eligibility PIM chooses name and start itself.
  const assignments = without(world.roleAssignments, [
    'createdBy',
    'createdOn',
    'bindsFromMs',
    'deletedMs',
    'startDateTime',
  ]);
  const eligibilities = without(world.eligibilities, ['name', 'startDateTime']);
  return sorted({
    users: rows(world.users),
    groups: rows(world.groups),
    applications: rows(world.applications),
    servicePrincipals: rows(world.servicePrincipals),
    appRoleAssignments: rows(world.appRoleAssignments),
    oauth2PermissionGrants: rows(world.oauth2PermissionGrants),
    resources: rows(world.resources),
    diagnosticSettings: rows(world.diagnosticSettings),
    roleDefinitions: rows(world.roleDefinitions),
    roleAssignments: assignments,
    eligibilities,
  }) as Record<string, unknown>;
}

function rows(map: ReadonlyMap<string, object>): unknown[] {
  return ordered([...map.values()]);
}

function without(map: ReadonlyMap<string, object>, names: readonly string[]): unknown[] {
  const kept = (one: object) => Object.entries(one).filter(([name]) => !names.includes(name));
  return ordered([...map.values()].map((one) => Object.fromEntries(kept(one))));
}

/** By what they hold: the order in which they were made means nothing. */
function ordered(list: readonly object[]): unknown[] {
  return list
    .map((one) => ({ one, key: JSON.stringify(sorted(one)) }))
    .toSorted((left, right) => left.key.localeCompare(right.key))
    .map(({ one }) => one);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => left.localeCompare(right));
  return Object.fromEntries(entries.map(([name, item]) => [name, isSecret(name) ? hash(item) : sorted(item)]));
}

function isSecret(name: string): boolean {
  return name === 'secret' || name === 'password';
}

function hash(value: unknown): string {
  return createHash('sha256').update(String(value)).digest('hex');
}
