import { describe, expect, it } from 'vitest';

import { clockOffset } from './clock.ts';

const NOON = Date.parse('2026-01-01T12:00:00.000Z');

describe('the offset of the clock', () => {
  it.each([
    // A second is cut off what the server wrote.
    ['agrees at the end of a second', { sentAtMs: NOON + 998, receivedAtMs: NOON + 999, dateMs: NOON }, 0],
    ['is surely ahead', { sentAtMs: NOON + 11_000, receivedAtMs: NOON + 11_100, dateMs: NOON }, 10_001],
    ['is surely behind', { sentAtMs: NOON - 10_100, receivedAtMs: NOON - 10_000, dateMs: NOON }, -10_000],
    ['of a slow answer accuses nobody', { sentAtMs: NOON - 4_000, receivedAtMs: NOON + 500, dateMs: NOON }, 0],
  ])('%s', (_what, times, offset) => {
    expect(clockOffset(times)).toBe(offset);
  });

  it('is never more than the true one, whenever the server answers in between', () => {
    for (const trueOffset of [-90_000, -6_000, -400, 0, 400, 6_000, 90_000])
      for (const took of [1, 700, 4_900])
        for (const at of [0, 0.5, 1])
          for (const fraction of [0, 1, 500, 999]) {
            const serverNow = NOON + fraction;
            const sentAtMs = serverNow + trueOffset - took * at;
            const found = clockOffset({ sentAtMs, receivedAtMs: sentAtMs + took, dateMs: NOON });
            expect(Math.abs(found)).toBeLessThanOrEqual(Math.abs(trueOffset));
            expect(Math.sign(found) * Math.sign(trueOffset)).toBeGreaterThanOrEqual(0);
          }
  });
});
