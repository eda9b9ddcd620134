import type { Json } from './json.ts';

/** Canonical statuses that we answer with: HTTP code and the number that audit logs carry (google.rpc.Code). */
const STATUSES = {
  INVALID_ARGUMENT: [400, 3],
  FAILED_PRECONDITION: [400, 9],
  UNAUTHENTICATED: [401, 16],
  PERMISSION_DENIED: [403, 7],
  NOT_FOUND: [404, 5],
  ALREADY_EXISTS: [409, 6],
  ABORTED: [409, 10],
  RESOURCE_EXHAUSTED: [429, 8],
  INTERNAL: [500, 13],
  UNIMPLEMENTED: [501, 12],
  UNAVAILABLE: [503, 14],
} as const satisfies Record<string, readonly [http: number, rpc: number]>;

export type Status = keyof typeof STATUSES;

/** What Google answers instead of a result. `body` is the whole response body. */
export class GoogleError extends Error {
  readonly http: number;
  readonly rpc: number;
  readonly body: Json;

  constructor(
    status: Status,
    message: string,
    extra: { info?: ErrorInfo; legacyReason?: string; details?: readonly Json[] } = {},
  ) {
    super(message);
    [this.http, this.rpc] = STATUSES[status];
    const details =
      extra.details ?? (extra.info && [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...extra.info }]);
    const errors = extra.legacyReason && [{ message, domain: 'global', reason: extra.legacyReason }];
    this.body = {
      error: {
        code: this.http,
        message,
        ...(errors ? { errors } : {}),
        // The older JSON APIs (Compute, Storage, SQL) have `errors` where the newer ones have `status` and `details`.
        ...(errors ? {} : { status }),
        ...(details ? { details } : {}),
      },
    };
  }
}

interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata?: Record<string, string>;
}

const LOOK_AT_THE_TOKEN =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';

/** 401 of every API; reasons are those of google/api/error_reason.proto. */
export function unauthenticated(
  reason: 'CREDENTIALS_MISSING' | 'ACCESS_TOKEN_TYPE_UNSUPPORTED' | 'ACCESS_TOKEN_EXPIRED' | 'ACCOUNT_STATE_INVALID',
  metadata: Record<string, string> = {},
): GoogleError {
  const start =
    reason === 'CREDENTIALS_MISSING'
      ? 'Request is missing required authentication credential.'
      : 'Request had invalid authentication credentials.';
  const info = { reason, domain: 'googleapis.com', metadata };
  return new GoogleError('UNAUTHENTICATED', `${start} ${LOOK_AT_THE_TOKEN}`, { info });
}

/** 403 as the service words it. Cloud SQL is the one that doesn't name the permission. */
export function denied(service: string, permission: string, resource: string, email: string): GoogleError {
  const info = {
    reason: 'IAM_PERMISSION_DENIED',
    domain: service === 'iamcredentials.googleapis.com' ? 'iam.googleapis.com' : service,
    metadata: { permission, resource },
  };
  const forbidden = (message: string) => new GoogleError('PERMISSION_DENIED', message, { legacyReason: 'forbidden' });
  switch (service) {
    case 'compute.googleapis.com':
      return forbidden(`Required '${permission}' permission for '${resource}'`);
    case 'storage.googleapis.com':
      return forbidden(
        `${email} does not have ${permission} access to the Google Cloud project. Permission '${permission}' denied on resource (or it may not exist).`,
      );
    case 'sqladmin.googleapis.com':
      return new GoogleError('PERMISSION_DENIED', 'The client is not authorized to make this request.', {
        legacyReason: 'notAuthorized',
      });
    case 'container.googleapis.com':
      return new GoogleError('PERMISSION_DENIED', `Required "${permission}" permission(s) for "${resource}".`, {
        info,
      });
    case 'cloudresourcemanager.googleapis.com':
    case 'cloudfunctions.googleapis.com':
      return new GoogleError(
        'PERMISSION_DENIED',
        `Permission '${permission}' denied on resource '//${service}/${resource}' (or it may not exist).`,
        { info },
      );
    default:
      return new GoogleError(
        'PERMISSION_DENIED',
        `Permission '${permission}' denied on resource (or it may not exist).`,
        {
          info,
        },
      );
  }
}
