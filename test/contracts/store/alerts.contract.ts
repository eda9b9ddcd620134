import { describe, expect, it } from 'vitest';

import type { Fixture } from './fixture.ts';
import { accept, ALICE, alertNamed, CANARY } from './samples.ts';

export function alertContract(fixture: Fixture): void {
  describe('alerts', () => {
    it('are accepted once, whoever sends them again and however often at once', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => accept(fixture.store, 'burst')));
      expect(answers.filter(({ status }) => status === 'new')).toHaveLength(1);
      expect(new Set(answers.map(({ stored }) => JSON.stringify(stored))).size).toBe(1);
      expect(await fixture.store.alerts.list(10)).toHaveLength(1);
    });

    it('come back as they were sent', async () => {
      const { stored } = await accept(fixture.store, 'one');
      const id = stored.alert.alertId;
      expect(await fixture.store.alerts.get(id)).toEqual({
        alert: alertNamed('one'),
        workflowId: `alert-${id}`,
        receivedAt: fixture.now().toISOString(),
        delivery: 'waiting',
      });
      expect(await fixture.store.alerts.raw(id)).toBe(`{"raw":"${CANARY} one"}`);
      expect(await fixture.store.alerts.get('al_none')).toBeNull();
      expect(await fixture.store.alerts.raw('al_none')).toBeNull();
    });

    it('wait, oldest first, until they are delivered', async () => {
      for (const name of ['first', 'second', 'third']) await accept(fixture.store, name);
      const waiting = async () => (await fixture.store.alerts.waiting(2)).map(({ alert }) => alert.sourceAlertId);
      expect(await waiting()).toEqual(['first', 'second']);
      await fixture.store.alerts.delivered(alertNamed('first').alertId);
      expect(await waiting()).toEqual(['second', 'third']);
      await expect(fixture.store.alerts.delivered('al_none')).rejects.toThrow('al_none');
      expect((await fixture.store.alerts.list(2)).map(({ alert }) => alert.sourceAlertId)).toEqual(['third', 'second']);
    });

    it('carry their verdict', async () => {
      const id = (await accept(fixture.store, 'one')).stored.alert.alertId;
      await fixture.store.alerts.recordVerdict(id, { outcome: 'contain', principalKey: ALICE });
      await fixture.store.alerts.recordVerdict(id, { outcome: 'contain', caseId: 'ca_1' });
      expect(await fixture.store.alerts.get(id)).toMatchObject({
        verdict: 'contain',
        principalKey: ALICE,
        caseId: 'ca_1',
      });
      await expect(fixture.store.alerts.recordVerdict('al_none', { outcome: 'record' })).rejects.toThrow('al_none');
    });
  });
}

export function relatedAlertContract(fixture: Fixture): void {
  describe('alerts', () => {
    it('are related by principal or address, newest first, at most 20, and never to themselves', async () => {
      const names = async (addresses: string[], since = '2026-01-01T00:00:00Z') =>
        (await fixture.store.alerts.related(alertNamed('this').alertId, ALICE, addresses, since)).map(
          ({ alert }) => alert.sourceAlertId,
        );
      await accept(fixture.store, 'old');
      fixture.clock.at += 1_000;
      const since = fixture.now().toISOString();
      await accept(fixture.store, 'this');
      await accept(fixture.store, 'address', { sourceAddresses: ['198.51.100.1', '203.0.113.7', '203.0.113.7'] });
      await accept(fixture.store, 'stranger', { sourceAddresses: ['198.51.100.1'] });
      await accept(fixture.store, 'principal', { sourceAddresses: [] });
      await fixture.store.alerts.recordVerdict(alertNamed('principal').alertId, {
        outcome: 'record',
        principalKey: ALICE,
      });
      expect(await names(['203.0.113.7'], since)).toEqual(['principal', 'address']);
      expect(await names([], since)).toEqual(['principal']);
      expect(await names(['203.0.113.7'])).toEqual(['principal', 'address', 'old']);
      for (let number = 0; number < 25; number++) await accept(fixture.store, `flood-${number}`);
      expect(await names(['203.0.113.7'])).toHaveLength(20);
    });
  });
}
