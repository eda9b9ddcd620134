import { z } from 'zod';

import type { FailureType } from '../../contracts/failures.ts';
import { CordonFailure } from '../../contracts/failures.ts';

/** The call that failed. `creating`: repeating it would make a second thing, so a lost answer is an unknown outcome. */
export interface FailedCall {
  /** As IAM policies spell the service: `iam`, `sts`, `cloudtrail`, `secretsmanager`. */
  readonly service: string;
  readonly operation: string;
  readonly creating: boolean;
}

/** Error codes of IAM, STS, CloudTrail and Secrets Manager, without their `Exception` ending. */
const TYPE_OF_CODE: ReadonlyMap<string, FailureType> = new Map([
  ...all('Throttled', 'Throttling', 'Throttled', 'TooManyRequests', 'RequestLimitExceeded', 'SlowDown'),
  ...all('Throttled', 'RequestThrottled', 'PriorRequestNotComplete', 'BandwidthLimitExceeded'),
  ...all('AccessDenied', 'AccessDenied', 'UnauthorizedOperation', 'Authorization', 'OperationNotPermitted'),
  ...all('NotFound', 'NoSuchEntity', 'ResourceNotFound'),
  ...all('Conflict', 'EntityTemporarilyUnmodifiable', 'ConcurrentModification', 'DeleteConflict'),
  ...all('Conflict', 'EntityAlreadyExists', 'ResourceExists', 'ResourceConflict', 'Conflict'),
  ...all(
    'ValidationFailed',
    'Validation',
    'ValidationError',
    'InvalidInput',
    'MalformedPolicyDocument',
    'LimitExceeded',
  ),
  ...all('ValidationFailed', 'InvalidParameter', 'InvalidParameterValue', 'InvalidRequest', 'UnmodifiableEntity'),
  ...all('ValidationFailed', 'InvalidLookupAttributes', 'InvalidTimeRange', 'InvalidMaxResults', 'InvalidNextToken'),
  ...all('ValidationFailed', 'PolicyEvaluation', 'EncryptionFailure', 'DecryptionFailure', 'MalformedPolicy'),
  ...all(
    'ValidationFailed',
    'PackedPolicyTooLarge',
    'RegionDisabled',
    'PolicyLengthExceeded',
    'PublicPolicy',
    'PasswordPolicyViolation',
  ),
  ...all('Unavailable', 'ServiceUnavailable', 'ServiceFailure', 'InternalFailure', 'InternalServiceError'),
  ...all('ValidationFailed', 'ServiceQuotaExceeded'),
  ...all('Unavailable', 'InternalServiceFailure', 'InternalServer', 'CredentialsProviderError'),
  ...all('TimedOut', 'TimeoutError', 'RequestTimeout', 'AbortError', 'ETIMEDOUT'),
]);

/** Codes that refuse Cordon's own credentials: an operator repairs them, a retry does not. */
const OWN_CREDENTIALS_REFUSED = new Set(
  ['InvalidClientTokenId', 'UnrecognizedClient', 'ExpiredToken', 'InvalidSignature', 'SignatureDoesNotMatch'].concat([
    'MissingAuthenticationToken',
    'IncompleteSignature',
    'RequestExpired',
    'InvalidAccessKeyId',
    'AuthFailure',
  ]),
);

/** Connections that were never made: nothing was sent, so even a creating call may be tried again. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'CredentialsProviderError']);

/**
 * The one place where an SDK error becomes a `CordonFailure`. The vendor's own message is never passed on, because validation
 * messages repeat the value they refuse, and that can be a secret; of a denial the permission and the resource are taken.
 *
 * An error that nobody here knows is `Unavailable`: it is retried inside its budget and then fails the step. It can't become a
 * success or a "not found", and it can't stop a containment at its first sight as a final type would.
 */
