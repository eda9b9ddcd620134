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
}

/** What became of a request: the message is locked with who, when and what. */
export interface ApprovalClosed {
  readonly request: ApprovalRequest;
  readonly state: CaseState;
  /** Plain sentences, newest last: `Approved by Dana at 02:14 UTC`, `Contained: proved by …`. */
  readonly lines: readonly string[];
}

/** Something a person must know or look at: a parked alert, an end state, the fallback of a request that could not be posted. */
export interface Notice {
  /** Posting the same key twice shows one message where the channel can tell. */
  readonly key: string;
  readonly urgency: 'page' | 'inform';
  readonly title: string;
  readonly lines: readonly string[];
  readonly caseId?: string;
}

/** Throws `CordonFailure`: `Unavailable`/`Throttled` (with retryAfterMs) are retried until the deadline, `NotifierRefused` is final. */
export interface Notifier {
  readonly channel: string;
  requestApproval(request: ApprovalRequest): Promise<MessageReference>;
  updateApproval(message: MessageReference, closed: ApprovalClosed): Promise<void>;
  notify(notice: Notice): Promise<MessageReference>;
}
