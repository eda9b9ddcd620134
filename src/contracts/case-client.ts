import type { SignedDecision } from '../domain/approval.ts';
import type { CaseState } from '../domain/case.ts';
import type { OrphanReport } from '../domain/orphan.ts';
import type { CaseStatus, SecondPlanInput } from './messages.ts';

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
      /** Who may not · what is not there · what has changed meanwhile (also when absent) · what did not work, and may with the next try. */
      readonly kind?: 'forbidden' | 'not-found' | 'conflict' | 'unavailable';
    };

export interface SecondPlanAnswer {
  readonly workflowId: string;
  /** `other-running`: a deletion of keys where a rollback was asked for, or the other way round. */
  readonly status: 'started' | 'already-running' | 'other-running';
}

/** `silent`: a workflow runs and does not answer, because no worker takes its tasks, or it fails at each try. */
export type Pulse = 'runs' | 'gone' | 'silent';

/** What the server asks of Temporal. Every call answers in bounded time, or throws `CordonFailure` (`Unavailable`, `TimedOut`). */
export interface CaseClient {
  /** Idempotent: one run for ever, however often it is asked. `ran-before` when that run is already closed. */
  startAlert(alertId: string, workflowId: string): Promise<'started' | 'ran-before'>;
  /** Throws when it is unknown whether the decision counts. */
  decide(workflowId: string, decision: SignedDecision): Promise<DecisionAnswer>;
  /** Asking is not approving: the rollback's plan waits for a decision of its own. */
  startRollback(input: SecondPlanInput): Promise<SecondPlanAnswer>;
  /** Likewise. */
  startKeyDeletion(input: SecondPlanInput): Promise<SecondPlanAnswer>;
  /** Of a running or finished workflow; null when there is none. */
  status(workflowId: string): Promise<CaseStatus | null>;
  /** Whether a workflow runs for this case under this id; not one of a later case. */
  pulse(workflowId: string, caseId: string): Promise<Pulse>;
  /** Never throws. */
  reachable(): Promise<boolean>;
}

/** The orphan sweep that a person asks for. Every call answers in bounded time, or throws `CordonFailure` (`Unavailable`). */
export interface SweepClient {
  /** One at a time: whoever asks while one runs has its result. */
  start(): Promise<'started' | 'already-running'>;
  /** Of the newest. */
  report(): Promise<
    { readonly status: 'none' | 'running' | 'failed' } | { readonly status: 'done'; readonly report: OrphanReport }
  >;
}
