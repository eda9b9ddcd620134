import type { Severity } from '../domain/alert.ts';
import { compileCondition } from './condition.ts';
import type { CorrelationDocument, RuleDocument } from './documents.ts';
import { parseDocuments } from './documents.ts';
import type { LogSource } from './log-source.ts';
import { logSourceOf } from './log-source.ts';
import type { Refuse } from './rule-error.ts';
import { RuleError } from './rule-error.ts';
import type { Matcher } from './selection.ts';
import { compileSelection } from './selection.ts';

/** What of a bin is counted, and from which count on it fires. */
export interface Threshold {
  /** The field whose distinct values count; undefined: the events themselves. */
  readonly distinctOf: string | undefined;
  readonly atLeast: number;
}

/** One Sigma file compiled: the events it counts, how it bins them, and the thresholds of which any one makes a finding. */
export interface Detection {
  readonly id: string;
  readonly title: string;
  readonly level: Severity;
  /** For example `T1580`, from the tags. */
  readonly techniques: readonly string[];
  /** The log that all its rules are about. */
  readonly source: LogSource;
  readonly matches: Matcher;
  readonly timespanMs: number;
  readonly thresholds: readonly Threshold[];
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Compiles the text of one Sigma file; its first correlation gives the detection its id, title and level. */
export function compileDetection(text: string, file: string): Detection {
  const { rules, correlations } = parseDocuments(text, file);
  const [first] = correlations;
  if (!first) throw new RuleError(file, 'file', 'holds no correlation, so nothing in it would ever fire');
  const matchers = new Map<string, Matcher>();
  for (const rule of rules) {
    const matcher = compileRule(rule, file);
    for (const key of [rule.id, rule.name]) {
      if (key === undefined) continue;
      if (matchers.has(key)) throw new RuleError(file, rule.title, `id or name "${key}" is given twice`);
      matchers.set(key, matcher);
    }
  }
  const source = sourceOf(rules, file);
  for (const other of correlations) checkCorrelation(other, first, matchers, source, file);
  const counted = rules.filter(({ id, name }) => first.correlation.rules.some((key) => key === id || key === name));
  const idle = rules.find((rule) => !counted.includes(rule));
  if (idle) throw new RuleError(file, idle.title, 'is not referred to by any correlation');
  const parts = counted.flatMap(({ id }) => matchers.get(id) ?? []);
  return {
    id: first.id,
    title: first.title,
    level: first.level,
    techniques: techniquesOf(correlations.flatMap(({ tags }) => tags)),
    source,
    matches: (event) => parts.some((matches) => matches(event)),
    timespanMs:
      Number(first.correlation.timespan.slice(0, -1)) *
      UNIT_MS[first.correlation.timespan.slice(-1) as keyof typeof UNIT_MS],
    thresholds: correlations.map(({ correlation: { condition } }) => ({
      distinctOf: condition.field,
      atLeast: condition.gte,
    })),
  };
}

/** A correlation over two logs would group by fields that one of them lacks. */
function sourceOf(rules: readonly RuleDocument[], file: string): LogSource {
  const sources = new Set(rules.map(({ logsource }) => logSourceOf(logsource.product, logsource.service)));
  const [source] = sources;
  if (!source || sources.size > 1) throw new RuleError(file, 'logsource', 'must be one log for all rules of the file');
  return source;
}

function compileRule(rule: RuleDocument, file: string): Matcher {
  const refuse: Refuse = (where, what) => new RuleError(file, `${rule.title}: ${where}`, what);
  const { condition, ...named } = rule.detection;
  const selections = new Map(
    Object.entries(named).map(([name, value]) => [name, compileSelection(name, value, refuse)]),
  );
  return compileCondition(condition, selections, refuse);
}

function checkCorrelation(
  { title, correlation }: CorrelationDocument,
  first: CorrelationDocument,
  rules: ReadonlyMap<string, Matcher>,
  source: LogSource,
  file: string,
): void {
  const refuse = (where: string, what: string) => new RuleError(file, `${title}: correlation.${where}`, what);
  const missing = correlation.rules.find((key) => !rules.has(key));
  if (missing !== undefined) throw refuse('rules', `refers to "${missing}", which is not a rule of this file`);
  const groupBy = [source.identity, source.account];
  if (correlation['group-by'].join() !== groupBy.join()) throw refuse('group-by', `must be ${groupBy.join(' and ')}`);
  if ((correlation.type === 'value_count') !== (correlation.condition.field !== undefined))
    throw refuse('condition', 'a value_count needs a field, an event_count has none');
  if (
    correlation.timespan !== first.correlation.timespan ||
    correlation.rules.join() !== first.correlation.rules.join()
  )
    throw refuse('timespan', 'all correlations of a file share rules and timespan: any of them makes the one finding');
}

function techniquesOf(tags: readonly string[]): string[] {
  const ids = tags.flatMap((tag) => /^attack\.(t[0-9]{4}(?:\.[0-9]{3})?)$/u.exec(tag)?.[1]?.toUpperCase() ?? []);
  return [...new Set(ids)].toSorted();
}
