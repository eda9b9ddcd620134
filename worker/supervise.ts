import type { Logger } from '../src/runtime/logger.ts';

/** As much of Temporal's worker as its keeper needs. */
export interface Runnable {
  run(): Promise<void>;
  shutdown(): void;
  getState(): string;
}

/**
 * Runs all until the stack is disposed of; one that ends is told to `fail`, which knows whether it was to. All are told to stop before any is waited
 * for: else those that come later take on new work meanwhile, and the time that the system gives is used up by the first.
 */
export function supervise(
  workers: readonly Runnable[],
  running: AsyncDisposableStack,
  fail: (why: unknown) => void,
  logger: Pick<Logger, 'warn'>,
): void {
  const runs = workers.map((worker) => ({ worker, ended: worker.run() }));
  for (const { ended } of runs) {
    ended.then(() => fail(new Error('A worker stopped by itself.')), fail);
  }
  running.defer(async () => {
    // One that has died already refuses to be shut down.
    for (const { worker } of runs) if (worker.getState() === 'RUNNING') worker.shutdown();
    for (const { ended } of runs) {
      // A task that failed for good makes `run` reject at shutdown; it was logged when it failed.
      await ended.catch((error: unknown) => logger.warn({ error: String(error) }, 'A worker stopped with an error'));
    }
  });
}
