import type { Notice } from '../contracts/activities.ts';
import type { Alert } from '../domain/alert.ts';
import type { CaseState } from '../domain/case.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Plan } from '../domain/plan.ts';
import type { Verdict } from '../domain/verdict.ts';

/** Where a message stands, so that it can be updated: for Slack `{channel, ts}`. */
export type MessageReference = JsonObject;

export interface ApprovalRequest {
  readonly caseId: string;
  readonly workflowId: string;
  readonly plan: Plan;
  readonly verdict: Verdict;
  readonly alerts: readonly Alert[];
  /** ISO 8601: after this nobody is contained. */
  readonly expiresAt: string;
  /** Of a case that was contained before: what was changed then does not depend on this plan. */
  readonly reopened?: boolean;
}

/** What became of a request: the message is locked with who, when and what. */
export interface ApprovalClosed {
  readonly request: ApprovalRequest;
  readonly state: CaseState;
  /** Plain sentences, newest last: `Approved by Dana at 02:14 UTC`, `Contained: proved by …`. */
  readonly lines: readonly string[];
}

/** Throws `CordonFailure`: `Unavailable`/`Throttled` (with retryAfterMs) are retried until the deadline, `NotifierRefused` is final. */
export interface Notifier {
  readonly channel: string;
  requestApproval(request: ApprovalRequest): Promise<MessageReference>;
  updateApproval(message: MessageReference, closed: ApprovalClosed): Promise<void>;
  notify(notice: Notice): Promise<MessageReference>;
}

/** What the channels log through; a pino logger fits. */
export interface NotifyLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}
