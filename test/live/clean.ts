import type { LeftOver, LiveAccount } from './account.ts';
import { startOf } from './run.ts';

export interface Cleaned {
  readonly removed: readonly string[];
  /** Each with the reason. */
  readonly left: readonly string[];
}

/** Removes what `wanted` names, one after the other; what can't be removed does not keep the rest. */
export async function cleanUp(
  account: LiveAccount,
  wanted: (name: string) => boolean,
  say: (line: string) => void = () => {},
): Promise<Cleaned> {
  const found = (await account.leftOvers()).filter(({ name }) => wanted(name));
  for (const one of found) say(`  ${described(one)}`);
  const removed: string[] = [];
  const left: string[] = [];
  for (const one of found) {
    try {
      if (one.last && left.length > 0) throw new Error('Kept, because by it the rest is found.');
      await one.remove();
      removed.push(described(one));
    } catch (error) {
      left.push(`${described(one)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { removed, left };
}

/** Another run may be under way. */
export function olderThan(hours: number, now = new Date()): (name: string) => boolean {
  return (name) => {
    const started = startOf(name);
    return started !== null && now.getTime() - started.getTime() > hours * 3_600_000;
  };
}

function described({ kind, name }: LeftOver): string {
  return `${kind} ${name}`;
}
