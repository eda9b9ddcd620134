import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { HTTPReceiver, LogLevel, SocketModeReceiver, type Logger, type Receiver } from '@slack/bolt';

import type { NotifyLog } from '../port.ts';
import { checkedToken, clientOptions } from './client.ts';
import { connectForGood, type SocketConnection } from './socket-connection.ts';

export type ReceiverSettings =
  | { readonly type: 'http'; readonly signingSecret: string }
  | { readonly type: 'socket'; readonly appToken: string; readonly apiUrl?: string | undefined };

export const EVENTS_PATH = '/slack/events';
const MOST_BODY_BYTES = 1024 * 1024;

export interface HttpEntrance {
  readonly receiver: Receiver;
  readonly requestListener: RequestListener;
}

/**
 * Bolt checks Slack's signature over the raw body, and that its timestamp is at most five minutes old, before it parses
 * anything; else it answers 401. Without a server of its own: the listener is mounted in ours.
 */
export function httpEntrance(signingSecret: string, log: NotifyLog): HttpEntrance {
  const receiver = new HTTPReceiver({
    signingSecret: checkedToken(signingSecret),
    endpoints: [EVENTS_PATH],
    bodyLimit: MOST_BODY_BYTES,
    logger: boltLogger(log),
  });
  return { receiver, requestListener: (request, response) => listen(receiver, request, response) };
}

/** Bolt throws for any path and method that is not its own; it is answered as what it is. */
function listen(receiver: HTTPReceiver, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'POST' || request.url?.split('?')[0] !== EVENTS_PATH) {
    response.writeHead(request.method === 'POST' ? 404 : 405).end();
    return;
  }
  receiver.requestListener(request, response);
}

export interface SocketEntrance {
  readonly receiver: Receiver;
  readonly connection: SocketConnection;
}

/** Connects out, so that no port need be open: the app-level token authenticates the connection, and Slack all it sends. */
export function socketEntrance(appToken: string, apiUrl: string | undefined, log: NotifyLog): SocketEntrance {
  const receiver = new SocketModeReceiver({
    appToken: checkedToken(appToken),
    logger: boltLogger(log),
    // Bolt's own reconnection ends in an unhandled rejection when Slack can't be reached; ours tries for good.
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: clientOptions(apiUrl) },
  });
  return { receiver, connection: connectForGood(receiver.client, log) };
}

/** Bolt's debug and info lines hold whole payloads: they are dropped. */
export function boltLogger(log: NotifyLog): Logger {
  const line = (parts: readonly unknown[]) => parts.map(String).join(' ').slice(0, 1_000);
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (...parts: unknown[]) => log.warn({ part: 'slack' }, line(parts)),
    error: (...parts: unknown[]) => log.error({ part: 'slack' }, line(parts)),
    getLevel: () => LogLevel.WARN,
    setLevel: () => undefined,
    setName: () => undefined,
  };
}
