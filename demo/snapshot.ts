import { canonicalJson } from '../src/domain/canonical.ts';

/** Everything that anyone could have changed, one line a fact: `user alice key AKIA…` -> `Active`. */
export type Snapshot = ReadonlyMap<string, string>;

/** What is in one and not in the other, or different: names only, nothing when they are equal. */
export function differences(before: Snapshot, after: Snapshot): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .toSorted();
}

/** One fact a leaf of a double's whole state. Things in a list go by their id, whatever their place in it; without one, as they are. */
export function factsOf(state: object): Snapshot {
  return new Map(leaves('', state));
}

function leaves(path: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  const below = (name: string) => (path === '' ? name : `${path} ${name}`);
  if (!Array.isArray(value)) return Object.entries(value).flatMap(([name, one]) => leaves(below(name), one));
  return value.flatMap((one: unknown): [string, string][] => {
    if (typeof one !== 'object' || one === null) return [[below(String(one)), 'listed']];
    const { id, keyId, name } = one as { id?: unknown; keyId?: unknown; name?: unknown };
    const known = id ?? keyId ?? name;
    return typeof known === 'string' ? leaves(below(known), one) : [[below(canonicalJson(one)), 'listed']];
  });
}
