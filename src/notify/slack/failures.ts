import { webApi } from '@slack/bolt';

import { CordonFailure } from '../../contracts/failures.ts';

/** What the operator does about each refusal. https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const REMEDIES: Readonly<Record<string, string>> = {
  not_authed: 'Set `slack.botToken`.',
  invalid_auth: 'The bot token is wrong or revoked: install the app again and set `slack.botToken`.',
  token_revoked: 'The bot token was revoked: install the app again and set `slack.botToken`.',
  token_expired: 'The bot token has expired: install the app again, without token rotation, and set `slack.botToken`.',
  account_inactive: 'The app or its workspace was removed: install the app again and set `slack.botToken`.',
  channel_not_found: 'Set `slack.channel` to the id of the channel (C…), and invite the app to it.',
  not_in_channel: 'Invite the app to the channel: /invite @Cordon.',
  is_archived: 'The channel is archived: set `slack.channel` to another one.',
  restricted_action: 'A workspace setting keeps the app from posting there: ask a workspace administrator.',
  missing_scope: 'Add the scope to the app (chat:write; channels:history or groups:history), and install it again.',
  invalid_blocks: 'This is a fault of Cordon: report it with the case id.',
  invalid_blocks_format: 'This is a fault of Cordon: report it with the case id.',
  msg_blocks_too_long: 'This is a fault of Cordon: report it with the case id.',
  msg_too_long: 'This is a fault of Cordon: report it with the case id.',
  message_not_found: 'The message was deleted; the case goes on without it.',
  cant_update_message: 'The message was posted by another app: was `slack.botToken` changed?',
  edit_window_closed: 'A workspace setting forbids edits: ask a workspace administrator to allow them for apps.',
};

/** Slack's own word for: not now. */
const PASSING = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);
const DEFAULT_WAIT_MS = 30_000;

/** The one place where the Slack SDK's errors get a type, and so a fate. The SDK's retries are off: Temporal retries. */
export function slackFailure(method: string, error: unknown): CordonFailure {
  const failure = (type: CordonFailure['type'], message: string, retryAfterMs?: number) =>
    new CordonFailure(type, `Slack ${method}: ${message}`, {
      cause: error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });

  if (error instanceof webApi.WebAPIRateLimitedError) {
    return failure('Throttled', `too many calls, again in ${error.retryAfter} s.`, error.retryAfter * 1000);
  }
  if (error instanceof webApi.WebAPIHTTPError) return httpFailure(failure, error.statusCode);
  if (error instanceof webApi.WebAPIRequestError) {
    const timedOut = error.original.name === 'TimeoutError' || error.original.name === 'AbortError';
    if (timedOut) return failure('TimedOut', 'no answer in time; the message may have been posted.');
    return failure('Unavailable', `can't be reached (${networkCode(error.original)}).`);
  }
  if (error instanceof webApi.WebAPIPlatformError) return platformFailure(failure, error.data);
  // The SDK's plain Error for a 429 without a usable Retry-After.
  if (error instanceof Error && error.message.startsWith('Retry header did not contain')) {
    return failure('Throttled', 'too many calls.', DEFAULT_WAIT_MS);
  }
  return failure(
    'Unavailable',
    `failed in a way that is not known (${error instanceof Error ? error.name : typeof error}).`,
  );
}

type Failure = (type: CordonFailure['type'], message: string, retryAfterMs?: number) => CordonFailure;

function httpFailure(failure: Failure, status: number): CordonFailure {
  if (status === 429) return failure('Throttled', 'too many calls.', DEFAULT_WAIT_MS);
  if (status >= 500 || status === 408) return failure('Unavailable', `HTTP ${status}.`);
  return failure(
    'NotifierRefused',
    `HTTP ${status}, which Slack itself never answers. Check \`slack.apiUrl\` and the proxy.`,
  );
}

function platformFailure(failure: Failure, data: webApi.WebAPICallResult & { error: string }): CordonFailure {
  const code = data.error;
  // A page of a proxy in place of JSON ends up here, whole.
  if (!/^[a-z_]{1,60}$/u.test(code)) return failure('Unavailable', 'the answer is not from Slack. Check the proxy.');
  if (code === 'ratelimited' || code === 'rate_limited' || code === 'message_limit_exceeded') {
    const seconds = data.response_metadata?.retryAfter;
    return failure('Throttled', `${code}.`, seconds === undefined ? DEFAULT_WAIT_MS : seconds * 1000);
  }
  if (PASSING.has(code)) return failure('Unavailable', `${code}.`);
  const details = data.response_metadata?.messages?.join('; ').slice(0, 300);
  const remedy = REMEDIES[code] ?? 'Look it up at https://docs.slack.dev/reference/methods.';
  return failure('NotifierRefused', `${code}${details ? ` (${details})` : ''}. ${remedy}`);
}

function networkCode(error: Error): string {
  const cause = error.cause;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}
