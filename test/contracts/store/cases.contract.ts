import { describe, expect, it } from 'vitest';

import type { CaseState } from '../../../src/domain/case.ts';
import { END_STATES, TRANSITIONS } from '../../../src/domain/case.ts';
import type { Fixture } from './fixture.ts';
import { ALICE, CANARY, caseNamed, planNamed } from './samples.ts';

export function caseContract(fixture: Fixture): void {
  describe('cases', () => {
    it('are saved and replaced, keep the time they were opened, and come newest first', async () => {
      const openedAt = fixture.now().toISOString();
      await fixture.store.cases.save(caseNamed('ca_1'));
      fixture.clock.at += 1_000;
      const later = caseNamed('ca_1', { state: 'AWAITING_APPROVAL', planDigest: 'd', alertIds: ['al_1', 'al_2'] });
      await fixture.store.cases.save(later);
      await fixture.store.cases.save(caseNamed('ca_2', { principalKey: 'aws:1:iam-user:bob' }));
      expect(await fixture.store.cases.get('ca_1')).toEqual({
        ...later,
        openedAt,
        updatedAt: fixture.now().toISOString(),
      });
      const ids = async (state?: 'ENRICHING') =>
        (await fixture.store.cases.list({ limit: 9, ...(state ? { state } : {}) })).map(({ caseId }) => caseId);
      expect(await ids()).toEqual(['ca_2', 'ca_1']);
      expect(await ids('ENRICHING')).toEqual(['ca_2']);
      expect(await fixture.store.cases.get('ca_3')).toBeNull();
    });

    it('do not go back when an older snapshot arrives late', async () => {
      const early = caseNamed('ca_1');
      const late = caseNamed('ca_1', { state: 'CONTAINED', timeline: [...early.timeline, ...early.timeline] });
      await fixture.store.cases.save(late);
      await fixture.store.cases.save(early);
      expect(await fixture.store.cases.get('ca_1')).toMatchObject({ state: 'CONTAINED', timeline: late.timeline });
    });

    it('tell what the run that was reset tells, though the one before it had more lines', async () => {
      const [line] = caseNamed('ca_1').timeline;
      if (!line) throw new Error('The sample has no line.');
      const before = { ...line, state: 'CONTAINED', detail: 'before' } as const;
      const after = { ...line, state: 'PARTIAL', at: new Date(Date.parse(line.at) + 1_000).toISOString() } as const;
      await fixture.store.cases.save(caseNamed('ca_1', { state: 'CONTAINED', timeline: [line, before, before] }));
      await fixture.store.cases.save(caseNamed('ca_1', { state: 'PARTIAL', timeline: [line, after] }));
      expect(await fixture.store.cases.get('ca_1')).toMatchObject({ state: 'PARTIAL', timeline: [line, after] });
    });

    it('are open for a principal until they rest', async () => {
      expect(await fixture.store.cases.openFor(ALICE)).toBeNull();
      await fixture.store.cases.save(caseNamed('ca_1'));
      await fixture.store.cases.save(caseNamed('ca_2', { principalKey: 'aws:1:iam-user:bob' }));
      expect(await fixture.store.cases.openFor(ALICE)).toMatchObject({ caseId: 'ca_1' });
      await fixture.store.cases.save(caseNamed('ca_1', { state: 'CONTAINED' }));
      expect(await fixture.store.cases.openFor(ALICE)).toBeNull();
    });

    it('are listed as open in every state but those in which a case rests, oldest first', async () => {
      const states = Object.keys(TRANSITIONS) as CaseState[];
      for (const state of states) await fixture.store.cases.save(caseNamed(`ca_${state}`, { state }));
      const open = await fixture.store.cases.open();
      expect(open.map(({ caseId }) => caseId)).toEqual(
        states.filter((state) => !END_STATES.includes(state)).map((state) => `ca_${state}`),
      );
      expect(open[0]).toEqual(await fixture.store.cases.get(open[0]?.caseId ?? ''));
    });
  });
}

export function planContract(fixture: Fixture): void {
  it('plans are kept as they were put, by their digest', async () => {
    const plan = planNamed(CANARY);
    await Promise.all([fixture.store.plans.put(plan), fixture.store.plans.put(plan)]);
    await fixture.store.plans.put({ ...plan, caseId: 'another' });
    expect(await fixture.store.plans.get(plan.digest)).toEqual(plan);
    expect(await fixture.store.plans.get('none')).toBeNull();
  });
}
