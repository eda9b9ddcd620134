import type { Role } from '../../config/role.ts';
import type { Config, SecretReference } from '../../config/schema.ts';
import { resolveSecret } from '../../config/secrets.ts';
import { createSlackClient } from '../../notify/slack/client.ts';
import type { Check, Finding } from './finding.ts';

type SlackClient = ReturnType<typeof createSlackClient>;

/** Bot scopes that the notifier calls for; https://docs.slack.dev/reference/scopes */
const POSTS = 'chat:write';
/** Which one, a channel's kind decides, which only a call would tell. */
const READS_HISTORY = ['channels:history', 'groups:history'];
const REINSTALL = 'Add them under "OAuth & Permissions" of the app, install it again, and put the new token in place.';

export function slackCheck({ slack, mode }: Config, { serves }: Role): Check {
  return {
    name: 'slack',
    remedy: 'Check slack.botToken (it begins with xoxb-), and that this machine reaches the Slack API.',
    async run() {
      if (slack === undefined) return [unconfigured(mode)];
      const client = createSlackClient({ botToken: await resolveSecret(slack.botToken), apiUrl: slack.apiUrl });
      const { team, user, response_metadata: metadata } = await client.auth.test();
      const detail = `speaks as ${user ?? 'unknown'} in ${team ?? 'an unnamed workspace'}`;
      return [
        { check: 'slack', status: 'ok', detail },
        scopesFinding(metadata?.scopes),
        await channelFinding(client, slack.channel),
        ...(serves && slack.receiver.type === 'socket'
          ? [await socketFinding(slack.receiver.appToken, slack.apiUrl)]
          : []),
      ];
    },
  };
}

/** By the read that the notifier makes before it posts; it needs no scope that the notifier does not. */
async function channelFinding(client: SlackClient, channel: string): Promise<Finding> {
  const check = 'slack channel';
  const refusal = await refusalOf(client.conversations.history({ channel, limit: 1 }));
  if (refusal === null) return { check, status: 'ok', detail: `is in ${channel}` };
  const detail = `${channel} can't be read: ${refusal}`;
  if (refusal === 'missing_scope') return { check, status: 'warning', detail, remedy: REINSTALL };
  const remedy = `Check that slack.channel is the channel's id, and invite the app there: /invite @Cordon.`;
  return { check, status: 'failed', detail: `${detail}; nobody can be asked`, remedy };
}

/** Asks for the address of a connection and opens none. */
async function socketFinding(appToken: SecretReference, apiUrl: string | undefined): Promise<Finding> {
  const check = 'slack socket mode';
  const client = createSlackClient({ botToken: await resolveSecret(appToken), apiUrl });
  const refusal = await refusalOf(client.apps.connections.open());
  if (refusal === null) return { check, status: 'ok', detail: 'may open connections' };
  return {
    check,
    status: 'failed',
    detail: `no connection can be opened: ${refusal}; no click would arrive`,
    remedy:
      'slack.receiver.appToken is an app-level token (xapp-) with connections:write, and Socket Mode is on in the app.',
  };
}

/** Slack's own word for why not, or null. Throws where Slack did not answer. */
async function refusalOf(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (error) {
    const { data } = error as { readonly data?: { readonly error?: unknown } };
    if (typeof data?.error !== 'string') throw error;
    return data.error;
  }
}

function unconfigured(mode: Config['mode']): Finding {
  const remedy = 'Add `slack` to the configuration; until then plans are decided with `cordon case approve`.';
  const detail = 'not configured: nobody is asked or paged';
  return mode === 'approve'
    ? { check: 'slack', status: 'warning', detail, remedy }
    : { check: 'slack', status: 'ok', detail };
}

/** `scopes`: from the header `x-oauth-scopes` of the answer. */
function scopesFinding(scopes: readonly string[] | undefined): Finding {
  const check = 'slack scopes';
  if (scopes === undefined) {
    const detail = 'Slack did not say which scopes the token has';
    return { check, status: 'warning', detail, remedy: `It needs ${POSTS} and ${READS_HISTORY.join(' or ')}.` };
  }
  if (!scopes.includes(POSTS)) {
    return { check, status: 'failed', detail: `not granted: ${POSTS}; nobody can be asked`, remedy: REINSTALL };
  }
  if (!READS_HISTORY.some((scope) => scopes.includes(scope))) {
    const detail = `not granted: ${READS_HISTORY.join(' or ')}; a request may be posted twice`;
    return { check, status: 'warning', detail, remedy: REINSTALL };
  }
  return { check, status: 'ok', detail: `${POSTS} and the history of channels are granted` };
}
