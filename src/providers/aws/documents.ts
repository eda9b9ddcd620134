import { createHash } from 'node:crypto';

/**
 * The meaning of a policy document or statement as one text: IAM and Lambda answer with other white space, other order and single
 * values where lists of one were put, and with the root of an account where its number was named. Null for what is no JSON.
 */
export function meaningOf(text: string): string | null {
  try {
    return normalJson(JSON.parse(text));
  } catch {
    return null;
  }
}

/** SHA-256 of the meaning, hex; null for what is no JSON. */
export function documentDigest(text: string): string | null {
  const meaning = meaningOf(text);
  return meaning === null ? null : createHash('sha256').update(meaning).digest('hex');
}

export function normalJson(value: unknown): string {
  return JSON.stringify(ordered(value, ''));
}

function ordered(value: unknown, key: string): unknown {
  if (Array.isArray(value)) {
    const all = value.map((one) => ordered(one, key));
    if (!all.every((one) => typeof one === 'string')) return all.length === 1 ? all[0] : all;
    return all.length === 1 ? all[0] : all.toSorted();
  }
  if (typeof value === 'string' && key === 'AWS' && /^\d{12}$/u.test(value)) return `arn:aws:iam::${value}:root`;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, one]) => [name, ordered(one, name)]));
}

/** Statements that one document has and the other has not, each as one line of JSON after `- ` or `+ `. */
export function statementDiff(before: string, after: string): readonly string[] {
  const [was, is] = [statementsOf(before), statementsOf(after)];
  const lacks = (all: readonly unknown[]) => {
    const known = new Set(all.map(normalJson));
    return (one: unknown) => !known.has(normalJson(one));
  };
  return [
    ...was.filter(lacks(is)).map((one) => `- ${JSON.stringify(one)}`),
    ...is.filter(lacks(was)).map((one) => `+ ${JSON.stringify(one)}`),
  ];
}

function statementsOf(text: string): readonly unknown[] {
  try {
    const { Statement } = Object(JSON.parse(text)) as { readonly Statement?: unknown };
    return Array.isArray(Statement) ? Statement : Statement === undefined ? [] : [Statement];
  } catch {
    return [];
  }
}
