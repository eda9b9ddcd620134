import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

/** For `npm run test:live` alone; no other run finds this suite. One account at a time, one test after the other, no second try. */
export default defineConfig({
  test: {
    name: 'live',
    include: ['test/live/contract.live.ts'],
    pool: 'forks',
    maxWorkers: 1,
    retry: 0,
    testTimeout: 20 * MINUTE,
    hookTimeout: 30 * MINUTE,
  },
});
