import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { blockKitFault } from './block-kit-limits.ts';

type Json = Record<string, unknown>;

/** A modal as the app opened it. */
export interface SlackView {
  readonly id: string;
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly blocks: readonly Json[];
  readonly [field: string]: unknown;
}

/** An answer that Slack is to give in place of the real one. */
export interface SlackFault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
}

export interface SlackFront {
  readonly apiUrl: string;
  /** Bodies that the app sent to response URLs, oldest first. */
  readonly responses: readonly Json[];
  /** The methods called so far with their time, oldest first. */
  readonly calls: readonly { readonly method: string; readonly atMs: number }[];
  /** While set, decides what a call of the app is answered; undefined lets it through. `() => ({ status: 503 })` is Slack down. */
  fault: ((method: string) => SlackFault | undefined) | undefined;
  /** Where an app may answer a click on this message. */
  responseUrl(channelId: string, messageTs: string): string;
  /** The modal opened with this trigger, if it was opened. */
  viewOf(triggerId: string): SlackView | undefined;
  /** Calls a Web API method past `fault`. Throws with Slack's own error code. */
  call<Answer>(method: string, token: string, body: Json): Promise<Answer>;
  stop(): Promise<void>;
}

/** Stands before the emulator: refuses what the real Slack refuses, keeps what a person would see, and fails on demand. */
export async function startSlackFront(
  emulatorUrl: string,
  tokens: readonly string[],
  botToken: string,
): Promise<SlackFront> {
  const views = new Map<string, SlackView>();
  const responses: Json[] = [];
  const calls: { method: string; atMs: number }[] = [];

  async function forward(method: string, authorization: string, contentType: string, body: string): Promise<Json> {
    const headers = { authorization, 'content-type': contentType };
    const answer = await fetch(`${emulatorUrl}/api/${method}`, { method: 'POST', headers, body });
    return (await answer.json()) as Json;
  }

  async function answerApi(method: string, request: IncomingMessage, body: string): Promise<SlackFault> {
    calls.push({ method, atMs: Date.now() });
    const fault = front.fault?.(method);
    if (fault) return fault;
    const sent = parseBody(request.headers['content-type'] ?? '', body);
    const token = typeof sent['token'] === 'string' ? sent['token'] : '';
    const authorization = request.headers.authorization ?? (token && `Bearer ${token}`);
    if (!authorization) return refusal('not_authed');
    if (!tokens.includes(authorization.replace(/^Bearer /i, ''))) return refusal('invalid_auth');
    const tooLarge = blockKitFault(method, sent);
    if (tooLarge) return refusal(method.startsWith('views.') ? 'invalid_arguments' : 'invalid_blocks', [tooLarge]);
    const answer = await forward(method, authorization, request.headers['content-type'] ?? 'application/json', body);
    if (method === 'views.open' && answer['ok']) views.set(String(sent['trigger_id']), answer['view'] as SlackView);
    return { status: 200, body: answer };
  }

  async function answerResponseUrl(path: string, body: string): Promise<SlackFault> {
    const sent = JSON.parse(body) as Json;
    responses.push(sent);
    const [, , channel, ts] = path.split('/');
    if (sent['replace_original']) await front.call('chat.update', botToken, { ...sent, channel, ts });
    return { status: 200, body: { ok: true } };
  }

  async function answerTo(request: IncomingMessage): Promise<SlackFault> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const body = await readBody(request);
    if (path.startsWith('/api/')) return answerApi(path.slice('/api/'.length), request, body);
    if (path.startsWith('/response/')) return answerResponseUrl(path, body);
    return { status: 404 };
  }

  const server = createServer((request, response) => {
    answerTo(request).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, { status: 500, body: { ok: false, error: String(error) } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const front: SlackFront = {
    apiUrl: `${url}/api/`,
    responses,
    calls,
    fault: undefined,
    responseUrl: (channelId, messageTs) => `${url}/response/${channelId}/${messageTs}`,
    viewOf: (triggerId) => views.get(triggerId),
    async call<Answer>(method: string, token: string, body: Json) {
      const answer = await forward(method, `Bearer ${token}`, 'application/json', JSON.stringify(body));
      if (!answer['ok']) throw new Error(`Slack refused ${method}: ${String(answer['error'])}`);
      return answer as Answer;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return front;
}

function refusal(error: string, messages: readonly string[] = []): SlackFault {
  return { status: 200, body: { ok: false, error, ...(messages.length ? { response_metadata: { messages } } : {}) } };
}

/** Slack takes JSON or a form whose structured fields are JSON. */
function parseBody(contentType: string, body: string): Json {
  if (contentType.includes('json')) return body ? (JSON.parse(body) as Json) : {};
  const fields = [...new URLSearchParams(body)].map(([name, value]) => {
    return [name, ['blocks', 'view', 'attachments'].includes(name) ? JSON.parse(value) : value] as const;
  });
  return Object.fromEntries(fields);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, answer: SlackFault): void {
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  response.end(JSON.stringify(answer.body ?? {}));
}
