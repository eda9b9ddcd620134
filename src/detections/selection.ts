import type { LogEvent } from './event.ts';
import { fieldOf } from './event.ts';
import type { Refuse } from './rule-error.ts';

export type Matcher = (event: LogEvent) => boolean;

/**
 * One search identifier of a Sigma detection: a map of fields (all must match) or a list of such maps (one must). Values of a
 * field are alternatives; text is compared without case, as Sigma does.
 */
export function compileSelection(name: string, selection: unknown, refuse: Refuse): Matcher {
  if (Array.isArray(selection)) {
    const matchers = selection.map((part: unknown) => compileMap(name, part, refuse));
    if (matchers.length === 0) throw refuse(`detection.${name}`, 'is empty, so it could match nothing');
    return (event) => matchers.some((matches) => matches(event));
  }
  return compileMap(name, selection, refuse);
}

function compileMap(name: string, map: unknown, refuse: Refuse): Matcher {
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw refuse(`detection.${name}`, 'must be a map of fields or a list of maps; keyword searches are not supported');
  const matchers = Object.entries(map).map(([key, value]) =>
    compileField(`detection.${name}.${key}`, key, value, refuse),
  );
  if (matchers.length === 0) throw refuse(`detection.${name}`, 'is empty, so it would match everything');
  return (event) => matchers.every((matches) => matches(event));
}

type Comparison = (text: string, wanted: string) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '': (text, wanted) => text === wanted,
  startswith: (text, wanted) => text.startsWith(wanted),
  endswith: (text, wanted) => text.endsWith(wanted),
  contains: (text, wanted) => text.includes(wanted),
};

function compileField(where: string, key: string, value: unknown, refuse: Refuse): Matcher {
  const [path = '', modifier = '', ...more] = key.split('|');
  if (path === '' || more.length > 0) throw refuse(where, 'needs a field name and at most one modifier');
  if (modifier === 'exists') {
    if (typeof value !== 'boolean') throw refuse(where, 'needs true or false');
    return (event) => isPresent(fieldOf(event, path)) === value;
  }
  const compare = Object.hasOwn(COMPARISONS, modifier) ? COMPARISONS[modifier] : undefined;
  if (!compare)
    throw refuse(where, `modifier "${modifier}" is not supported (exists, startswith, endswith, contains are)`);
  const wanted = (Array.isArray(value) ? value : [value]).map((one: unknown) => literal(where, one, refuse));
  if (wanted.length === 0) throw refuse(where, 'has an empty list of values');
  return (event) => {
    const found = fieldOf(event, path);
    if (!isScalar(found)) return false;
    const text = String(found).toLowerCase();
    return wanted.some((one) => compare(text, one));
  };
}

function literal(where: string, value: unknown, refuse: Refuse): string {
  if (!isScalar(value))
    throw refuse(where, 'values must be text, numbers or booleans (for absence: the modifier exists)');
  const text = String(value).toLowerCase();
  if (text === '') throw refuse(where, 'an empty value is not supported');
  if (/[*?\\]/u.test(text))
    throw refuse(where, `wildcards and escapes are not supported in "${text}"; use startswith, endswith or contains`);
  return text;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
