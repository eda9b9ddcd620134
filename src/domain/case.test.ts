import { describe, expect, it } from 'vitest';

import { CALLS_A_HUMAN, mayMove, TRANSITIONS } from './case.ts';
import type { CaseState } from './case.ts';

const STATES = Object.keys(TRANSITIONS) as CaseState[];
const CHANGES_A_CLOUD: CaseState[] = ['CONTAINING', 'ROLLING_BACK'];
const after = (from: CaseState, without: readonly CaseState[] = []): Set<CaseState> => {
  const reached = new Set<CaseState>();
  const walk = (state: CaseState): void => {
    for (const next of TRANSITIONS[state] as readonly CaseState[]) {
      if (reached.has(next) || without.includes(next)) continue;
      reached.add(next);
      walk(next);
    }
  };
  walk(from);
  return reached;
};

describe('the states of a case', () => {
  it('lead to states only, and every one of them is reached', () => {
    const reached = after('RECEIVED');
    expect([...reached, 'RECEIVED'].toSorted()).toEqual(STATES.toSorted());
  });

  it('can all end closed', () => {
    for (const state of STATES) expect(state === 'CLOSED' || after(state).has('CLOSED'), state).toBe(true);
  });

  it('never lead to containment without an approval', () => {
    expect(after('RECEIVED', ['APPROVED', 'CLOSED']).has('CONTAINING')).toBe(false);
    for (const state of STATES)
      expect(mayMove(state, 'CONTAINING'), state).toBe(state === 'APPROVED' || state === 'VERIFYING');
    for (const state of STATES) expect(mayMove(state, 'VERIFYING'), state).toBe(state === 'CONTAINING');
    for (const state of STATES) expect(mayMove(state, 'APPROVED'), state).toBe(state === 'AWAITING_APPROVAL');
  });

  it('never lead from silence or a denial to a change of the cloud, but by way of a closed case', () => {
    for (const state of ['EXPIRED', 'REJECTED', 'RECORDED', 'FAILED'] as const)
      for (const change of CHANGES_A_CLOUD)
        expect(after(state, ['CLOSED']).has(change), `${state} ${change}`).toBe(false);
  });

  it('call it contained only when it was verified', () => {
    for (const state of STATES) expect(mayMove(state, 'CONTAINED'), state).toBe(state === 'VERIFYING');
    for (const state of STATES) expect(mayMove(state, 'ROLLED_BACK'), state).toBe(state === 'ROLLING_BACK');
    // The watch of a case that was reopened goes on; the workflow has no other way from ENRICHING to it.
    for (const state of STATES)
      expect(mayMove(state, 'MONITORING'), state).toBe(state === 'CONTAINED' || state === 'ENRICHING');
    for (const state of STATES)
      expect(mayMove(state, 'MONITORING_PARTIAL'), state).toBe(state === 'PARTIAL' || state === 'ENRICHING');
    expect(after('MONITORING_PARTIAL', ['REOPENED', 'CLOSED']).has('CONTAINED')).toBe(false);
  });

  it('that call a human exist, and none of them moves on to success by itself', () => {
    for (const state of CALLS_A_HUMAN) {
      expect(STATES).toContain(state);
      expect(mayMove(state, 'CONTAINED'), state).toBe(false);
    }
  });

  it('never stand still', () => {
    for (const state of STATES) expect(mayMove(state, state), state).toBe(false);
  });
});
