import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

type Json = Record<string, unknown>;

export interface SocketModeDouble {
  /** For `apiUrl`; ends with a slash. Answers `apps.connections.open` and `views.open`. */
  readonly apiUrl: string;
  /** Connections that were opened so far, the first included. */
  readonly connections: () => number;
  /** Bodies sent to the response URL, and modals that were opened, oldest first. */
  readonly responses: Json[];
  readonly views: Json[];
  readonly responseUrl: string;
  /** While true, `apps.connections.open` is answered with 503. */
  away: boolean;
  /** Sends an envelope as Slack does and resolves with the app's acknowledgement. Rejects when the app isn't connected. */
  deliver(payload: Json): Promise<Json>;
  /** Slack asks for a new connection, as it does every few hours, and closes this one. */
  refresh(): void;
  /** Resolves when the app has (again) a connection that was greeted. */
  greeted(): Promise<void>;
  stop(): Promise<void>;
}

/** Slack's side of Socket Mode: apps.connections.open, hello, envelope and ack over a WebSocket. The Web API is elsewhere. */
export async function startSocketModeDouble(appToken: string): Promise<SocketModeDouble> {
  let socket: Duplex | undefined;
  let opened = 0;
  const acks = new Map<string, (payload: Json) => void>();
  const waiting: (() => void)[] = [];
  const responses: Json[] = [];
  const views: Json[] = [];

  const server = createServer((request, response) => void respond(request, response));
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const body = await readBody(request);
    const answer = (status: number, json: Json) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    if (request.url === '/response') {
      responses.push(JSON.parse(body) as Json);
      return answer(200, { ok: true });
    }
    if (request.url === '/api/views.open') {
      views.push(JSON.parse(new URLSearchParams(body).get('view') ?? '{}') as Json);
      return answer(200, { ok: true });
    }
    if (double.away) return answer(503, {});
    if (request.headers.authorization !== `Bearer ${appToken}`)
      return answer(200, { ok: false, error: 'invalid_auth' });
    return answer(200, { ok: true, url: `${url.replace('http', 'ws')}/link?ticket=${randomUUID()}` });
  }

  server.on('upgrade', (request, accepted) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    accepted.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    opened += 1;
    socket = accepted;
    accepted.on('error', () => accepted.destroy());
    accepted.on('close', () => (socket = socket === accepted ? undefined : socket));
    readFrames(accepted, (text) => {
      const { envelope_id: id, payload } = JSON.parse(text) as { envelope_id: string; payload: Json };
      acks.get(id)?.(payload);
      acks.delete(id);
    });
    writeFrame(accepted, OPCODE.text, JSON.stringify({ type: 'hello', num_connections: 1 }));
    for (const resolve of waiting.splice(0)) resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const double: SocketModeDouble = {
    apiUrl: `${url}/api/`,
    connections: () => opened,
    responses,
    views,
    responseUrl: `${url}/response`,
    away: false,
    deliver: (payload) =>
      new Promise((resolve, reject) => {
        if (!socket) return reject(new Error('The app has no connection to Slack.'));
        const id = randomUUID();
        acks.set(id, resolve);
        const envelope = { envelope_id: id, type: 'interactive', accepts_response_payload: true, payload };
        return writeFrame(socket, OPCODE.text, JSON.stringify(envelope));
      }),
    refresh() {
      if (!socket) throw new Error('The app has no connection to Slack.');
      writeFrame(socket, OPCODE.text, JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    },
    greeted: () => new Promise((resolve) => void waiting.push(resolve)),
    async stop() {
      socket?.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return double;
}

const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** RFC 6455: a server's frames are not masked. */
function writeFrame(socket: Duplex, opcode: number, payload: string | Buffer): void {
  const body = Buffer.from(payload as string);
  const head = body.length < 126 ? Buffer.from([0x80 | opcode, body.length]) : Buffer.alloc(4);
  if (body.length >= 126) {
    head.writeUInt8(0x80 | opcode, 0);
    head.writeUInt8(126, 1);
    head.writeUInt16BE(body.length, 2);
  }
  socket.write(Buffer.concat([head, body]));
}

/** A client's frames are masked; the ones that we expect are short and whole. */
function readFrames(socket: Duplex, onText: (text: string) => void): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const frame = firstFrame(pending);
      if (!frame) return;
      pending = pending.subarray(frame.length);
      if (frame.opcode === OPCODE.text) onText(frame.body.toString());
      if (frame.opcode === OPCODE.ping) writeFrame(socket, OPCODE.pong, frame.body);
      if (frame.opcode === OPCODE.close) {
        writeFrame(socket, OPCODE.close, frame.body);
        socket.end();
      }
    }
  });
}

function firstFrame(bytes: Buffer): { opcode: number; body: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  if (short === 127) throw new Error('The app sent a frame of more than 64 kB; it only ever acknowledges.');
  const start = short === 126 ? 8 : 6;
  if (bytes.length < start) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < start + size) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const body = Buffer.from(bytes.subarray(start, start + size).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return { opcode: bytes.readUInt8(0) & 0x0f, body, length: start + size };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
