import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

import type { CaseClient, DecisionAnswer, SecondPlanAnswer } from '../contracts/case-client.ts';
import { CordonFailure, FINAL_FAILURES } from '../contracts/failures.ts';
import { secondPlanWorkflowId } from '../contracts/ids.ts';
import type { SecondPlanInput } from '../contracts/messages.ts';
import { decide, DELETE_KEYS, RESPOND_TO_ALERT, ROLL_BACK, stateQuery } from '../contracts/messages.ts';
import { QUEUES } from '../contracts/queues.ts';
import { casePulse } from './case-pulse.ts';
import type { SignedDecision } from '../domain/approval.ts';

const START_WITHIN_MS = 5_000;
/** A decision counts only once a worker has checked and recorded it. */
const DECIDE_WITHIN_MS = 20_000;
const QUERY_WITHIN_MS = 3_000;

/** At most one run of an id, also when many ask at once, and after it has closed. */
const ONE_RUN_FOR_EVER = {
  workflowIdReusePolicy: 'REJECT_DUPLICATE',
  workflowIdConflictPolicy: 'USE_EXISTING',
} as const;

/** The client must carry the payload codec of the workers. */
export function temporalCaseClient(client: Client): CaseClient {
  const within: Within = (ms, call) => client.withDeadline(Date.now() + ms, call);
  return {
    ...starts(client, within),

    async decide(workflowId, decision) {
      const handle = client.workflow.getHandle(workflowId);
      try {
        // The nonce makes a repeated call the same update.
        const update = { args: [decision] as [SignedDecision], updateId: decision.decision.nonce };
        const result = await within(DECIDE_WITHIN_MS, () => handle.executeUpdate(decide, update));
        return { status: 'accepted', ...result };
      } catch (error) {
        return refusedOr(error);
      }
    },

    async status(workflowId) {
      try {
        return await within(QUERY_WITHIN_MS, () => client.workflow.getHandle(workflowId).query(stateQuery));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw unreachable(error);
      }
    },

    async pulse(workflowId, caseId) {
      try {
        return await casePulse(client)(workflowId, caseId);
      } catch (error) {
        throw unreachable(error);
      }
    },

    async reachable() {
      try {
        await within(QUERY_WITHIN_MS, () => client.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false;
      }
    },
  };
}

type Within = <T>(ms: number, call: () => Promise<T>) => Promise<T>;

function starts(client: Client, within: Within): Pick<CaseClient, 'startAlert' | 'startRollback' | 'startKeyDeletion'> {
  const started = async (workflowType: string, options: WorkflowStartOptions) => {
    try {
      await within(START_WITHIN_MS, () => client.workflow.start(workflowType, options));
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw unreachable(error);
    }
  };
  const taskQueue = QUEUES.decide;
  const secondPlan = async (
    workflowType: string,
    workflowId: string,
    input: SecondPlanInput,
  ): Promise<SecondPlanAnswer> => {
    // One at a time; one that was denied or came out partial may be asked for again.
    const options = { workflowId, taskQueue, args: [input], workflowIdReusePolicy: 'ALLOW_DUPLICATE' } as const;
    if (await started(workflowType, options)) return { workflowId, status: 'started' };
    const { type } = await within(QUERY_WITHIN_MS, () => client.workflow.getHandle(workflowId).describe()).catch(
      (error: unknown) => {
        throw unreachable(error);
      },
    );
    return { workflowId, status: type === workflowType ? 'already-running' : 'other-running' };
  };
  return {
    async startAlert(alertId, workflowId) {
      const options = { workflowId, taskQueue, args: [{ alertId }], ...ONE_RUN_FOR_EVER };
      return (await started(RESPOND_TO_ALERT, options)) ? 'started' : 'ran-before';
    },

    startRollback: (input) => secondPlan(ROLL_BACK, secondPlanWorkflowId(input.caseId), input),
    startKeyDeletion: (input) => secondPlan(DELETE_KEYS, secondPlanWorkflowId(input.caseId), input),
  };
}

/** A refusal only where it is certain that the decision does not count; everything else is thrown. */
function refusedOr(error: unknown): DecisionAnswer {
  if (error instanceof WorkflowNotFoundError) {
    return { status: 'refused', kind: 'conflict', reason: 'The case no longer waits for a decision.' };
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const failure = error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
    const certain = error.cause instanceof ApplicationFailure || isFinal(failure);
    if (certain && !endedBeforeAnswering(error) && failure)
      return { status: 'refused', kind: 'conflict', reason: failure.message };
    throw new CordonFailure('OutcomeUnknown', 'The case ended before it answered: look at it.', { cause: error });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    throw new CordonFailure('TimedOut', 'The case did not answer in time: look at it before you decide again.', {
      cause: error,
    });
  }
  throw unreachable(error);
}

/** The server's own answer to an update, and the same at each try: the workflow ended after it had accepted it. */
export function endedBeforeAnswering(error: unknown): boolean {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow';
}

function isFinal(error: unknown): boolean {
  return error instanceof ApplicationFailure && (FINAL_FAILURES as readonly string[]).includes(error.type ?? '');
}

/** Temporal's trouble becomes one that people can act on; a defect of ours stays what it is. */
export function unreachable(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!isGrpcServiceError(error) && !isGrpcServiceError(cause)) return error;
  return new CordonFailure('Unavailable', 'Temporal does not answer.', { cause: error });
}
