import { z } from 'zod';

import type { FailureType } from '../../contracts/failures.ts';
import { CordonFailure } from '../../contracts/failures.ts';
import { permissionOfCall } from './calls.ts';

/** The HTTP request that failed, without its query and body. */
export interface FailedCall {
  readonly method: string;
  readonly url: string;
}

/** Canonical statuses of Google's APIs: https://cloud.google.com/apis/design/errors#handling_errors */
const TYPE_OF_STATUS: ReadonlyMap<string, FailureType> = new Map([
  ['PERMISSION_DENIED', 'AccessDenied'],
  ['UNAUTHENTICATED', 'AccessDenied'],
  ['NOT_FOUND', 'NotFound'],
  ['ABORTED', 'Conflict'],
  ['ALREADY_EXISTS', 'Conflict'],
  ['RESOURCE_EXHAUSTED', 'Throttled'],
  ['DEADLINE_EXCEEDED', 'TimedOut'],
  ['UNAVAILABLE', 'Unavailable'],
  ['INTERNAL', 'Unavailable'],
]);

/** Reasons that come as 403 and mean a quota. */
const QUOTA = new Set(['RATE_LIMIT_EXCEEDED', 'rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded']);
/** Answers of the token endpoint about Cordon's own credentials: an operator repairs them, a retry does not. */
const OWN_CREDENTIALS_REFUSED = new Set(['invalid_grant', 'invalid_client', 'unauthorized_client', 'UNAUTHENTICATED']);
const TIMED_OUT = /^(?:TimeoutError|AbortError|ETIMEDOUT|ESOCKETTIMEDOUT)$/u;

/**
 * The one place where an error of the SDK becomes a `CordonFailure`. Google's own words are never passed on, because they repeat
 * values that were sent; of a denial the permission is taken. Without a status (nothing was answered) it is `Unavailable`.
 */
export function toFailure(error: unknown, call: FailedCall): CordonFailure {
  if (error instanceof CordonFailure) return error;
  const seen = look(error);
  const type = typeOf(seen);
  const cause = new Error([seen.code, seen.http && `HTTP ${seen.http}`, seen.reason].filter(Boolean).join(', '));
  const { retryAfterMs } = seen;
  const waits = type === 'Throttled' || type === 'Unavailable';
  return new CordonFailure(type, explain(type, seen, call), {
    cause,
    ...(waits && retryAfterMs !== undefined ? { retryAfterMs } : {}),
  });
}

interface Seen {
  readonly code: string;
  readonly http: number | undefined;
  readonly reason: string;
  readonly permission: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** What the APIs answer, and the token endpoint, whose `error` is a text. */
const body = z.object({
  error: z.union([
    z.string(),
    z.object({
      status: z.string().catch(''),
      message: z.string().catch(''),
      errors: z.array(z.object({ reason: z.string().catch('') })).catch([]),
      details: z
        .array(
          z.object({
            reason: z.string().catch(''),
            metadata: z.object({ permission: z.string().optional() }).catch({}),
          }),
        )
        .catch([]),
    }),
  ]),
});

const thrown = z.object({
  message: z.string().catch(''),
  response: z
    .object({ status: z.number().optional(), data: body.optional().catch(undefined), headers: z.unknown() })
    .optional()
    .catch(undefined),
});

function look(error: unknown): Seen {
  const { message, response } = thrown.parse(Object(error));
  const answer = response?.data?.error;
  const structured = typeof answer === 'object' ? answer : undefined;
  const spelled = typeof answer === 'string' ? answer : structured?.status || codeOf(error);
  const found = structured?.details.find(({ metadata }) => metadata.permission)?.metadata.permission;
  return {
    code: plain(spelled || 'unknown error'),
    http: response?.status,
    reason: plain(structured?.details[0]?.reason || structured?.errors[0]?.reason || ''),
    permission: asPermission(found ?? /'([a-zA-Z.]+)'/u.exec(structured?.message ?? message)?.[1]),
    retryAfterMs: retryAfter(response?.headers),
  };
}

/** The SDK wraps what the network said, and the network's own client did so before. */
function codeOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one.name === 'TimeoutError' || one.name === 'AbortError') return one.name;
    const { code } = one as { readonly code?: unknown };
    if (typeof code === 'string' && code !== '') return code;
  }
  return error instanceof Error ? error.name : '';
}

function typeOf({ code, http, reason }: Seen): FailureType {
  if (OWN_CREDENTIALS_REFUSED.has(code) || http === 401) return 'AccessDenied';
  if (http === 429 || QUOTA.has(reason)) return 'Throttled';
  const known = TYPE_OF_STATUS.get(code);
  if (known) return known;
  if (http === undefined) return TIMED_OUT.test(code) ? 'TimedOut' : 'Unavailable';
  if (http === 403) return 'AccessDenied';
  if (http === 404) return 'NotFound';
  if (http === 409 || http === 412) return 'Conflict';
  if (http === 408 || http === 504) return 'TimedOut';
  return http >= 500 && http !== 501 ? 'Unavailable' : 'ValidationFailed';
}

function explain(type: FailureType, seen: Seen, call: FailedCall): string {
  const name = nameOf(call);
  switch (type) {
    case 'AccessDenied': {
      if (OWN_CREDENTIALS_REFUSED.has(seen.code) || seen.http === 401)
        return `Google refused Cordon's own credentials at ${name} (${seen.code}). Renew them, then try again.`;
      if (seen.reason === 'SERVICE_DISABLED')
        return `${name}: this API is not enabled in the project of Cordon's credentials. Enable it, then try again.`;
      const permission = seen.permission ?? permissionOfCall(call) ?? 'of this call';
      return `Google denied ${name}: Cordon lacks the permission ${permission}. Grant it ("cordon policy print gcp").`;
    }
    case 'Throttled':
      return `Google throttled ${name}.`;
    case 'TimedOut':
      return `${name} did not answer in time.`;
    case 'NotFound':
      return `${name}: Google does not know what was asked for.`;
    case 'Conflict':
      return `${name}: another change got in the way (${seen.code}). Read the state again.`;
    case 'ValidationFailed':
      return `${name}: Google refused the request as it was put (${seen.code}${seen.reason ? `, ${seen.reason}` : ''}).`;
    default:
      return `${name} failed (${seen.code}${seen.http ? `, HTTP ${seen.http}` : ''}); Google Cloud may be unavailable.`;
  }
}

/** `POST iam.googleapis.com/v1/projects/…:disable`: what was called on what, without query or body. */
function nameOf({ method, url }: FailedCall): string {
  const { host, pathname } = URL.canParse(url) ? new URL(url) : { host: '', pathname: url };
  return `${method} ${host}${pathname.replaceAll('%40', '@')}`.replace(/[^\w .:/@%+-]/gu, '').slice(0, 300);
}

function retryAfter(headers: unknown): number | undefined {
  const value = headers instanceof Headers ? headers.get('retry-after') : undefined;
  const seconds = value ? Number(value) : Number.NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function asPermission(text: string | undefined): string | undefined {
  return text !== undefined && /^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$/u.test(text) ? text : undefined;
}

function plain(text: string): string {
  return text.replace(/[^\w .-]/gu, '').slice(0, 60);
}
