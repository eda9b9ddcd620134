/**
 * Types of `ApplicationFailure` that cross the workflow boundary. Final ones are not retried; the others are retried inside
 * the budget of the activity's class.
 */
export const FINAL_FAILURES = [
  /** Kill switch is on. */
  'Stopped',
  /** Signature, digest, approver or quorum does not hold. */
  'ApprovalInvalid',
  /** Target empty, wildcard, protected, Cordon itself, or no longer the identity that the plan named. */
  'TargetRefused',
  'BudgetExceeded',
  /** The cloud denied a call; the message names the missing permission. */
  'AccessDenied',
  /** The cloud or our own schema refused the request as malformed. */
  'ValidationFailed',
  /** The target is gone. */
  'NotFound',
  /** Timeout or lost response on a creating call: reconcile, never repeat. */
  'OutcomeUnknown',
  /** Observe mode, or a plan with obstacles. */
  'NotPermittedByMode',
  /** Slack refused the message itself or the credentials: retrying can't help, the fallback channel is next. */
  'NotifierRefused',
] as const;
export const RETRYABLE_FAILURES = [
  'Throttled',
  'Unavailable',
  'TimedOut',
  /** The state changed between read and write (stale etag): read again. */
  'Conflict',
] as const;
export type FinalFailure = (typeof FINAL_FAILURES)[number];
export type FailureType = FinalFailure | (typeof RETRYABLE_FAILURES)[number];

/**
 * The one error that providers, notifier and containment throw on purpose. The activity boundary turns it into an
 * `ApplicationFailure` of the same type; any other error is a defect and is retried as such.
 */
export class CordonFailure extends Error {
  readonly type: FailureType;
  /** Milliseconds the far side asked us to wait (Retry-After). */
  readonly retryAfterMs: number | undefined;

  constructor(type: FailureType, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CordonFailure';
    this.type = type;
    this.retryAfterMs = options.retryAfterMs;
  }

  get final(): boolean {
    return (FINAL_FAILURES as readonly string[]).includes(this.type);
  }
}
