import type { IdentityChange } from '../domain/evidence.ts';

/** How many targets are named in one line. */
const MOST_NAMED = 5;

const BY_HAND = ': look at it, and undo it by hand.';

/**
 * Caveats for changes of the suspect that nothing takes back. One line for each kind of change, so that a flood of them does not hide
 * the rest; sorted, so that the same facts in another order make the same plan. `advice`: what follows "stands" where a kind of
 * change has words of its own.
 */
export function changesThatStand(
  changes: readonly IdentityChange[],
  advice: (eventName: string, group: readonly IdentityChange[]) => string = () => BY_HAND,
): readonly string[] {
  const byName = [...Map.groupBy(changes, ({ eventName }) => eventName)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return byName.map(([eventName, group]) => {
    const targets = [...new Set(group.map(({ target }) => target.slice(0, 256)))].toSorted();
    const more = targets.length > MOST_NAMED ? ` and ${targets.length - MOST_NAMED} more` : '';
    const named = targets.slice(0, MOST_NAMED).join(', ');
    return `The suspect's ${eventName} on ${named}${more} stands${advice(eventName, group)}`;
  });
}
