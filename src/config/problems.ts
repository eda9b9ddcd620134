import type { z } from 'zod';

import type { ConfigDocument, Position, PropertyPath } from './document.ts';
import { knownKeys } from './json-schema.ts';
import { closest } from './suggest.ts';

export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  /** Absent when no file was read. */
  readonly file?: string;
  readonly position?: Position;
  /** For example `approvers[0].slackUserId`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** All that is wrong with a configuration at once; who wrote the file must act. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** `file:line:column path message`, as editors and terminals link it. */
export function formatProblem({ severity, file, position, path, message }: ConfigProblem): string {
  const place = file === undefined ? '' : position ? `${file}:${position.line}:${position.column}: ` : `${file}: `;
  return `${place}${severity === 'warning' ? 'warning: ' : ''}${path === '' ? '' : `${path} `}${message}`;
}

export function formatPath(path: PropertyPath): string {
  return path
    .map((segment, index) => (typeof segment === 'number' ? `[${segment}]` : `${index === 0 ? '' : '.'}${segment}`))
    .join('');
}

/** Values of the file are never repeated: one of them may be a secret in the wrong place. */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  document: ConfigDocument,
  file: string,
): readonly ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
    const problem = (at: PropertyPath, message: string, part: 'key' | 'value' = 'value'): ConfigProblem => ({
      severity: 'error',
      file,
      position: document.position(at, part),
      path: formatPath(at),
      message,
    });
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => problem([...path, key], unknownKey(key, knownKeys(path)), 'key'));
    }
    const value = valueAt(document.data, path);
    return [problem(path, value === undefined ? missing(issue) : wrong(issue, value))];
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const suggestion = closest(key, known);
  if (suggestion !== undefined) return `is not a known key; did you mean \`${suggestion}\`?`;
  return `is not a known key; known here: ${known.join(', ')}`;
}

function missing(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `is missing (${issue.expected})`;
  if (issue.code === 'invalid_value') return `is missing; one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union' && 'options' in issue) {
    return `is missing; one of ${[...(issue.options ?? [])].map(String).join(', ')}`;
  }
  return `is missing: it ${issue.message}`;
}

function wrong(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type') {
    const quotes = issue.expected === 'string' && typeof value === 'number' ? '; put it in quotes' : '';
    return `must be ${issue.expected}, and is ${kindOf(value)}${quotes}`;
  }
  const options =
    issue.code === 'invalid_value'
      ? issue.values
      : issue.code === 'invalid_union' && 'options' in issue
        ? issue.options
        : undefined;
  if (options) {
    const words = [...options].map(String);
    const suggestion = typeof value === 'string' ? closest(value, words) : undefined;
    return `must be one of ${words.join(', ')}${suggestion === undefined ? '' : `; did you mean \`${suggestion}\`?`}`;
  }
  // The schema's own messages complete the sentence; those of the library stand after a colon.
  return issue.message.startsWith('must ') ? issue.message : `is wrong: ${issue.message}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  return Array.isArray(value) ? 'array' : typeof value;
}

function valueAt(data: unknown, path: PropertyPath): unknown {
  return path.reduce<unknown>(
    (value, segment) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, segment)
        ? (value as Record<string | number, unknown>)[segment]
        : undefined,
    data,
  );
}
