import { covers } from './rbac.ts';
import type { Lock, World } from './state.ts';

/** The lock that forbids such a call at the scope. A lock holds for all that lies below it, role assignments among it. */
export function lockOn(world: World, scope: string, method: string): Lock | undefined {
  if (method === 'GET') return undefined;
  return world.locks.find(
    (lock) => (method === 'DELETE' || lock.level === 'ReadOnly') && covers(world, lock.scope, scope),
  );
}
