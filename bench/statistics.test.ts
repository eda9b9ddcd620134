import { describe, expect, it } from 'vitest';

import { median, quantile, ratios, spread } from './statistics.ts';

describe('statistics', () => {
  it.each([
    [[3, 1, 2], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 2.5],
    [[10, 2], 0, 2],
    [[10, 2], 1, 10],
    [[7], 0.95, 7],
    [Array.from({ length: 101 }, (_, index) => 100 - index), 0.95, 95],
  ])('of %j the quantile %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBeCloseTo(expected);
  });

  it('orders by number, not by text, and leaves what it is given as it was', () => {
    const values = [10, 9, 100];
    expect(median(values)).toBe(10);
    expect(values).toEqual([10, 9, 100]);
    expect(spread(values)).toEqual({ least: 9, most: 100 });
  });

  it('never makes a number out of nothing', () => {
    expect(() => median([])).toThrow('nothing');
  });

  it('compares within a round, so a slow round changes no ratio', () => {
    expect(
      ratios([
        { of: 12, to: 10 },
        { of: 120, to: 100 },
      ]),
    ).toEqual([1.2, 1.2]);
  });
});
