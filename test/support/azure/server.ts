import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { answerArm } from './arm-routes.ts';
import type { ServerCertificate } from './certificate.ts';
import { EntraRoutes } from './entra-routes.ts';
import { refusalOf, type Faults } from './faults.ts';
import { answerGraph } from './graph-routes.ts';
import { ApiError, type Call, type Json, type Reply } from './http.ts';
import type { World } from './state.ts';
import type { Caller, Issuer, Service } from './tokens.ts';

export interface RecordedRequest {
  readonly method: string;
  /** Without host and query. */
  readonly path: string;
  readonly query: string;
  /** Parsed; secrets in it are `***`. */
  readonly body: unknown;
  /** `null` if the token told of none. */
  callerObjectId: string | null;
  /** `null` while it runs, and for good if the connection was dropped. */
  status: number | null;
  readonly at: Date;
}

interface Parts {
  readonly world: World;
  readonly issuer: Issuer;
  readonly faults: Faults;
  readonly requests: RecordedRequest[];
  readonly certificate: ServerCertificate;
}

export async function listen(parts: Parts, port: number): Promise<{ server: Server; url: string }> {
  const { key, cert } = parts.certificate;
  const entra = new EntraRoutes(parts.world, parts.issuer);
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    handle(parts, entra, incoming, outgoing).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      send(outgoing, { status: 500, body: { error: { code: 'DoubleFailed', message } } });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, url: urlOf(server) };
}

function urlOf(server: Server): string {
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function handle(
  parts: Parts,
  entra: EntraRoutes,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const call = await callOf(incoming);
  const recorded: RecordedRequest = {
    method: call.method,
    path: call.path,
    query: decodeURIComponent(call.query.toString().replaceAll('+', ' ')),
    body: withoutSecrets(call.form.size > 0 ? Object.fromEntries(call.form) : call.body),
    callerObjectId: null,
    status: null,
    at: parts.world.clock(),
  };
  parts.requests.push(recorded);
  const fault = await parts.faults.take(call);
  if (fault?.kind === 'drop-before') return void incoming.socket.destroy();
  if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000));
  const reply = (fault && refusalOf(fault)) ?? (await answer(parts, entra, call, recorded));
  if (fault?.kind === 'drop-after') return void incoming.socket.destroy();
  recorded.status = reply.status;
  send(outgoing, reply);
}

async function answer(
  { world, issuer }: Parts,
  entra: EntraRoutes,
  call: Call,
  recorded: RecordedRequest,
): Promise<Reply> {
  const callerOf = (service: Service) => async (): Promise<Caller> => {
    const caller = await issuer.callerOf(call, service);
    recorded.callerObjectId = caller.objectId;
    return caller;
  };
  try {
    const reply = answerGraph(world, call, callerOf('graph')) ?? answerArm(world, call, callerOf('resourceManager'));
    const answered = (await reply) ?? (await entra.answer(call));
    return (
      answered ?? {
        status: 404,
        body: { error: { code: 'NotFound', message: `No service here answers ${call.path}.` } },
      }
    );
  } catch (error) {
    if (error instanceof ApiError) return error.reply;
    throw error;
  }
}

async function callOf(incoming: IncomingMessage): Promise<Call> {
  const url = new URL(`https://${incoming.headers.host ?? '127.0.0.1'}${(incoming.url ?? '/').replace(/^\/+/u, '/')}`);
  const body = await text(incoming);
  const isForm = incoming.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat()[0]]),
  );
  return {
    method: incoming.method ?? 'GET',
    path: decodeURIComponent(url.pathname).replace(/(?<=.)\/$/u, ''),
    query: url.searchParams,
    headers,
    body: isForm || body === '' ? {} : parse(body),
    form: new URLSearchParams(isForm ? body : ''),
    sourceIpAddress: headers['x-forwarded-for'] ?? '127.0.0.1',
    url: url.origin,
  };
}

function parse(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return { unreadable: body };
  }
}

const SECRETS = new Set(['client_secret', 'client_assertion', 'password', 'refresh_token', 'key']);

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, SECRETS.has(name) ? '***' : withoutSecrets(item)]);
  return Object.fromEntries(entries);
}

function send(outgoing: ServerResponse, { status, body, headers = {} }: Reply): void {
  if (body === undefined) return void outgoing.writeHead(status, headers).end();
  outgoing
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body));
}
