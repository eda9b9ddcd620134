import { ConfigError } from '../config/problems.ts';
import { SecretError } from '../config/secrets.ts';

/** Asked for in the right way, and the answer is no. */
export class RefusedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RefusedError';
  }
}

/** Asked for in the wrong way: the person at the keyboard, or who configured this machine, must act. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const EXIT = { done: 0, refused: 1, usage: 2 } as const;

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError || error instanceof ConfigError || error instanceof SecretError
    ? EXIT.usage
    : EXIT.refused;
}

/** Message and causes, without stack: what a person can act on. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const nested = error instanceof AggregateError ? error.errors.map(describeError) : [];
  const cause = error.cause === undefined || error instanceof RefusedError ? [] : [describeError(error.cause)];
  return [error.message || error.name, ...nested, ...cause].join(': ');
}
