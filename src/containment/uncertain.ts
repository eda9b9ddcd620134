import { CordonFailure } from '../contracts/failures.ts';

/** A final failure is proof that nothing was changed only where nothing was sent before it. Ours keep their words. */
export function uncertain(error: unknown, why: string): unknown {
  if (!(error instanceof CordonFailure) || !error.final || error.type === 'OutcomeUnknown') return error;
  return new CordonFailure('OutcomeUnknown', `${error.message} ${why}`, { cause: error });
}
