import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';

import type { SweepClient } from '../contracts/case-client.ts';
import { ASKED_SWEEP_ID } from '../contracts/ids.ts';
import { SWEEP_ORPHANS } from '../contracts/messages.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { OrphanReport } from '../domain/orphan.ts';
import { unreachable } from './case-client.ts';

const ANSWER_WITHIN_MS = 5_000;

/** The client must carry the payload codec of the workers. */
export function temporalSweepClient(client: Client): SweepClient {
  const within = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    try {
      return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, call);
    } catch (error) {
      throw unreachable(error);
    }
  };
  const handle = () => client.workflow.getHandle(ASKED_SWEEP_ID);
  return {
    async start() {
      const options = {
        workflowId: ASKED_SWEEP_ID,
        taskQueue: QUEUES.decide,
        args: [],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowExecutionTimeout: '2 hours',
      } as const;
      try {
        await within(() => client.workflow.start(SWEEP_ORPHANS, options));
        return 'started';
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'already-running';
        throw error;
      }
    },

    async report() {
      try {
        const { status } = await within(() => handle().describe());
        if (status.name === 'RUNNING') return { status: 'running' };
        if (status.name !== 'COMPLETED') return { status: 'failed' };
        return { status: 'done', report: (await within(() => handle().result())) as OrphanReport };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { status: 'none' };
        throw error;
      }
    },
  };
}
