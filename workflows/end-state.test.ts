import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FINAL_FAILURES, RETRYABLE_FAILURES } from '../src/contracts/failures.ts';
import type { ActionEnd } from './end-state.ts';
import type { CaseState } from '../src/domain/case.ts';
import { CALLS_A_HUMAN, END_STATES, mayMove, MOST_ROUNDS, TRANSITIONS, WATCHED } from '../src/domain/case.ts';
import {
  afterCheck,
  endOfContaining,
  endOfFailure,
  endOfRound,
  endOfWatch,
  endWhenCutOff,
  forRollback,
  provedBy,
  stopsThePlan,
} from './end-state.ts';

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

  it('stops the other actions only for what would refuse each of them: more contained is better', () => {
    const stops = [...FINAL_FAILURES, ...RETRYABLE_FAILURES].filter(stopsThePlan);
    expect(stops.toSorted()).toEqual(['ApprovalInvalid', 'BudgetExceeded', 'NotPermittedByMode', 'Stopped']);
    expect(stopsThePlan('unclassified')).toBe(false);
  });
});

describe('after a check of what was carried out', () => {
  it.each([
    [{ status: 'clean' }, 1, 'holds'],
    [{ status: 'clean' }, MOST_ROUNDS, 'holds'],
    [{ status: 'unproven' }, 1, 'OUTCOME_UNKNOWN'],
    [{ status: 'unproven', mendable: true }, 1, 'OUTCOME_UNKNOWN'],
    [{ status: 'drifted', mendable: true }, 1, 'again'],
    [{ status: 'drifted', mendable: true }, MOST_ROUNDS - 1, 'again'],
    [{ status: 'drifted', mendable: true }, MOST_ROUNDS, 'PARTIAL'],
    [{ status: 'drifted', mendable: false }, 1, 'PARTIAL'],
    [{ status: 'drifted' }, 1, 'PARTIAL'],
  ] as const)('%j in round %i: %s', (check, round, next) => {
    expect(afterCheck(check, round)).toBe(next);
  });

  it('never says of a later round that nothing was changed', () => {
    expect(endOfRound([end('failed')], 1)).toBe('FAILED');
    expect(endOfRound([end('failed')], 2)).toBe('PARTIAL');
    expect(endOfRound([end('not-tried')], 3)).toBe('PARTIAL');
    expect(endOfRound([end('unknown')], 2)).toBe('OUTCOME_UNKNOWN');
  });
});

it('never calls contained what the plan did not promise all of, and watches it under another name', () => {
  expect(provedBy({})).toEqual({ proved: 'CONTAINED', watched: 'MONITORING' });
  expect(provedBy({ gaps: [] })).toEqual({ proved: 'CONTAINED', watched: 'MONITORING' });
  expect(provedBy({ gaps: ['a role of another account'] })).toEqual({
    proved: 'PARTIAL',
    watched: 'MONITORING_PARTIAL',
  });
  for (const gaps of [[], ['a gap']]) {
    const { proved, watched } = provedBy({ gaps });
    expect(mayMove('VERIFYING', proved) && mayMove(proved, watched)).toBe(true);
  }
});

describe('the end of a watch', () => {
  const watched = fc.constantFrom('MONITORING' as const, 'MONITORING_PARTIAL' as const);
  const sighting = fc.record({
    watched,
    rollbackApproved: fc.boolean(),
    alerts: fc.nat(2),
    check: fc.constantFrom('clean', 'drifted', 'unproven', null),
    over: fc.boolean(),
  });

  it.each([
    [{ rollbackApproved: false, alerts: 0, check: 'clean', over: false }, null],
    [{ rollbackApproved: false, alerts: 0, check: 'clean', over: true }, 'CLOSED'],
    [{ rollbackApproved: false, alerts: 0, check: 'drifted', over: true }, 'REOPENED'],
    [{ rollbackApproved: false, alerts: 1, check: null, over: false }, 'REOPENED'],
    [{ rollbackApproved: false, alerts: 0, check: 'unproven', over: false }, null],
    [{ rollbackApproved: false, alerts: 0, check: 'unproven', over: true }, 'OUTCOME_UNKNOWN'],
    [{ rollbackApproved: true, alerts: 0, check: 'drifted', over: false }, 'CLOSED'],
    [{ rollbackApproved: true, alerts: 1, check: null, over: false }, 'REOPENED'],
  ] as const)('%j: %s', (seen, state) => {
    expect(endOfWatch({ watched: 'MONITORING', ...seen })).toBe(state);
    const inPart = seen.check === 'clean' && state === 'CLOSED' ? 'PARTIAL' : state;
    expect(endOfWatch({ watched: 'MONITORING_PARTIAL', ...seen })).toBe(inPart);
  });

  it('is quiet only with a clean check at the very end, and never contains by itself', () => {
    fc.assert(
      fc.property(sighting, (seen) => {
        const state = endOfWatch(seen);
        if (state === 'PARTIAL' || (state === 'CLOSED' && !seen.rollbackApproved))
          expect(seen).toMatchObject({ check: 'clean', over: true, alerts: 0 });
        if (state === 'CLOSED' && seen.watched === 'MONITORING_PARTIAL') expect(seen.rollbackApproved).toBe(true);
        if (seen.alerts > 0) expect(state, 'an alert is never dropped').toBe('REOPENED');
        if (seen.over) expect(state).not.toBeNull();
        if (state !== null) expect(TRANSITIONS[seen.watched]).toContain(state);
      }),
    );
  });
});

it('lets a rollback begin in an end state and in the watch, never while a plan is made or carried out', () => {
  for (const state of Object.keys(TRANSITIONS) as CaseState[]) {
    const expected = END_STATES.includes(state) ? 'ended' : WATCHED.includes(state) ? 'watched' : 'busy';
    expect(forRollback(state), state).toBe(expected);
  }
  for (const state of ['CONTAINING', 'VERIFYING', 'AWAITING_APPROVAL', 'REOPENED', 'ENRICHING'] as const)
    expect(forRollback(state), state).toBe('busy');
  expect(forRollback(null), 'no workflow runs').toBe('ended');
});

describe('a case whose workflow was cancelled or terminated', () => {
  const states = Object.keys(TRANSITIONS) as CaseState[];

  it.each(states)('in %s comes to rest in an end state that it may go to, and that calls a human', (state) => {
    const cutOff = endWhenCutOff(state);
    if (END_STATES.includes(state)) return expect(cutOff).toBe(state);
    expect(mayMove(state, cutOff)).toBe(true);
    expect(END_STATES).toContain(cutOff);
    expect(CALLS_A_HUMAN).toContain(cutOff);
  });

  it('never rests as if nothing had been changed where something may have been', () => {
    const uncertain = states.filter(
      (state) => endWhenCutOff(state) === 'OUTCOME_UNKNOWN' && state !== 'OUTCOME_UNKNOWN',
    );
    expect(uncertain.toSorted()).toEqual(['CONTAINING', 'MONITORING', 'MONITORING_PARTIAL', 'VERIFYING']);
  });
});
