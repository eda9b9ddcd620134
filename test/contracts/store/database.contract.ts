import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { createCipher } from '../../../src/encryption/cipher.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Fixture } from './fixture.ts';
import { accept, ALICE, alertNamed, CANARY, caseNamed, entryNumber, planNamed } from './samples.ts';

export function databaseContract(fixture: Fixture): void {
  describe('the database', () => {
    it('holds no text of an alert, case, plan or ledger entry in the clear', async () => {
      await accept(fixture.store, `name-${CANARY}`);
      await fixture.store.alerts.recordVerdict(alertNamed(`name-${CANARY}`).alertId, {
        outcome: 'record',
        principalKey: ALICE,
      });
      await fixture.store.cases.save(caseNamed('ca_1'));
      await fixture.store.plans.put(planNamed(CANARY));
      await fixture.store.ledger.append(entryNumber(1, { key: CANARY }));
      await fixture.store.budget.reserve(CANARY, [{ name: 'hour', limit: 3, windowSeconds: 60 }]);
      await fixture.store.killSwitch.set(true, CANARY, CANARY);
      const tables = [
        'alerts',
        'alert_addresses',
        'cases',
        'plans',
        'ledger_entries',
        'budget_reservations',
        'registers',
      ];
      for (const table of tables) {
        const rows = JSON.stringify(await fixture.database.rows(`select * from ${table}`));
        expect(rows, table).not.toBe('[]');
        for (const secret of [CANARY, '203.0.113.7']) {
          expect(rows, table).not.toContain(secret);
          expect(Buffer.from(rows.replaceAll(/[^A-Za-z0-9+/]/gu, ''), 'base64').includes(secret), table).toBe(false);
        }
      }
    });

    it('refuses text that was moved from one row to another', async () => {
      await accept(fixture.store, 'one');
      await accept(fixture.store, 'two');
      const [one, two] = [alertNamed('one').alertId, alertNamed('two').alertId];
      await fixture.database.run(
        `update alerts set sealed = (select sealed from alerts where alert_id = '${two}') where alert_id = '${one}'`,
      );
      await expect(fixture.store.alerts.get(one)).rejects.toThrow('belongs elsewhere');
    });
  });
}

export function openingContract(fixture: Fixture): void {
  describe('opening', () => {
    it('is for many at once, also when the database is new', async () => {
      const fresh = await fixture.server.create();
      const opened = await Promise.all(Array.from({ length: 5 }, () => fresh.open()));
      await Promise.all(opened.map((each, number) => each.ledger.append(entryNumber(number))));
      expect(await opened[0]?.ledger.verify()).toMatchObject({ status: 'intact', entries: 5 });
      await Promise.all(opened.map((each) => each.close()));
      await fresh.remove();
    });

    it('keeps everything, with a new key in front as well, and says when the key is another', async () => {
      await accept(fixture.store, 'one');
      const rotated = createCipher([randomBytes(32), fixture.database.key]);
      const again = await openStore({ ...fixture.database.where, cipher: rotated });
      expect((await accept(again, 'one')).status).toBe('duplicate');
      await again.ledger.append(entryNumber(1));
      expect(await again.ledger.verify()).toMatchObject({ status: 'intact' });
      await again.close();
      const wrong = createCipher([randomBytes(32)]);
      await expect(openStore({ ...fixture.database.where, cipher: wrong })).rejects.toThrow('another encryption key');
    });

    it('goes on under this version after a newer one has only added to it, which the newer one still finds', async () => {
      await accept(fixture.store, 'one');
      await fixture.database.run(later('9001-adds-an-owner'));
      const again = await fixture.database.open();
      expect((await accept(again, 'one')).status).toBe('duplicate');
      expect((await accept(again, 'two')).status).toBe('new');
      await again.close();
      const names = await fixture.database.rows<{ name: string }>('select name from kysely_migration order by name');
      expect(names.at(-1)).toEqual({ name: '9001-adds-an-owner' });
    });

    it('refuses what a newer version has changed, says by what, and changes nothing', async () => {
      await fixture.database.run(`${later('9001-adds-an-owner')}; ${later('9002-splits-cases')}`);
      const before = await fixture.database.rows('select * from kysely_migration order by name');
      const opening = fixture.database.open();
      await expect(opening).rejects.toThrow(/newer Cordon .* \(9002-splits-cases\); nothing was changed.*backup/u);
      expect(await fixture.database.rows('select * from kysely_migration order by name')).toEqual(before);
    });

    it('answers a ping, and does not when it is closed', async () => {
      await fixture.store.ping();
      const closed = await fixture.database.open();
      await closed.close();
      await expect(closed.ping()).rejects.toThrow(/destroyed|closed|end/u);
    });
  });
}

/** As a newer version leaves it. */
function later(name: string): string {
  return `insert into kysely_migration (name, timestamp) values ('${name}', '2099-01-01T00:00:00.000Z')`;
}
