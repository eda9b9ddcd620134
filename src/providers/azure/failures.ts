import { z } from 'zod';

import type { FailureType } from '../../contracts/failures.ts';
import { CordonFailure } from '../../contracts/failures.ts';

/** The call that failed, and what an operator would have to grant for it. */
export interface FailedCall {
  /** Method and path, for example `PATCH /v1.0/users/…`. */
  readonly name: string;
  /** As Azure spells it: `Microsoft.Authorization/roleAssignments/write`, or an application permission of Graph. */
  readonly permission: string;
}

/** Refusals of the token endpoint that pass by themselves; every other one is for an operator to repair. */
const PASSING = new Set(['AADSTS90006', 'AADSTS90012', 'AADSTS90033', 'AADSTS50196']);

/** The sign-in log is for directories with a licence of Entra ID P1; the answer has status 403, but no permission helps. */
const NO_SIGN_IN_LOG = 'Authentication_RequestFromNonPremiumTenantOrB2CTenant';

/** To read the logs an application needs a second permission. */
const NO_DIRECTORY_READ = 'Authentication_ApplicationHasNoDirectoryReadAccess';

/** A lock on a scope forbids what was asked, until a person takes it off: no try changes that. */
export const LOCKED = 'ScopeLocked';

/** Codes that say more than their HTTP status. */
const TYPE_OF_CODE: ReadonlyMap<string, FailureType> = new Map([
  [LOCKED, 'ValidationFailed'],
  ['Directory_ConcurrencyViolation', 'Conflict'],
  [NO_SIGN_IN_LOG, 'ValidationFailed'],
  ['TooManyRequests', 'Throttled'],
  ['AbortError', 'TimedOut'],
  ['ETIMEDOUT', 'TimedOut'],
  ['ESOCKETTIMEDOUT', 'TimedOut'],
]);

const TYPE_OF_STATUS: ReadonlyMap<number, FailureType> = new Map([
  [401, 'AccessDenied'],
  [403, 'AccessDenied'],
  [404, 'NotFound'],
  [410, 'NotFound'],
  [408, 'TimedOut'],
  [409, 'Conflict'],
  [412, 'Conflict'],
  [423, 'Conflict'],
  [429, 'Throttled'],
]);

/**
 * The one place where an answer or an error of Azure becomes a `CordonFailure`. Azure's own message is never passed on: it repeats
 * what was sent, and that can be a secret. Of a denial the permission and the scope are taken.
 *
 * What nobody here knows is `Unavailable`: retried inside its budget, never a success and never "not found". Every write of this
 * provider may be repeated, so none ends as `OutcomeUnknown`: its names are ours, or it only takes away, or, where Azure takes a
 * name once only (requests of Privileged Identity Management), what stands under the name is read.
 */
