import type { z } from 'zod';

import { inertText } from './inert-text.ts';

export interface Problem {
  /** RFC 6901; empty for the whole document. */
  readonly pointer: string;
  readonly detail: string;
}

const MOST_PROBLEMS = 20;
const MOST_POINTER_CHARACTERS = 200;

/** The sender must act: the body is not an alert. Says which fields, never what stood in them. */
export class AlertInvalid extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('The alert does not fit its format.');
    this.name = 'AlertInvalid';
    this.problems = problems.slice(0, MOST_PROBLEMS);
  }

  static at(path: readonly PropertyKey[], detail: string): AlertInvalid {
    return new AlertInvalid([{ pointer: pointerOf(path), detail }]);
  }

  /** `at` is where the checked part stands in the whole document. */
  static of(error: z.ZodError, at: readonly PropertyKey[] = []): AlertInvalid {
    return new AlertInvalid(problemsOf(error, at));
  }
}

/** Keys of a body are as hostile as its values: they are made inert and bounded. */
export function pointerOf(path: readonly PropertyKey[]): string {
  const pointer = path
    .map((key) => `/${inertText(String(key), 60).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
  return pointer.slice(0, MOST_POINTER_CHARACTERS);
}

export function problemsOf(error: z.ZodError, at: readonly PropertyKey[] = []): readonly Problem[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: pointerOf([...at, ...issue.path, key]), detail: 'Unknown field' }))
      : [{ pointer: pointerOf([...at, ...issue.path]), detail: issue.message }],
  );
}

/** The value that fits the schema, or `AlertInvalid`. */
export function fitting<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw AlertInvalid.of(result.error);
}
