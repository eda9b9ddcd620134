import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';

import type { CaseClient } from '../contracts/case-client.ts';
import { stateQuery } from '../contracts/messages.ts';

const DESCRIBE_WITHIN_MS = 5_000;
const ANSWER_WITHIN_MS = 3_000;

/**
 * A later case of the same principal runs under the same id: only the workflow itself can say which one it is. One that is described
 * as running before and after an answer that never came is silent.
 */
export function casePulse(client: Client): CaseClient['pulse'] {
  const within = <Result>(ms: number, call: () => Promise<Result>) => client.withDeadline(Date.now() + ms, call);
  const isRunning = async (workflowId: string) => {
    try {
      const { status } = await within(DESCRIBE_WITHIN_MS, () => client.workflow.getHandle(workflowId).describe());
      return status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  return async (workflowId, caseId) => {
    if (!(await isRunning(workflowId))) return 'gone';
    try {
      const answer = await within(ANSWER_WITHIN_MS, () => client.workflow.getHandle(workflowId).query(stateQuery));
      return answer.caseId === caseId ? 'runs' : 'gone';
    } catch {
      // Where it is Temporal itself that does not answer, the next call throws.
      return (await isRunning(workflowId)) ? 'silent' : 'gone';
    }
  };
}
