import type { Config } from '../../config/schema.ts';
import { resolveSecret } from '../../config/secrets.ts';
import { createSlackClient } from '../../notify/slack/client.ts';
import type { Check } from './finding.ts';

export function slackCheck({ slack, mode }: Config): Check {
  return {
    name: 'slack',
    remedy: 'Check slack.botToken (it begins with xoxb-), and that this machine reaches the Slack API.',
    async run() {
      if (slack === undefined) {
        const remedy = 'Add `slack` to the configuration; until then plans are decided with `cordon case approve`.';
        const detail = 'not configured: nobody is asked or paged';
        return [
          {
            check: 'slack',
            status: mode === 'approve' ? 'warning' : 'ok',
            detail,
            ...(mode === 'approve' ? { remedy } : {}),
          },
        ];
      }
      const client = createSlackClient({ botToken: await resolveSecret(slack.botToken), apiUrl: slack.apiUrl });
      const { team, user } = await client.auth.test();
      return [
        { check: 'slack', status: 'ok', detail: `speaks as ${user ?? 'unknown'} in ${team ?? 'an unnamed workspace'}` },
      ];
    },
  };
}
