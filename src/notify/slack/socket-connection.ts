import type { SocketModeReceiver } from '@slack/bolt';

import type { NotifyLog } from '../port.ts';

type SocketModeClient = SocketModeReceiver['client'];

export interface SocketConnection {
  /** Resolves when the first attempt has ended, well or not: a server starts without Slack, too. */
  start(): Promise<void>;
  connected(): boolean;
  stop(): Promise<void>;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** Keeps one connection up until it is stopped: Slack itself asks for a new one every few hours. */
export function connectForGood(
  client: SocketModeClient,
  log: NotifyLog,
  firstWaitMs = FIRST_WAIT_MS,
): SocketConnection {
  let stopping = false;
  let isConnected = false;
  let waitMs = firstWaitMs;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    try {
      await client.start();
    } catch (error) {
      if (stopping) return;
      log.error(
        { err: error, againInMs: waitMs },
        'Slack Socket Mode: no connection; buttons do nothing until it is back',
      );
      again();
    }
  }

  function again(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), waitMs);
    timer.unref();
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }

  client.on('connected', () => {
    // Stopped while the connection was being made.
    if (stopping) {
      void client.disconnect();
      return;
    }
    isConnected = true;
    waitMs = firstWaitMs;
    log.info({}, 'Slack Socket Mode: connected');
  });
  client.on('disconnected', () => {
    const lost = isConnected;
    isConnected = false;
    // Before the first hello, `start` itself rejects.
    if (lost && !stopping) again();
  });

  return {
    start: connect,
    connected: () => isConnected,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      if (isConnected) await client.disconnect();
    },
  };
}
