import type { Config } from '../../config/schema.ts';
import { resolveSecret } from '../../config/secrets.ts';
import { createSlackClient } from '../../notify/slack/client.ts';
import type { Check, Finding } from './finding.ts';

/** Bot scopes that the notifier calls for; https://docs.slack.dev/reference/scopes */
const POSTS = 'chat:write';
/** Which one, a channel's kind decides, which only a call would tell. */
const READS_HISTORY = ['channels:history', 'groups:history'];
const REINSTALL = 'Add them under "OAuth & Permissions" of the app, install it again, and put the new token in place.';

export function slackCheck({ slack, mode }: Config): Check {
  return {
    name: 'slack',
    remedy: 'Check slack.botToken (it begins with xoxb-), and that this machine reaches the Slack API.',
    async run() {
      if (slack === undefined) return [unconfigured(mode)];
      const client = createSlackClient({ botToken: await resolveSecret(slack.botToken), apiUrl: slack.apiUrl });
      const { team, user, response_metadata: metadata } = await client.auth.test();
      const detail = `speaks as ${user ?? 'unknown'} in ${team ?? 'an unnamed workspace'}`;
      return [{ check: 'slack', status: 'ok', detail }, scopesFinding(metadata?.scopes)];
    },
  };
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
