import type { ActionOutcome } from '../../src/contracts/activities.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import { applyAction, reconcileAction } from '../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import { endOfFailure } from '../../workflows/end-state.ts';
import type { Suspect } from './suspect.ts';

/** How one action ended, in the workflow's words. */
export interface End {
  readonly status: 'done' | 'failed' | 'unknown';
  readonly detail: string;
}

/** The attempts of the class `changing`; what `reconciling` makes of ten minutes. */
const ATTEMPTS = 8;

/** What `workflows/carry-out.ts` does by Temporal's retries, without the waiting between them. */
export async function asTemporalWould(
  suspect: Pick<Suspect, 'plan' | 'planned' | 'decisions'>,
  dependencies: ContainmentDependencies,
): Promise<End> {
  const { plan, planned, decisions } = suspect;
  const input = { planDigest: plan.digest, sequence: planned.sequence, decisions };
  if (planned.effect === 'declarative') return retried(() => applyAction(input, dependencies));
  const [first, failure] = await attempt(() => applyAction(input, dependencies));
  if (first) return endOf(first);
  if (endOfFailure(failure.type) === 'failed') return { status: 'failed', detail: failure.message };
  return retried(() => reconcileAction(input, dependencies));
}

async function retried(act: () => Promise<ActionOutcome>): Promise<End> {
  for (let tries = 1; ; tries += 1) {
    const [outcome, failure] = await attempt(act);
    if (outcome) return endOf(outcome);
    if (failure.final || tries === ATTEMPTS) return { status: endOfFailure(failure.type), detail: failure.message };
  }
}

/** A failure that is none of ours is a defect: it ends the sweep. */
async function attempt(
  act: () => Promise<ActionOutcome>,
): Promise<readonly [ActionOutcome] | readonly [null, CordonFailure]> {
  try {
    return [await act()];
  } catch (error) {
    if (!(error instanceof CordonFailure)) throw error;
    return [null, error];
  }
}

function endOf({ status, detail }: ActionOutcome): End {
  return { status: status === 'not-made' ? 'failed' : 'done', detail };
}
