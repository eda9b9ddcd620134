import { describe, expect, it } from 'vitest';

import type { Fixture } from './fixture.ts';
import { CANARY } from './samples.ts';

export function budgetContract(fixture: Fixture): void {
  scopedBudgetContract(fixture);
  describe('the budget', () => {
    const limits = [
      { name: 'hour', limit: 3, windowSeconds: 3_600 },
      { name: 'day', limit: 5, windowSeconds: 86_400 },
    ];

    it('is never exceeded, however many ask at once and from wherever', async () => {
      const other = await fixture.database.open(fixture.now);
      const asked = Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? fixture.store : other).budget.reserve(`case-${n}`, limits),
      );
      const answers = await Promise.all(asked);
      await other.close();
      expect(answers.filter((full) => full === null)).toHaveLength(3);
      expect(answers.filter((full) => full !== null)).toEqual(Array(17).fill(limits[0]));
    });

    it('counts a key once, and nothing of a reservation that was refused', async () => {
      for (const key of ['a', 'a', 'b', 'c', 'a', 'c'])
        expect(await fixture.store.budget.reserve(key, limits)).toBeNull();
      expect(await fixture.store.budget.reserve('d', limits)).toEqual(limits[0]);
      fixture.clock.at += 3_601_000;
      for (const key of ['d', 'e']) expect(await fixture.store.budget.reserve(key, limits)).toBeNull();
      expect(await fixture.store.budget.reserve('f', limits)).toEqual(limits[1]);
      fixture.clock.at += 86_400_000;
      expect(await fixture.store.budget.reserve('f', limits)).toBeNull();
    });

    it('lets what has its place go on when its window is over and the next one is full', async () => {
      for (const key of ['a', 'b', 'c']) await fixture.store.budget.reserve(key, limits.slice(0, 1));
      fixture.clock.at += 3_601_000;
      for (const key of ['d', 'e', 'f']) expect(await fixture.store.budget.reserve(key, limits.slice(0, 1))).toBeNull();
      expect(await fixture.store.budget.reserve('g', limits.slice(0, 1))).toEqual(limits[0]);
      expect(await fixture.store.budget.reserve('a', limits.slice(0, 1))).toBeNull();
    });

    it.each([Number.NaN, -1, 1.5, Infinity])('refuses the limit %s', async (limit) => {
      await expect(fixture.store.budget.reserve('a', [{ name: 'x', limit, windowSeconds: 60 }])).rejects.toThrow(
        RangeError,
      );
    });

    it('has no place where the limit is zero', async () => {
      const none = { name: 'none', limit: 0, windowSeconds: 60 };
      expect(await fixture.store.budget.reserve('a', [none])).toEqual(none);
    });
  });
}

function scopedBudgetContract(fixture: Fixture): void {
  describe('the budget of an account', () => {
    it('counts each scope apart, and all of them where there is none', async () => {
      const all = { name: 'all', limit: 3, windowSeconds: 60 };
      const inAccount = (scope: string) => [all, { name: 'account', scope, limit: 2, windowSeconds: 60 }] as const;
      const { budget } = fixture.store;
      for (const key of ['a', 'b']) expect(await budget.reserve(key, inAccount('one'))).toBeNull();
      expect(await budget.reserve('c', inAccount('one')), 'its account is full').toEqual(inAccount('one')[1]);
      expect(await budget.reserve('c', inAccount('two')), 'the refusal took no place of all').toBeNull();
      expect(await budget.reserve('d', inAccount('two')), 'all are full').toEqual(all);
      expect(await budget.reserve('a', inAccount('one')), 'has its place').toBeNull();
    });

    it('exceeds no limit when many ask for several at once', async () => {
      const other = await fixture.database.open(fixture.now);
      const all = { name: 'all', limit: 7, windowSeconds: 60 };
      const limitsOf = (n: number) => [all, { name: 'account', scope: `${n % 3}`, limit: 3, windowSeconds: 60 }];
      const asked = Array.from({ length: 24 }, async (_, n) => {
        const full = await (n % 2 ? fixture.store : other).budget.reserve(`case-${n}`, limitsOf(n));
        return { account: n % 3, full };
      });
      const answers = await Promise.all(asked);
      await other.close();
      const reserved = answers.filter(({ full }) => full === null);
      expect(reserved).toHaveLength(all.limit);
      for (const account of [0, 1, 2])
        expect(reserved.filter((one) => one.account === account).length).toBeLessThanOrEqual(3);
    });

    it('does not tell accounts to who reads the database', async () => {
      await fixture.store.budget.reserve('a', [{ name: 'account', scope: CANARY, limit: 1, windowSeconds: 60 }]);
      const rows = JSON.stringify(await fixture.database.rows('select * from budget_reservations'));
      expect(rows).toContain('account|');
      expect(rows).not.toContain(CANARY);
    });
  });
}

export function killSwitchContract(fixture: Fixture): void {
  it('the kill switch is seen at once by every process, and its loss is an error, never "go on"', async () => {
    const other = await fixture.database.open(fixture.now);
    expect(await fixture.store.killSwitch.status()).toEqual({ stopped: false });
    await other.killSwitch.set(true, 'bob', CANARY);
    const stopped = { stopped: true, by: 'bob', at: fixture.now().toISOString(), reason: CANARY };
    expect(await fixture.store.killSwitch.status()).toEqual(stopped);
    await fixture.database.run("update registers set sealed = 'e30=' where name = 'kill-switch'");
    await expect(fixture.store.killSwitch.status()).rejects.toThrow('not sealed');
    await fixture.database.run("delete from registers where name = 'kill-switch'");
    await expect(fixture.store.killSwitch.status()).rejects.toThrow('kill-switch');
    await other.close();
  });
}
