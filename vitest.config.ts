import { defineConfig } from 'vitest/config';

/** Where `.ci/run` reads the counts from. */
const reportFile = process.env['CORDON_TEST_REPORT'];

/** Native modules, child processes and the Temporal core need processes of their own; two fit the smallest machine we use. */
const processes = { pool: 'forks', maxWorkers: 2, retry: 0 } as const;

export default defineConfig({
  test: {
    globalSetup: './test/support/temporary-directory.ts',
    reporters: reportFile ? ['default', 'json'] : ['default'],
    ...(reportFile ? { outputFile: { json: reportFile } } : {}),
    projects: [
      {
        test: {
          ...processes,
          name: 'unit',
          include: ['{src,workflows,activities,worker,demo,bench,scripts}/**/*.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...processes,
          name: 'integration',
          include: ['test/**/*.test.ts'],
          // Real servers start in hooks; a worker that was killed takes up to 16 s to be missed.
          testTimeout: 120_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
