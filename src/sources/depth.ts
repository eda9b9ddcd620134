import { AlertInvalid } from './invalid.ts';

const MOST_LEVELS = 64;

/** A megabyte of `[` parses, and then overflows the stack of whatever walks it. Level by level, so that this does not. */
export function refuseDeep(body: unknown): void {
  let level: readonly unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) throw AlertInvalid.at([], `Nested deeper than ${MOST_LEVELS} levels`);
    level = level.flatMap(childrenOf);
  }
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}
