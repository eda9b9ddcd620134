import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

import { QUEUES, type QueueName } from '../contracts/queues.ts';

const { TaskQueueType } = proto.temporal.api.enums.v1;
/** A poll lasts up to a minute; one that was begun longer ago than this is a worker's that is gone. */
const STALE_AFTER_MS = 120_000;

/** Identities (`PID@HOST`) of the workers that poll the queue now. Of `decide`, who runs its workflows; of the others, its activities. */
export async function pollersOf(
  { workflowService }: Pick<Connection, 'workflowService'>,
  namespace: string,
  queue: QueueName,
): Promise<readonly string[]> {
  const { pollers } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: QUEUES[queue] },
    taskQueueType: queue === 'decide' ? TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW : TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  return (pollers ?? []).flatMap(({ identity, lastAccessTime }) => {
    const agoMs = Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000;
    return identity && agoMs < STALE_AFTER_MS ? [identity] : [];
  });
}
