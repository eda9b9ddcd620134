import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';

import type { Config } from '../src/config/schema.ts';
import type { QueueName } from '../src/contracts/queues.ts';
import type { Logger } from '../src/runtime/logger.ts';
import { registerSearchAttributes } from '../src/runtime/search-attributes.ts';
import type { workflowBundle } from './bundle.ts';
import { activitiesOf, configuredNotifiers, type Foundation } from './dependencies.ts';
import type { Secrets } from './secrets.ts';
import { supervise } from './supervise.ts';
import { scheduleSweep } from './sweep-schedule.ts';
import { workerConnection, type TemporalSettings } from './temporal.ts';
import { createWorkers, installRuntime } from './workers.ts';

export interface WorkParts {
  readonly foundation: Foundation;
  readonly secrets: Secrets;
  readonly settings: TemporalSettings;
  readonly client: Client;
  readonly dataConverter: DataConverter;
}

export interface WorkOrder {
  readonly queues: readonly QueueName[];
  readonly bundle: typeof workflowBundle;
  /** Ends the wait for Temporal. */
  readonly halt: AbortSignal;
  /** Told when a worker has ended. */
  readonly fail: (why: unknown) => void;
}

/** Waits for Temporal, then works on the queues until `running` is disposed of. */
export async function work(
  { foundation, secrets, settings, client, dataConverter }: WorkParts,
  { queues, bundle, halt, fail }: WorkOrder,
  running: AsyncDisposableStack,
): Promise<void> {
  const { config, logger } = foundation;
  const { namespace } = settings;
  installRuntime(logger);
  const connection = await workerConnection(settings, logger, halt);
  running.defer(() => connection.close());
  const unseen = await registerSearchAttributes(connection, namespace);
  if (unseen !== null) logger.error({ error: unseen }, UNSEEN);
  await trySchedule(client, config, logger);
  const notifiers = configuredNotifiers(config, secrets, logger);
  const workers = await createWorkers({
    connection,
    namespace,
    dataConverter,
    queues,
    activitiesOf: (queue) => activitiesOf(queue, { ...foundation, notifiers }),
    bundle,
  });
  supervise(workers, running, fail, logger);
}

const UNSEEN =
  'Temporal does not tell which search attributes there are; where they are missing no case runs. `cordon doctor` says how to add them';

/** Containment must not wait for a schedule; that there is none is said. */
async function trySchedule(client: Client, { sweep }: Config, logger: Logger): Promise<void> {
  try {
    await scheduleSweep(client, sweep.everyHours);
  } catch (error) {
    logger.error({ error: String(error) }, 'The orphan sweep is not scheduled; the next start of a worker tries again');
  }
}
