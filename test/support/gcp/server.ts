import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { isGranted } from './access.ts';
import { GrantRefused } from './assertion.ts';
import type { AuditLog } from './audit-log.ts';
import { answerOf, type Fault } from './faults.ts';
import { denied, GoogleError } from './google-error.ts';
import { INVENTORY } from './inventory.ts';
import { jsonOf, type Json } from './json.ts';
import { KEYS } from './keys.ts';
import { LOG_ENTRIES } from './log-entries.ts';
import { POLICIES } from './policy-routes.ts';
import { RESOURCES } from './resource-manager.ts';
import type { Call, Route } from './route.ts';
import { ROLES, SERVICE_ACCOUNTS } from './service-accounts.ts';
import { EXCLUSIONS } from './exclusions.ts';
import { SINKS } from './sinks.ts';
import type { State } from './state.ts';
import type { Tokens } from './tokens.ts';

const ROUTES: readonly Route[] = [
  ...POLICIES,
  ...RESOURCES,
  ...SERVICE_ACCOUNTS,
  ...KEYS,
  ...ROLES,
  ...INVENTORY,
  ...LOG_ENTRIES,
  ...SINKS,
  ...EXCLUSIONS,
];

/** A request that came in, in the order of arrival. The token endpoint's assertion is left out of `body`. */
export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: Json;
  /** E-mail of the caller; absent where nobody was recognised. */
  caller?: string;
  /** What a `setIamPolicy` changed, as the audit log tells it. */
  bindingDeltas?: readonly Json[];
  /** HTTP status; absent while it runs and where the connection was dropped. */
  status?: number;
}

export interface Serving {
  readonly state: State;
  readonly tokens: Tokens;
  readonly log: AuditLog;
  readonly requests: RecordedRequest[];
  readonly nextFault: (method: string, url: string, body: unknown) => Promise<Fault | undefined>;
}

interface Answer {
  readonly status: number;
  readonly body: Json;
}

/** Listens on a free port of 127.0.0.1. */
export async function serve(serving: Serving): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((incoming, response) => {
    handle(serving, incoming, response).catch((error: unknown) => {
      // A fault of the double itself: said plainly, so that no test takes it for Google's doing.
      const message = error instanceof Error ? error.stack : String(error);
      response.writeHead(501, { 'content-type': 'text/plain' }).end(`The Google Cloud double failed: ${message}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(serving: Serving, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const raw = await text(incoming);
  const { method = 'GET', url = '/' } = incoming;
  const isToken = url === '/token';
  const request: RecordedRequest = {
    method,
    path: url,
    body: isToken ? { grant_type: new URLSearchParams(raw).get('grant_type') } : parsed(raw),
  };
  serving.requests.push(request);
  const fault = await serving.nextFault(method, url, request.body);
  if (fault?.kind === 'drop-before') return void incoming.socket.destroy();
  if (fault?.kind === 'delay') await sleep(fault.delayMs ?? 0);
  const failure = fault && answerOf(fault.kind);
  const answer = failure
    ? { status: failure.http, body: failure.body }
    : isToken
      ? exchange(serving, raw)
      : url.startsWith('/tokeninfo')
        ? tokenInfo(serving, incoming)
        : await answerCall(serving, incoming, request);
  if (fault?.kind === 'drop-after') return void incoming.socket.destroy();
  request.status = answer.status;
  response
    .writeHead(answer.status, { 'content-type': 'application/json; charset=UTF-8' })
    .end(JSON.stringify(answer.body));
}

function parsed(raw: string): Json {
  try {
    return jsonOf(JSON.parse(raw || '{}'));
  } catch {
    return { unparseable: raw };
  }
}

function exchange({ tokens }: Serving, raw: string): Answer {
  try {
    return { status: 200, body: tokens.exchange(new URLSearchParams(raw)) };
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    return { status: 400, body: error.body };
  }
}

function tokenInfo({ tokens }: Serving, { headers }: IncomingMessage): Answer {
  const body = tokens.info(headers.authorization);
  if (body) return { status: 200, body };
  return { status: 400, body: { error: 'invalid_token', error_description: 'Invalid Value' } };
}

async function answerCall(serving: Serving, incoming: IncomingMessage, request: RecordedRequest): Promise<Answer> {
  try {
    const { pathname, searchParams } = new URL(request.path, 'http://double');
    const { route, params } = routeOf(request.method, decodeURIComponent(pathname));
    const { authorization } = incoming.headers;
    const called = { service: route.service, method: route.methodName };
    const caller = serving.tokens.callerOf(authorization, called);
    request.caller = caller.email;
    const call = { ...serving, caller, params, query: searchParams, body: request.body, audited: {} as Json };
    const body = await carryOut(route, call, serving.log, incoming);
    const { bindingDeltas } = jsonOf(jsonOf(call.audited['serviceData'])['policyDelta']);
    if (Array.isArray(bindingDeltas)) request.bindingDeltas = bindingDeltas.map(jsonOf);
    return { status: 200, body };
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    return { status: error.http, body: error.body };
  }
}

function routeOf(method: string, path: string): { route: Route; params: Record<string, string | undefined> } {
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match) return { route, params: { ...match.groups } };
  }
  throw new GoogleError(
    'UNIMPLEMENTED',
    `The Google Cloud double has no ${method} ${path}: add it to test/support/gcp.`,
  );
}

/** Permission first, existence second, then the work; each outcome goes to the audit log. */
async function carryOut(route: Route, call: Call, log: AuditLog, incoming: IncomingMessage): Promise<Json> {
  const target = route.target(call);
  const permission = typeof route.permission === 'function' ? route.permission(call) : route.permission;
  const granted = permission === undefined || isGranted(call.state, call.caller, permission, target);
  const record = (error: GoogleError | undefined) =>
    log.record({ ...call, route, target, permission, granted, error, ...senderOf(incoming) });
  try {
    if (permission !== undefined && !granted) throw denied(route.service, permission, target.name, call.caller.email);
    if (target.missing) throw target.missing;
    const answer = await route.answer(call, target);
    record(undefined);
    return answer;
  } catch (error) {
    if (error instanceof GoogleError) record(error);
    throw error;
  }
}

/** All clients of a test sit on this machine: one that plays somebody elsewhere says so in `x-forwarded-for`. */
function senderOf({ headers, socket }: IncomingMessage): { callerIp: string; userAgent: string } {
  const forwarded = headers['x-forwarded-for'];
  return {
    callerIp: (typeof forwarded === 'string' ? forwarded : undefined) ?? socket.remoteAddress ?? '127.0.0.1',
    userAgent: `${headers['user-agent'] ?? ''},gzip(gfe)`,
  };
}
