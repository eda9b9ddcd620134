import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FINAL_FAILURES, RETRYABLE_FAILURES } from '../src/contracts/failures.ts';
import type { ActionEnd } from './end-state.ts';
import { endOfContaining, endOfFailure, stopsThePlan } from './end-state.ts';

const end = (status: ActionEnd['status']): ActionEnd => ({ title: 'an action', status, detail: '' });

describe('the end of carrying out a plan', () => {
  it.each([
    [[], 'FAILED'],
    [['done', 'done'], 'VERIFYING'],
    [['done', 'failed'], 'PARTIAL'],
    [['done', 'not-tried'], 'PARTIAL'],
    [['failed', 'not-tried'], 'FAILED'],
    [['done', 'unknown'], 'OUTCOME_UNKNOWN'],
    [['failed', 'unknown'], 'OUTCOME_UNKNOWN'],
  ] as const)('%j is %s', (statuses, state) => {
    expect(endOfContaining(statuses.map(end))).toBe(state);
  });

  it('never goes on to verification unless every action is done', () => {
    const status = fc.constantFrom<ActionEnd['status']>('done', 'failed', 'unknown', 'not-tried');
    fc.assert(
      fc.property(fc.array(status), (statuses) => {
        const all = statuses.length > 0 && statuses.every((one) => one === 'done');
        expect(endOfContaining(statuses.map(end)) === 'VERIFYING').toBe(all);
      }),
    );
  });
});

describe('the end of a failed action', () => {
  it('is unknown for every failure that may have come after the effect', () => {
    const unknown = [...FINAL_FAILURES, ...RETRYABLE_FAILURES].filter((type) => endOfFailure(type) === 'unknown');
    expect(unknown.toSorted()).toEqual([
      'Conflict',
      'NotifierRefused',
      'OutcomeUnknown',
      'Throttled',
      'TimedOut',
      'Unavailable',
    ]);
    expect(endOfFailure('unclassified')).toBe('unknown');
  });

  it('does not stop the other actions for a missing permission: more contained is better', () => {
    expect(stopsThePlan('AccessDenied')).toBe(false);
    expect(stopsThePlan('unclassified')).toBe(false);
    expect(stopsThePlan('ApprovalInvalid')).toBe(true);
  });
});