export function toFailure(error: unknown, call: FailedCall): CordonFailure {
  if (error instanceof CordonFailure) return error;
  const seen = look(error);
  const cause = new Error([seen.code, seen.status && `HTTP ${seen.status}`, seen.requestId].filter(Boolean).join(', '));
  if (seen.ofCredential) return credentialFailure(seen, call, cause);
  const type = typeOf(seen);
  const retryAfterMs = type === 'Throttled' || type === 'Unavailable' ? seen.retryAfterMs : undefined;
  return new CordonFailure(type, explain(type, call, seen), {
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Whether Azure refused with this code, where the type of the failure says less. */
export function refusedWith(error: unknown, code: string): error is CordonFailure {
  return error instanceof CordonFailure && error.cause instanceof Error && error.cause.message.split(', ')[0] === code;
}

/** Whether a lock forbids it. */
export const isLocked = (error: unknown): error is CordonFailure => refusedWith(error, LOCKED);

interface Seen {
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string;
  readonly retryAfterMs: number | undefined;
  readonly message: string;
  readonly ofCredential: boolean;
}

const headers = z.custom<{ get(name: string): string | undefined }>(
  (value) => typeof (value as { get?: unknown } | undefined)?.get === 'function',
);

/** What errors of the pipeline, of the SDK and of Node have in common with nothing else that may be thrown. */
const thrown = z.object({
  name: z.string().catch(''),
  code: z.string().catch(''),
  message: z.string().catch(''),
  statusCode: z.number().optional().catch(undefined),
  response: z
    .object({ bodyAsText: z.string().nullish().catch(null), headers: headers.optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
const refusal = z.object({ error: z.object({ code: z.string().catch(''), message: z.string().catch('') }) });

const OF_CREDENTIAL = /^(?:Aggregate)?Authentication(?:Required)?Error$|^CredentialUnavailableError$/u;

function look(error: unknown): Seen {
  const { name, code, message, statusCode, response } = thrown.parse(Object(error));
  const said = refusalIn(response?.bodyAsText ?? '');
  const spelled = said.code || (name === 'AbortError' ? name : code) || name || 'unknown error';
  const seconds = Number(response?.headers?.get('retry-after') ?? Number.NaN);
  return {
    code: plain(spelled),
    status: statusCode,
    requestId: plain(response?.headers?.get('x-ms-request-id') ?? response?.headers?.get('request-id') ?? ''),
    retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
    message: said.message || message,
    ofCredential: OF_CREDENTIAL.test(name),
  };
}

function refusalIn(body: string): { code: string; message: string } {
  try {
    return refusal.parse(JSON.parse(body)).error;
  } catch {
    return { code: '', message: '' };
  }
}

function typeOf({ code, status }: Seen): FailureType {
  const known = TYPE_OF_CODE.get(code) ?? (status === undefined ? undefined : TYPE_OF_STATUS.get(status));
  if (known) return known;
  return status !== undefined && status >= 400 && status < 500 ? 'ValidationFailed' : 'Unavailable';
}

function credentialFailure({ message, code }: Seen, call: FailedCall, cause: Error): CordonFailure {
  const refused = /AADSTS\d{4,8}/u.exec(message)?.[0];
  if (refused === undefined || PASSING.has(refused)) {
    const why = refused ?? code;
    return new CordonFailure(
      'Unavailable',
      `No token for ${call.name} could be had (${why}); Entra may be unavailable.`,
      { cause },
    );
  }
  const text = `Entra refused Cordon's own credentials at ${call.name} (${refused}). Renew them, then try again.`;
  return new CordonFailure('AccessDenied', text, { cause });
}

function explain(type: FailureType, { name, permission }: FailedCall, seen: Seen): string {
  const { code, status } = seen;
  switch (type) {
    case 'AccessDenied':
      if (status === 401) return `Azure refused Cordon's own token at ${name} (${code}). Check its credentials.`;
      return denial(name, code === NO_DIRECTORY_READ ? 'Directory.Read.All' : permission, seen.message);
    case 'Throttled':
      return `Azure throttled ${name}.`;
    case 'TimedOut':
      return `${name} did not answer in time.`;
    case 'NotFound':
      return `${name}: Azure does not know what was asked for (${code}).`;
    case 'Conflict':
      return `${name}: another change got in the way (${code}). Read the state again.`;
    case 'ValidationFailed':
      if (code === NO_SIGN_IN_LOG)
        return `${name}: the directory has no licence (Entra ID P1) that lets its sign-in log be read.`;
      if (code === LOCKED) return `${name}: ${lockIn(seen.message)} forbids it: remove the lock, then try again.`;
      return `${name}: Azure refused the request as it was put (${code}).`;
    default:
      return `${name} failed (${code}${status ? `, HTTP ${status}` : ''}); Azure may be unavailable.`;
  }
}

/** "The scope '…' cannot perform delete operation because following scope(s) are locked: '/subscriptions/…'. Please remove …" */
function lockIn(message: string): string {
  const scope = /are locked: '([\w./() -]{1,400})'/u.exec(message)?.[1];
  return scope ? `a lock on ${scope}` : 'a lock';
}

/**
 * "The client '…' does not have authorization to perform action 'Microsoft.…/write' over scope '/subscriptions/…' or …", and where it
 * may do that, but not link to something else: "… has permission to perform action '…' on scope '…'; however, it does not have
 * permission to perform action '…' on the linked scope(s) '…' or …".
 */
function denial(name: string, permission: string, message: string): string {
  const lacking = /does not have .*$/su.exec(message)?.[0] ?? message;
  const action = /perform action '([\w./*-]{1,200})'/u.exec(lacking)?.[1] ?? permission;
  const scope = /(?:over scope|on the linked scope\(s\)) '([\w./() -]{1,400})'/u.exec(lacking)?.[1];
  const privileged = /^User(?:\.EnableDisable|\.RevokeSessions|-Password)/u.test(permission)
    ? ' Users with a role in the directory need a directory role besides.'
    : '';
  const on = scope ? ` on ${scope}` : '';
  return `Azure denied ${name}: Cordon lacks the permission ${action}${on}. Grant it ("cordon policy print azure").${privileged}`;
}

function plain(text: string): string {
  return text.replace(/[^\w .-]/gu, '').slice(0, 60);
}
