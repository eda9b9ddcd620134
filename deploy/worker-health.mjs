// node deploy/worker-health.mjs [QUEUE]: exit status 0 if this machine polls the task queue at TEMPORAL_ADDRESS, else 1.
// The health check of the worker's container: a worker serves no port, and one that runs without polling is not well.
import { Connection } from '@temporalio/client';
import { hostname } from 'node:os';

/** A poll lasts up to a minute; one that was begun longer ago than this is a worker's that is gone. */
const STALE_AFTER_MS = 120_000;
const WORKFLOW_QUEUE = 1;

const queue = process.argv[2] ?? 'cordon-decide';
const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS, connectTimeout: 5_000 });
try {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
    taskQueue: { name: queue },
    taskQueueType: WORKFLOW_QUEUE,
  });
  const ours = (pollers ?? []).filter(({ identity, lastAccessTime }) => {
    const agoMs = Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000;
    return identity?.includes(hostname()) && agoMs < STALE_AFTER_MS;
  });
  if (ours.length === 0) {
    console.error(`Nobody on ${hostname()} polls ${queue}.`);
    process.exitCode = 1;
  }
} finally {
  await connection.close();
}
