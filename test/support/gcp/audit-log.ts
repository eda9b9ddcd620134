import { randomBytes } from 'node:crypto';

import type { Caller } from './access.ts';
import type { GoogleError } from './google-error.ts';
import { jsonOf, type Json } from './json.ts';
import { compileFilter } from './log-filter.ts';
import { ancestry, containerOf, type State } from './state.ts';
import type { Route, Target } from './route.ts';

export interface AuditLog {
  /** Entries that Cloud Logging shows by now, oldest first. */
  visible(): readonly Json[];
  /** History from before the test; shown at once. */
  seed(entries: readonly Json[]): void;
  record(made: MadeCall): void;
}

export interface MadeCall {
  readonly route: Route;
  readonly caller: Caller;
  readonly target: Target;
  readonly permission: string | undefined;
  readonly granted: boolean;
  readonly error: GoogleError | undefined;
  readonly callerIp: string;
  readonly userAgent: string;
  readonly body: Json;
  readonly audited: Json;
}

/** `logDelayMs`: from the call to the moment at which the entry can be read; seconds to minutes in the real one. */
export function auditLogOf(state: State, logDelayMs: number): AuditLog {
  const entries: { entry: Json; visibleAtMs: number }[] = [];
  return {
    visible: () =>
      entries
        .filter(({ visibleAtMs }) => visibleAtMs <= state.nowMs())
        .map(({ entry }) => entry)
        .toSorted((a, b) => Date.parse(String(a['timestamp'])) - Date.parse(String(b['timestamp']))),
    seed(past) {
      entries.push(...past.map((entry) => ({ entry, visibleAtMs: 0 })));
    },
    record(made) {
      const container = ancestry(state, made.target.name).find((name) => containerOf(state, name));
      const { log } = made.route;
      if (log === undefined || container === undefined) return;
      if (log === 'data_access' && !hasDataAccessLogs(state, container)) return;
      const entry = entryOf(state, made, container);
      if (log === 'data_access' && !isKept(state, container, entry)) return;
      entries.push({ entry, visibleAtMs: state.nowMs() + logDelayMs });
    },
  };
}

/** Off unless an `auditConfigs` on the way up says otherwise, as in every new project. */
function hasDataAccessLogs(state: State, container: string): boolean {
  return ancestry(state, container).some((name) =>
    (state.policies.get(name)?.auditConfigs ?? []).some((one) => jsonOf(one)['service'] === 'allServices'),
  );
}

/** A `_Default` sink that is disabled, deleted or has an exclusion loses entries for good: what a thief would do first. */
function isKept(state: State, container: string, entry: Json): boolean {
  const sink = state.sinks.get(`${container}/sinks/_Default`);
  if (!sink || sink['disabled'] === true) return false;
  const exclusions = Array.isArray(sink['exclusions']) ? sink['exclusions'].map((one) => jsonOf(one)) : [];
  return !exclusions.some(({ filter, disabled }) => disabled !== true && compileFilter(String(filter))(entry));
}

function entryOf(state: State, made: MadeCall, container: string): Json {
  const { route, target, error } = made;
  const time = new Date(state.nowMs()).toISOString();
  const severity = error ? 'ERROR' : route.log === 'activity' ? 'NOTICE' : 'INFO';
  return {
    protoPayload: payloadOf(made, time),
    insertId: randomBytes(7).toString('hex'),
    resource: target.monitored ?? { type: 'audited_resource', labels: labelsOf(made, container) },
    timestamp: time,
    severity,
    logName: `${container}/logs/cloudaudit.googleapis.com%2F${route.log}`,
    receiveTimestamp: time,
  };
}

function labelsOf({ route }: MadeCall, container: string): Record<string, string> {
  const [collection = '', id = ''] = container.split('/');
  return { service: route.service, method: route.methodName, [`${collection.slice(0, -1)}_id`]: id };
}

function payloadOf(
  { route, caller, target, permission, granted, error, body, audited, ...made }: MadeCall,
  time: string,
): Json {
  const resource = target.loggedName ?? target.name;
  const request = route.methodName.startsWith('google.')
    ? { '@type': `type.googleapis.com/${requestTypeOf(route.methodName)}` }
    : {};
  return {
    '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
    status: error ? { code: error.rpc, message: error.message } : {},
    authenticationInfo: authenticationOf(caller),
    requestMetadata: {
      callerIp: made.callerIp,
      callerSuppliedUserAgent: made.userAgent,
      requestAttributes: { time, auth: {} },
      destinationAttributes: {},
    },
    serviceName: route.service,
    methodName: route.methodName,
    ...(permission === undefined
      ? {}
      : {
          authorizationInfo: [
            {
              resource,
              permission,
              ...(granted ? { granted } : {}),
              resourceAttributes: { service: route.service, name: resource, type: target.type },
            },
          ],
        }),
    resourceName: resource,
    request: { ...request, ...body },
    ...audited,
  };
}

/** `google.logging.v2.ConfigServiceV2.CreateSink` is asked with `google.logging.v2.CreateSinkRequest`. */
function requestTypeOf(methodName: string): string {
  return `${methodName.replace(/\.[A-Z]\w+(?=\.[A-Z])/, '')}Request`;
}

/** Also who stood behind a token that was made for somebody else. */
function authenticationOf({ email, member, keyName, delegate }: Caller): Json {
  return {
    principalEmail: email,
    principalSubject: member,
    ...(keyName === undefined ? {} : { serviceAccountKeyName: keyName }),
    ...(delegate
      ? {
          serviceAccountDelegationInfo: [
            { principalSubject: delegate.member, firstPartyPrincipal: { principalEmail: delegate.email } },
          ],
        }
      : {}),
  };
}
