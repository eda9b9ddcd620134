import { fileURLToPath } from 'node:url';

import type { DataConverter } from '@temporalio/common';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';

import { failureConverterPath } from '../../src/encryption/temporal-codec.ts';
import { connect, runUntilDisposed } from '../product.ts';
import { bareActivities, type Recording } from './activities.ts';

export const BARE_QUEUE = 'bare';

/** The same two workers that the product has on this path, with the same limits and the same codec. */
export async function startBareWorkers(
  address: string,
  dataConverter: DataConverter,
  recording: Recording,
): Promise<AsyncDisposable> {
  const running = new AsyncDisposableStack();
  const ignore = () => undefined;
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflow.ts', import.meta.url)),
    failureConverterPath,
    logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: console.error },
  });
  const connection = await connect(address);
  running.defer(() => connection.close());
  const activities = bareActivities(recording);
  const settings = {
    connection,
    dataConverter,
    activities,
    maxConcurrentActivityTaskExecutions: 20,
    maxConcurrentLocalActivityExecutions: 20,
    stickyQueueScheduleToStartTimeout: '3s',
  } as const;
  const workers = await Promise.all([
    Worker.create({ ...settings, taskQueue: BARE_QUEUE, workflowBundle }),
    Worker.create({ ...settings, taskQueue: 'bare-reads' }),
  ]);
  for (const worker of workers) runUntilDisposed(worker, running);
  return running;
}
