import type { IdentityChange } from '../domain/evidence.ts';

/** How many targets are named in one line. */
const MOST_NAMED = 5;

/**
 * Caveats for changes of the suspect that nothing takes back. One line for each kind of change, so that a flood of them does not hide
 * the rest; sorted, so that the same facts in another order make the same plan.
 */
export function changesThatStand(changes: readonly IdentityChange[]): readonly string[] {
  const byName = [...Map.groupBy(changes, ({ eventName }) => eventName)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return byName.map(([eventName, group]) => {
    const targets = [...new Set(group.map(({ target }) => target.slice(0, 256)))].toSorted();
    const more = targets.length > MOST_NAMED ? ` and ${targets.length - MOST_NAMED} more` : '';
    return `The suspect's ${eventName} on ${targets.slice(0, MOST_NAMED).join(', ')}${more} stands: look at it, and undo it by hand.`;
  });
}
