import { expect, test } from 'vitest';

import { supervise, type Runnable } from './supervise.ts';

/** Like Temporal's: it refuses to be shut down unless it runs, and ends once its tasks have. */
class Worker implements Runnable {
  readonly #run = Promise.withResolvers<void>();
  #state = 'RUNNING';

  run() {
    return this.#run.promise;
  }

  getState() {
    return this.#state;
  }

  shutdown() {
    if (this.#state !== 'RUNNING') throw new Error(`Not running. Current state: ${this.#state}`);
    this.#state = 'DRAINING';
  }

  drained() {
    this.#state = 'STOPPED';
    this.#run.resolve();
  }

  die(why: Error) {
    this.#state = 'FAILED';
    this.#run.reject(why);
  }
}

function crew(count: number) {
  const workers = Array.from({ length: count }, () => new Worker());
  const running = new AsyncDisposableStack();
  const failures: unknown[] = [];
  const warnings: unknown[] = [];
  supervise(workers, running, (why) => void failures.push(why), {
    warn: (fields: object) => void warnings.push(fields),
  });
  return { workers, running, failures, warnings };
}

test('all are told to stop before any has, and all are waited for', async () => {
  const { workers, running } = crew(3);
  let stopped = false;
  const stopping = running.disposeAsync().then(() => (stopped = true));
  expect(workers.map((worker) => worker.getState())).toEqual(['DRAINING', 'DRAINING', 'DRAINING']);
  workers[2]?.drained();
  workers[0]?.drained();
  await Promise.resolve();
  expect(stopped).toBe(false);
  workers[1]?.drained();
  await stopping;
});

test('one that dies is told at once, and the others are stopped none the less', async () => {
  const { workers, running, failures, warnings } = crew(3);
  const why = new Error('the queue is gone');
  workers[1]?.die(why);
  await new Promise(setImmediate);
  expect(failures).toEqual([why]);
  const stopping = running.disposeAsync();
  expect(workers.map((worker) => worker.getState())).toEqual(['DRAINING', 'FAILED', 'DRAINING']);
  for (const worker of [workers[0], workers[2]]) worker?.drained();
  await stopping;
  expect(warnings).toEqual([{ error: 'Error: the queue is gone' }]);
});

test('one that ends by itself has failed, without an error of its own', async () => {
  const { workers, failures } = crew(2);
  workers[0]?.drained();
  await new Promise(setImmediate);
  expect(failures).toMatchObject([{ message: 'A worker stopped by itself.' }]);
});
