import { groupsOf, type Permission, type RoleAssignment, type World } from './state.ts';

/**
 * The scope and every scope above it, narrowest first, ending with the tenant root `/`. Empty where the subscription or
 * management group does not exist.
 */
export function scopesUpwards(world: World, scope: string): string[] {
  if (scope === '' || scope === '/') return ['/'];
  const managementGroup = /^\/providers\/Microsoft\.Management\/managementGroups\/([^/]+)$/iu.exec(scope)?.[1];
  if (managementGroup) return managementGroupsUpwards(world, managementGroup);
  const subscriptionId = /^\/subscriptions\/([^/]+)/iu.exec(scope)?.[1];
  const subscription = subscriptionId && world.subscriptions.get(subscriptionId.toLowerCase());
  if (!subscription) return [];
  const group = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/iu.exec(scope)?.[0];
  const own = [scope, ...(group ? [group] : []), `/subscriptions/${subscription.id}`];
  return [...new Set(own), ...managementGroupsUpwards(world, subscription.managementGroupId)];
}

function managementGroupsUpwards(world: World, id: string | null): string[] {
  if (id === null) return ['/'];
  const group = world.managementGroups.get(id.toLowerCase());
  if (!group) return [];
  const own = `/providers/Microsoft.Management/managementGroups/${group.id}`;
  return [own, ...managementGroupsUpwards(world, group.parentId)];
}

/** Whether what is assigned at `outer` reaches `inner`. */
export function covers(world: World, outer: string, inner: string): boolean {
  return scopesUpwards(world, inner).some((scope) => scope.toLowerCase() === outer.toLowerCase());
}

/** The principal itself and the groups that hold it. */
export function identitiesOf(world: World, objectId: string): Set<string> {
  return new Set([objectId, ...groupsOf(world, objectId).map(({ id }) => id)]);
}

/** Permissions that bind now: a new assignment binds late, a deleted one goes on binding, both by `propagationMs`. */
export function permissionsAt(world: World, objectId: string, scope: string): Permission[] {
  const identities = identitiesOf(world, objectId);
  return [...world.roleAssignments.values(), ...world.deletedAssignments]
    .filter((assignment) => identities.has(assignment.principalId) && binds(world, assignment))
    .filter((assignment) => covers(world, assignment.scope, scope))
    .flatMap(({ roleName }) => world.roleDefinitions.get(roleName)?.permissions ?? []);
}

export function isLive(world: World, { endDateTime }: { readonly endDateTime: string | null }): boolean {
  return endDateTime === null || Date.parse(endDateTime) > world.clock().getTime();
}

/** A schedule may begin later. */
export function hasBegun(world: World, { startDateTime }: { readonly startDateTime: string | null }): boolean {
  return startDateTime === null || Date.parse(startDateTime) <= world.clock().getTime();
}

function binds(world: World, assignment: RoleAssignment): boolean {
  const nowMs = world.clock().getTime();
  const gone = assignment.deletedMs !== null && nowMs >= assignment.deletedMs + world.behaviour.propagationMs;
  return !gone && nowMs >= assignment.bindsFromMs && isLive(world, assignment) && hasBegun(world, assignment);
}

/** Conditions are kept and shown, not evaluated: they narrow data access and delegation, which nothing here turns on. */
export function isAllowed(world: World, objectId: string, action: string, scope: string): boolean {
  const names = (patterns: readonly string[]) => patterns.some((pattern) => matches(pattern, action));
  return permissionsAt(world, objectId, scope).some(({ actions, notActions }) => names(actions) && !names(notActions));
}

/** `*` stands for anything, slashes too; the case of letters means nothing. */
function matches(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.\\^$|?+()[\]{}]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'iu').test(action);
}