export function toFailure(error: unknown, call: FailedCall): CordonFailure {
  if (error instanceof CordonFailure) return error;
  const seen = look(error);
  const name = `${call.service}:${call.operation}`;
  const cause = new Error([seen.code, seen.status && `HTTP ${seen.status}`, seen.requestId].filter(Boolean).join(', '));
  const type = typeOf(seen);
  if (call.creating && (type === 'TimedOut' || type === 'Unavailable') && !NEVER_SENT.has(seen.code)) {
    const message = `${name} got no certain answer (${seen.code}): it may have been made. Reconcile before another try.`;
    return new CordonFailure('OutcomeUnknown', message, { cause });
  }
  const retryAfterMs = type === 'Throttled' || type === 'Unavailable' ? seen.retryAfterMs : undefined;
  return new CordonFailure(type, explain(type, name, seen), {
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

interface Seen {
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string;
  readonly retryAfterMs: number | undefined;
  readonly throttling: boolean;
  readonly message: string;
}

/** What SDK errors and Node's network errors have in common with nothing else that may be thrown: every field is optional. */
const thrown = z.object({
  name: z.string().catch(''),
  code: z.string().catch(''),
  message: z.string().catch(''),
  $metadata: z.object({ httpStatusCode: z.number().optional(), requestId: z.string().optional() }).catch({}),
  $response: z
    .object({ headers: z.object({ 'retry-after': z.coerce.number().min(0) }) })
    .optional()
    .catch(undefined),
  $retryable: z.object({ throttling: z.boolean().optional() }).catch({}),
});

function look(error: unknown): Seen {
  const { name, code, message, $metadata, $response, $retryable } = thrown.parse(Object(error));
  // Node's network errors are called `Error` and carry a code; SDK errors carry their code as the name.
  const spelled = name === '' || name === 'Error' ? code || 'unknown error' : name;
  const retryAfterSeconds = $response?.headers['retry-after'];
  return {
    code: plain(spelled, 60),
    status: $metadata.httpStatusCode,
    requestId: plain($metadata.requestId ?? '', 60),
    retryAfterMs: retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000,
    throttling: $retryable.throttling === true,
    message,
  };
}

function typeOf(seen: Seen): FailureType {
  const code = seen.code.replace(/^Client\./u, '').replace(/Exception$/u, '');
  if (seen.throttling || seen.status === 429) return 'Throttled';
  if (OWN_CREDENTIALS_REFUSED.has(code)) return 'AccessDenied';
  return TYPE_OF_CODE.get(code) ?? 'Unavailable';
}

function explain(type: FailureType, name: string, seen: Seen): string {
  const code = seen.code.replace(/Exception$/u, '');
  switch (type) {
    case 'AccessDenied':
      if (OWN_CREDENTIALS_REFUSED.has(code)) {
        return `AWS refused Cordon's own credentials at ${name} (${code}). Renew them, then try again.`;
      }
      return denial(name, seen.message);
    case 'Throttled':
      return `AWS throttled ${name}.`;
    case 'TimedOut':
      return `${name} did not answer in time.`;
    case 'NotFound':
      return `${name}: AWS does not know what was asked for (${code}).`;
    case 'Conflict':
      return `${name}: another change got in the way (${code}). Read the state again.`;
    case 'ValidationFailed':
      return code === 'LimitExceeded'
        ? `${name} would exceed a quota of the account (LimitExceeded). Make room, then try again.`
        : `${name}: AWS refused the request as it was put (${code}).`;
    default:
      return `${name} failed (${code}${seen.status ? `, HTTP ${seen.status}` : ''}); AWS may be unavailable.`;
  }
}

/** "User: … is not authorized to perform: iam:PutUserPolicy on resource: user alice because …" */
function denial(name: string, message: string): string {
  const permission = /not authorized to perform:? ([a-z0-9-]{1,40}:[A-Za-z0-9]{1,80})/u.exec(message)?.[1] ?? name;
  const resource = /on resource:? ((?:(?:user|role|policy|group) )?[\w+=,.@:/*-]{1,400})/u.exec(message)?.[1];
  const explicit = /with an explicit deny/u.test(message) ? ' An explicit deny stands against it.' : '';
  const on = resource ? ` on ${resource}` : '';
  return `AWS denied ${name}: Cordon lacks the permission ${permission}${on}.${explicit} Grant it ("cordon policy print aws").`;
}

function all(type: FailureType, ...codes: readonly string[]): readonly (readonly [string, FailureType])[] {
  return codes.map((code) => [code, type] as const);
}

function plain(text: string, length: number): string {
  return text.replace(/[^\w .-]/gu, '').slice(0, length);
}
