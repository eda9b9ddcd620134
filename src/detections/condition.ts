import type { Refuse } from './rule-error.ts';
import type { Matcher } from './selection.ts';

/**
 * The condition of a Sigma rule: search identifiers, `not`, `and`, `or` (binding in that order), parentheses, and `1 of` or
 * `all of` with a prefix ending in `*`. Anything else is an error, and so is a search identifier that the condition leaves out.
 */
export function compileCondition(text: string, selections: ReadonlyMap<string, Matcher>, refuse: Refuse): Matcher {
  const tokens = text.match(/[()]|[^\s()]+/gu) ?? [];
  const used = new Set<string>();
  let next = 0;

  const fail = (what: string) => refuse('detection.condition', `${what} in "${text}"`);
  const accept = (word: string): boolean => {
    if (tokens[next]?.toLowerCase() !== word) return false;
    next++;
    return true;
  };

  const either = (): Matcher => {
    const parts = [both()];
    while (accept('or')) parts.push(both());
    return (event) => parts.some((matches) => matches(event));
  };
  const both = (): Matcher => {
    const parts = [negated()];
    while (accept('and')) parts.push(negated());
    return (event) => parts.every((matches) => matches(event));
  };
  const negated = (): Matcher => {
    if (!accept('not')) return primary();
    const inner = negated();
    return (event) => !inner(event);
  };
  const primary = (): Matcher => {
    const token = tokens[next++];
    if (token === undefined) throw fail('unexpected end');
    if (token === '(') {
      const inner = either();
      if (!accept(')')) throw fail('missing ")"');
      return inner;
    }
    if ((token === '1' || token === 'all') && accept('of')) return group(token);
    const matches = selections.get(token);
    if (!matches) throw fail(`unknown search identifier or unsupported construct "${token}"`);
    used.add(token);
    return matches;
  };
  const group = (quantity: '1' | 'all'): Matcher => {
    const pattern = tokens[next++] ?? '';
    if (!/^[^*]+\*$/u.test(pattern)) throw fail(`"${quantity} of" needs a prefix that ends in "*"`);
    const names = [...selections.keys()].filter((name) => name.startsWith(pattern.slice(0, -1)));
    const members = names.flatMap((name) => selections.get(name) ?? []);
    if (members.length === 0) throw fail(`no search identifier matches "${pattern}"`);
    for (const name of names) used.add(name);
    return quantity === '1'
      ? (event) => members.some((matches) => matches(event))
      : (event) => members.every((matches) => matches(event));
  };

  const compiled = either();
  if (next < tokens.length) throw fail(`unexpected "${tokens[next]}"`);
  const unused = [...selections.keys()].filter((name) => !used.has(name));
  if (unused.length > 0) throw fail(`search identifier ${unused.join(', ')} is not used`);
  return compiled;
}
