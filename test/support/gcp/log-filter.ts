import { GoogleError } from './google-error.ts';
import { jsonOf, type Json } from './json.ts';

type Test = (entry: Json) => boolean;

const TOKEN = /\s*(?:(>=|<=|!=|[=<>:()])|"((?:[^"\\]|\\.)*)"|([^\s=<>:()!"]+))/y;

interface Token {
  readonly kind: 'sign' | 'text' | 'word';
  readonly text: string;
}

/**
 * The part of the logging query language that audit queries need: comparisons of fields with quoted or bare values, value lists
 * `field=("a" OR "b")`, AND, OR, NOT, parentheses; comparisons side by side are joined by AND. OR binds tighter than AND, as
 * documented. All else is refused as Google refuses a bad filter, so that no query silently matches too much.
 */
export function compileFilter(filter: string): Test {
  const tokens = tokensOf(filter);
  let at = 0;
  const peek = (text: string) => tokens[at]?.text === text && tokens[at]?.kind !== 'text';
  const take = (text: string) => {
    const found = peek(text);
    if (found) at += 1;
    return found;
  };
  const fail = (): never => {
    throw new GoogleError('INVALID_ARGUMENT', `Unparseable filter: syntax error near '${tokens[at]?.text ?? 'end'}'.`);
  };

  function conjunction(): Test {
    const parts = [disjunction()];
    while (at < tokens.length && !peek(')')) {
      take('AND');
      parts.push(disjunction());
    }
    return (entry) => parts.every((part) => part(entry));
  }
  function disjunction(): Test {
    const parts = [negation()];
    while (take('OR')) parts.push(negation());
    return (entry) => parts.some((part) => part(entry));
  }
  function negation(): Test {
    if (take('NOT')) {
      const inner = negation();
      return (entry) => !inner(entry);
    }
    if (!take('(')) return comparison();
    const inner = conjunction();
    return take(')') ? inner : fail();
  }
  function comparison(): Test {
    const field = tokens[at++];
    const sign = tokens[at++];
    if (!field || field.kind === 'sign' || sign?.kind !== 'sign' || /[()]/.test(sign.text)) return fail();
    if (!take('(')) return compare(field.text, sign.text, value());
    const values = [value()];
    while (take('OR')) values.push(value());
    if (!take(')')) return fail();
    return (entry) => values.some((one) => compare(field.text, sign.text, one)(entry));
  }
  function value(): string {
    const token = tokens[at++];
    return token && token.kind !== 'sign' ? token.text : fail();
  }

  if (tokens.length === 0) return () => true;
  const test = conjunction();
  return at === tokens.length ? test : fail();
}

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  const text = filter.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new GoogleError('INVALID_ARGUMENT', `Unparseable filter: syntax error at column ${start}.`);
    const [, sign, quoted, word] = match;
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll(/\\(.)/g, '$1') });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}

/** A missing field matches nothing, not even `!=`: NOT has to be used for that. */
function compare(field: string, sign: string, wanted: string): Test {
  return (entry) =>
    valuesAt(entry, field.split('.')).some((found) => {
      const order = field.toLowerCase().endsWith('timestamp')
        ? Date.parse(found) - Date.parse(wanted)
        : found.localeCompare(wanted);
      switch (sign) {
        case '=':
          return order === 0;
        case '!=':
          return order !== 0;
        case '>=':
          return order >= 0;
        case '<=':
          return order <= 0;
        case '>':
          return order > 0;
        case '<':
          return order < 0;
        case ':':
          return found.toLowerCase().includes(wanted.toLowerCase());
        default:
          throw new Error(`No such comparison: ${sign}`);
      }
    });
}

function valuesAt(value: unknown, path: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, path));
  const [head, ...rest] = path;
  if (head === undefined) return ['string', 'number', 'boolean'].includes(typeof value) ? [String(value)] : [];
  return valuesAt(jsonOf(value)[head], rest);
}
