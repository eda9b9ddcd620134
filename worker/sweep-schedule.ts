import type { Client, ScheduleOptions } from '@temporalio/client';
import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';

import { SWEEP_SCHEDULE_ID } from '../src/contracts/ids.ts';
import { SWEEP_ORPHANS } from '../src/contracts/messages.ts';
import { QUEUES } from '../src/contracts/queues.ts';

/**
 * Brings the schedule of the orphan sweep to what the configuration says; 0 hours takes it away. Every worker does it at its start:
 * whoever comes second finds it there and writes the same. One that an operator paused stays paused.
 */
export async function scheduleSweep(client: Client, everyHours: number): Promise<void> {
  const handle = client.schedule.getHandle(SWEEP_SCHEDULE_ID);
  if (everyHours === 0) return unlessMissing(handle.delete());
  const wanted = sweepEvery(everyHours);
  try {
    await client.schedule.create(wanted);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { spec, action, policies } = wanted;
    await handle.update(({ state }) => ({ spec, action, policies, state }));
  }
}

function sweepEvery(everyHours: number) {
  return {
    scheduleId: SWEEP_SCHEDULE_ID,
    spec: { intervals: [{ every: `${everyHours * 60} minutes` }] },
    action: {
      type: 'startWorkflow',
      workflowType: SWEEP_ORPHANS,
      workflowId: 'orphan-sweep',
      taskQueue: QUEUES.decide,
      args: [],
      // One that hangs must not keep the next from starting for ever.
      workflowExecutionTimeout: '6 hours',
    },
    // After an hour away one sweep is enough, and the next comes in time.
    policies: { overlap: 'SKIP', catchupWindow: '1 hour' },
  } as const satisfies ScheduleOptions;
}

async function unlessMissing(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
