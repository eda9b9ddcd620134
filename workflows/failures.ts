import { ActivityFailure, ApplicationFailure, rootCause } from '@temporalio/workflow';

import type { FailureType } from '../src/contracts/failures.ts';
import { FINAL_FAILURES, RETRYABLE_FAILURES } from '../src/contracts/failures.ts';

const TYPES: readonly string[] = [...FINAL_FAILURES, ...RETRYABLE_FAILURES];

/** The type that the activity gave its failure; a timeout, a lost worker or a defect is `unclassified`. */
export function failureType(error: unknown): FailureType | 'unclassified' {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const type = cause instanceof ApplicationFailure ? (cause.type ?? '') : '';
  return TYPES.includes(type) ? (type as FailureType) : 'unclassified';
}

export function failureText(error: unknown): string {
  return rootCause(error) ?? String(error);
}
