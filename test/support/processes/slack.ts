import { randomBytes } from 'node:crypto';
import { createEmulator } from 'emulate';
import { startSlackFront, type SlackFront } from './slack-front.ts';
import { SlackPerson } from './slack-person.ts';

/** `dana` and `erin` are meant as approvers, `mallory` is in the channel and is none. */
export type SlackUserName = 'dana' | 'erin' | 'mallory';

export interface Slack {
  /** For `clientOptions.slackApiUrl`; ends with a slash. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly signingSecret: string;
  readonly teamId: string;
  /** The channel #soc; everyone and the bot are in it. */
  readonly channelId: string;
  readonly userIds: Readonly<Record<SlackUserName, string>>;
  /** The bot's own user id. */
  readonly botUserId: string;
  /** What was sent to response URLs, and a way to make Slack fail. */
  readonly front: SlackFront;
  /** A person whose clicks go, signed as Slack signs, to the app's URL, as `http://127.0.0.1:3000/slack/events`. */
  person(name: SlackUserName, eventsUrl: string): SlackPerson;
  stop(): Promise<void>;
}

const NAMES = ['dana', 'erin', 'mallory'] as const satisfies readonly SlackUserName[];

/**
 * A stateful Slack Web API in this process. What the emulator accepts and the real service refuses is refused in front
 * of it: unknown tokens, and blocks beyond Block Kit's limits.
 */
export async function startSlack(): Promise<Slack> {
  const secret = () => randomBytes(16).toString('hex');
  const botToken = `xoxb-${secret()}`;
  const signingSecret = secret();
  const userTokens = { dana: `xoxp-${secret()}`, erin: `xoxp-${secret()}`, mallory: `xoxp-${secret()}` };
  const appId = 'A0CORDON';
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        team: { name: 'Example Corp', domain: 'example' },
        users: ['cordon', ...NAMES].map((name) => ({ name })),
        channels: [{ name: 'soc' }],
        tokens: [
          { token: botToken, type: 'bot', user: 'cordon', app_id: appId, bot_id: 'B0CORDON' },
          ...NAMES.map((name) => ({ token: userTokens[name], type: 'user', user: name, app_id: appId })),
        ],
        signing_secret: signingSecret,
      },
    },
  });
  const front = await startSlackFront(emulator.url, [botToken, ...Object.values(userTokens)], botToken);

  const { members } = await front.call<{ members: { id: string; name: string }[] }>('users.list', botToken, {});
  const { channels } = await front.call<{ channels: { id: string; name: string }[] }>(
    'conversations.list',
    botToken,
    {},
  );
  const { team_id: teamId } = await front.call<{ team_id: string }>('auth.test', botToken, {});
  const userId = (name: string) => idOf(members, name);
  const userIds = { dana: userId('dana'), erin: userId('erin'), mallory: userId('mallory') };
  const channelId = idOf(channels, 'soc');
  return {
    apiUrl: front.apiUrl,
    botToken,
    signingSecret,
    teamId,
    channelId,
    userIds,
    botUserId: userId('cordon'),
    front,
    person: (name, eventsUrl) =>
      new SlackPerson({
        name,
        userId: userIds[name],
        token: userTokens[name],
        botToken,
        teamId,
        channelId,
        appId,
        signingSecret,
        eventsUrl,
        front,
      }),
    async stop() {
      await front.stop();
      await emulator.close();
    },
  };
}

function idOf(things: readonly { id: string; name: string }[], name: string): string {
  const found = things.find((thing) => thing.name === name);
  if (!found) throw new Error(`The Slack emulator lacks ${name}, which it was told to create.`);
  return found.id;
}
