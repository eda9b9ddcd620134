import { inspect } from 'node:util';

import type { DataConverter } from '@temporalio/common';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type LogEntry,
  type NativeConnection,
} from '@temporalio/worker';

import type { QueueName } from '../src/contracts/queues.ts';
import { QUEUES } from '../src/contracts/queues.ts';
import type { Logger } from '../src/runtime/logger.ts';
import type { WorkflowBundle } from './bundle.ts';

export interface WorkerSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
  readonly queues: readonly QueueName[];
  readonly activitiesOf: (queue: QueueName) => object;
  readonly bundle: () => Promise<WorkflowBundle>;
}

/** More than this gave no more throughput on the machines it was measured on, and seconds of latency. */
const AT_ONCE = 20;

/** One worker a queue. Only `decide` runs workflows; its three seconds of sticky wait are what a killed worker costs a case. */
export function createWorkers(settings: WorkerSettings): Promise<readonly Worker[]> {
  const { connection, namespace, dataConverter, queues, activitiesOf, bundle } = settings;
  return Promise.all(
    queues.map(async (queue) =>
      Worker.create({
        connection,
        namespace,
        dataConverter,
        taskQueue: QUEUES[queue],
        activities: activitiesOf(queue),
        ...(queue === 'decide' ? { workflowBundle: await bundle() } : {}),
        maxConcurrentActivityTaskExecutions: AT_ONCE,
        maxConcurrentLocalActivityExecutions: AT_ONCE,
        // The default cancels activities at SIGTERM; a mutation gets the time to be read back and recorded.
        shutdownGraceTime: '25s',
        stickyQueueScheduleToStartTimeout: '3s',
      }),
    ),
  );
}

/** Temporal's own log goes where ours goes, redacted like ours; that of its core too. Once a process. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry) => passOn(entry, logger)),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
    shutdownSignals: [],
  });
}

function passOn({ level, message, meta }: LogEntry, logger: Logger): void {
  if (isOfAnotherVersion(message, meta)) {
    logger.error({ runId: meta?.['run_id'] ?? meta?.['runId'], workflowId: meta?.['workflowId'] }, OF_ANOTHER_VERSION);
    return;
  }
  const { error, ...rest } = (meta ?? {}) as { error?: unknown };
  const fields = {
    ...rest,
    ...(error === undefined ? {} : { error: error instanceof Error ? error.message : 'unknown error' }),
  };
  if (level === 'ERROR') logger.error(fields, message);
  else logger.warn(fields, message);
}

const OF_ANOTHER_VERSION =
  'A running case is of another version of Cordon and can not go on under this one. It waits as it is: run the version that it ' +
  'was begun with (docs/deploy.md, Upgrades).';

/** Replaying the history of the case with these workflows did not lead to the same steps. */
function isOfAnotherVersion(message: string, meta: LogEntry['meta']): boolean {
  return /TMPRL1100|nondeterminism/iu.test(`${message} ${inspect(meta)}`);
}
