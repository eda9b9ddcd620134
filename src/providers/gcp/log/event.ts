import { z } from 'zod';

/**
 * The fields that we use of an entry of Cloud Audit Logs; each may be missing.
 * https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
 *
 *     {"insertId":"…","timestamp":"2026-01-01T12:00:00.123Z","resource":{"type":"service_account","labels":{"email_id":"…"}},
 *      "protoPayload":{"serviceName":"iam.googleapis.com","methodName":"google.iam.admin.v1.CreateServiceAccountKey",
 *       "authenticationInfo":{"principalEmail":"ci@shop-prod.iam.gserviceaccount.com",
 *        "serviceAccountKeyName":"//iam.googleapis.com/projects/…/keys/…"},
 *       "requestMetadata":{"callerIp":"203.0.113.7","callerSuppliedUserAgent":"…"},"status":{"code":7}}}
 */
const text = z.string().nullish();
const fields = z.record(z.string(), z.unknown()).nullish().catch(null);
/** https://cloud.google.com/logging/docs/reference/audit/iam/rest/Shared.Types/PolicyDelta */
const delta = z.object({
  action: text,
  role: text,
  member: text,
  condition: z.record(z.string(), z.string()).nullish(),
});
export type BindingDelta = z.output<typeof delta>;

const entry = z.object({
  insertId: z.string().min(1),
  timestamp: z.iso.datetime({ offset: true }),
  logName: text,
  resource: z.object({ labels: z.record(z.string(), z.string()).nullish().catch(null) }).nullish(),
  protoPayload: z.object({
    serviceName: z.string().min(1),
    methodName: z.string().min(1),
    resourceName: text,
    status: z.object({ code: z.number().nullish() }).nullish(),
    authenticationInfo: z.object({ principalEmail: text, serviceAccountKeyName: text }).nullish(),
    requestMetadata: z.object({ callerIp: text, callerSuppliedUserAgent: text }).nullish(),
    serviceData: z
      .object({ policyDelta: z.object({ bindingDeltas: z.array(delta) }) })
      .nullish()
      .catch(null),
    request: fields,
    response: fields,
  }),
});

/** One call, as far as it matters here. Absent texts are empty. */
export interface LogEvent {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** As permissions spell it: `compute`. */
  readonly service: string;
  /** The whole name: `v1.compute.instances.list`. */
  readonly method: string;
  /** Its last part: `SetIamPolicy`. */
  readonly name: string;
  readonly resourceName: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Lower case. */
  readonly email: string;
  readonly keyId: string;
  readonly address: string;
  readonly userAgent: string;
  readonly failed: boolean;
  /** Refused for want of permission; another failure means that the call was allowed. */
  readonly denied: boolean;
  /** What a change of a policy gave to whom, or took from whom. */
  readonly deltas: readonly BindingDelta[];
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
}

const PERMISSION_DENIED = 7;

/** Null for what is no audit entry: the caller counts it, because an unread entry is not a harmless one. */
export function readEvent(value: unknown): LogEvent | null {
  const parsed = entry.safeParse(value);
  if (!parsed.success) return null;
  const { insertId, timestamp, logName, resource, protoPayload: payload } = parsed.data;
  const code = payload.status?.code ?? 0;
  return {
    // An insert id is unique in one log and at one time only.
    id: `${logName ?? ''} ${timestamp} ${insertId}`,
    at: new Date(timestamp).toISOString(),
    service: payload.serviceName.replace(/\.googleapis\.com$/u, ''),
    method: payload.methodName,
    name: payload.methodName.split('.').at(-1) ?? payload.methodName,
    resourceName: payload.resourceName ?? '',
    labels: resource?.labels ?? {},
    email: (payload.authenticationInfo?.principalEmail ?? '').toLowerCase(),
    keyId: payload.authenticationInfo?.serviceAccountKeyName?.split('/').at(-1) ?? '',
    address: payload.requestMetadata?.callerIp ?? '',
    userAgent: payload.requestMetadata?.callerSuppliedUserAgent ?? '',
    failed: code !== 0,
    denied: code === PERMISSION_DENIED,
    deltas: payload.serviceData?.policyDelta.bindingDeltas ?? [],
    request: payload.request ?? {},
    response: payload.response ?? {},
  };
}
