import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { LogEvent } from './event.ts';
import { createLimiter, merge } from './lookup.ts';

const event = (id: string, at: string) => ({ id, at }) as LogEvent;

describe('merge', () => {
  it('keeps each event once, newest first', () => {
    const [a, b, c] = [
      event('a', '2026-01-01T00:00:01.000Z'),
      event('b', '2026-01-01T00:00:02.000Z'),
      event('c', '2026-01-01T00:00:03.000Z'),
    ];
    const merged = merge([
      { events: [c, a], completeFrom: null },
      { events: [b, a], completeFrom: null },
    ]);
    expect(merged).toEqual({ events: [c, b, a], completeFrom: null });
  });

  it('is complete only from where every part is', () => {
    const parts = ['2026-01-01T00:00:01.000Z', null, '2026-01-01T00:00:05.000Z'].map((completeFrom) => ({
      events: [],
      completeFrom,
    }));
    expect(merge(parts).completeFrom).toBe('2026-01-01T00:00:05.000Z');
  });
});

describe('createLimiter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('never gives out more turns a second than allowed, however many ask at once', async () => {
    const turn = createLimiter(2);
    const taken: number[] = [];
    const start = Date.now();
    const all = Promise.all(Array.from({ length: 6 }, () => turn().then(() => taken.push(Date.now() - start))));
    await vi.advanceTimersByTimeAsync(10_000);
    await all;
    expect(taken).toEqual([0, 500, 1000, 1500, 2000, 2500]);
  });
});

describe('createLimiter in a busy process', () => {
  it('gives out no burst of turns that could not be taken in time', async () => {
    const turn = createLimiter(100);
    const taken: number[] = [];
    const first = turn();
    const all = Array.from({ length: 6 }, () => turn().then(() => taken.push(performance.now())));
    await first;
    const busyUntil = performance.now() + 60;
    while (performance.now() < busyUntil);
    await Promise.all(all);
    const gaps = taken.slice(1).map((at, index) => at - (taken[index] ?? at));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(9);
  });
});
