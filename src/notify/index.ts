import { createFallbackNotifier } from './fallback.ts';
import type { Notifier, NotifyLog } from './port.ts';
import { createSlackClient } from './slack/client.ts';
import { createSlackNotifier } from './slack/notifier.ts';

export { createSlackApp, type SlackApp, type SlackAppSettings } from './slack/app.ts';
export type { SlackApprover } from './slack/decisions.ts';
export { EVENTS_PATH, type ReceiverSettings } from './slack/receiver.ts';
export { renderAsText } from './slack/render-text.ts';

export interface NotifierSettings {
  /** Absent: everything goes to the log. */
  readonly slack?: { readonly botToken: string; readonly channel: string; readonly apiUrl?: string };
  readonly log: NotifyLog;
}

/** What a worker of the queue `notify` needs: the channel people read, and the one that always works. */
export function createNotifiers({ slack, log }: NotifierSettings): {
  readonly first: Notifier;
  readonly fallback: Notifier;
} {
  const fallback = createFallbackNotifier(log);
  if (!slack) return { first: fallback, fallback };
  return { first: createSlackNotifier({ client: createSlackClient(slack), channel: slack.channel }), fallback };
}
