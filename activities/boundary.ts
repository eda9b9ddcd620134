import { ApplicationFailure, activityInfo, heartbeat } from '@temporalio/activity';

import { CordonFailure } from '../src/contracts/failures.ts';

type AsyncFunctions = Record<string, (input: never) => Promise<unknown>>;

/** The one place where our failures become Temporal's: same type, final or not, and the wait that the far side asked for. */
export function atBoundary<Activities extends AsyncFunctions>(activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (input: never) => {
      try {
        return await activity(input);
      } catch (error) {
        throw toApplicationFailure(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

function toApplicationFailure(error: unknown): unknown {
  if (!(error instanceof CordonFailure)) return error;
  return ApplicationFailure.create({
    type: error.type,
    message: error.message,
    nonRetryable: error.final,
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
  });
}

/**
 * Beats while the work runs, so that the server notices a dead worker in seconds. The work itself is bounded by
 * start-to-close; a heartbeat says only that the process lives.
 */
export async function beating<Result>(work: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(heartbeat, 2_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** From 1. */
export function attempt(): number {
  return activityInfo().attempt;
}
