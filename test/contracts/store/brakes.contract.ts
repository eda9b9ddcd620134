import { describe, expect, it } from 'vitest';

import type { Fixture } from './fixture.ts';
import { CANARY } from './samples.ts';

export function budgetContract(fixture: Fixture): void {
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

    it('counts a key once a window, and nothing of a reservation that was refused', async () => {
      for (const key of ['a', 'a', 'b', 'c', 'a', 'c'])
        expect(await fixture.store.budget.reserve(key, limits)).toBeNull();
      expect(await fixture.store.budget.reserve('d', limits)).toEqual(limits[0]);
      fixture.clock.at += 3_601_000;
      for (const key of ['d', 'e']) expect(await fixture.store.budget.reserve(key, limits)).toBeNull();
      expect(await fixture.store.budget.reserve('f', limits)).toEqual(limits[1]);
      expect(await fixture.store.budget.reserve('a', limits), 'counted today').toBeNull();
      fixture.clock.at += 86_400_000;
      expect(await fixture.store.budget.reserve('f', limits)).toBeNull();
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
