import { webApi } from '@slack/bolt';

/** Below the 10 s that a Slack activity has, with room for the look at the history that precedes a post. */
const CALL_TIMEOUT_MS = 4_000;

export interface SlackClientSettings {
  readonly botToken: string;
  /** Another Slack API, for tests; ends with a slash. */
  readonly apiUrl?: string | undefined;
}

/** The SDK's own retries (ten in half an hour) are off: Temporal retries, and it knows the deadline. */
export function clientOptions(apiUrl: string | undefined): webApi.WebClientOptions {
  return {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_TIMEOUT_MS,
    logLevel: webApi.LogLevel.ERROR,
    allowAbsoluteUrls: false,
  };
}

export function createSlackClient(settings: SlackClientSettings): webApi.WebClient {
  return new webApi.WebClient(checkedToken(settings.botToken), clientOptions(settings.apiUrl));
}

/** A token with a line break ends up in the error of the HTTP client that refuses it, so it never gets that far. */
export function checkedToken(token: string): string {
  if (!/^[\x21-\x7E]+$/u.test(token)) {
    throw new Error(
      'The Slack token is empty or has a space or line break in it. Copy it again from the app settings.',
    );
  }
  return token;
}
