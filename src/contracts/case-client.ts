import type { SignedDecision } from '../domain/approval.ts';
import type { CaseState } from '../domain/case.ts';
import type { CaseStatus, RollBackInput } from './messages.ts';

export type DecisionAnswer =
  | {
      readonly status: 'accepted';
      readonly state: CaseState;
      readonly approvals: number;
      readonly required: number;
    }
  | {
      /** Certain: the decision does not count. */
      readonly status: 'refused';
      /** One sentence, fit for a person: who may not, or what has changed. */
      readonly reason: string;
      /** Who may not · what is not there · what has changed meanwhile (also when absent). */
      readonly kind?: 'forbidden' | 'not-found' | 'conflict';
    };

/** What the server asks of Temporal. Every call answers in bounded time, or throws `CordonFailure` (`Unavailable`, `TimedOut`). */
export interface CaseClient {
  /** Idempotent: one run for ever, however often it is asked. `ran-before` when that run is already closed. */
  startAlert(alertId: string, workflowId: string): Promise<'started' | 'ran-before'>;
  /** Throws when it is unknown whether the decision counts. */
  decide(workflowId: string, decision: SignedDecision): Promise<DecisionAnswer>;
  /** Asking is not approving: the rollback's plan waits for a decision of its own. */
  startRollback(input: RollBackInput): Promise<{
    readonly workflowId: string;
    readonly status: 'started' | 'already-running';
  }>;
  /** Of a running or finished workflow; null when there is none. */
  status(workflowId: string): Promise<CaseStatus | null>;
  /** Never throws. */
  reachable(): Promise<boolean>;
}
