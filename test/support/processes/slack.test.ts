import { App, LogLevel } from '@slack/bolt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../src/runtime/server-process.ts';
import { startSlack, type Slack } from './slack.ts';
import type { SlackPerson } from './slack-person.ts';

const button = (actionId: string) => ({
  type: 'button' as const,
  action_id: actionId,
  text: { type: 'plain_text' as const, text: actionId },
  value: 'digest',
});
const reasonModal = {
  type: 'modal' as const,
  callback_id: 'deny',
  title: { type: 'plain_text' as const, text: 'Deny' },
  submit: { type: 'plain_text' as const, text: 'Deny' },
  blocks: [
    {
      type: 'input' as const,
      label: { type: 'plain_text' as const, text: 'Reason' },
      element: { type: 'plain_text_input' as const, action_id: 'reason' },
    },
  ],
};

describe('the Slack emulator with a Bolt app', () => {
  let slack: Slack;
  let app: App;
  let dana: SlackPerson;
  let heard: string[] = [];

  beforeAll(async () => {
    slack = await startSlack();
    const port = await freePort();
    app = new App({
      token: slack.botToken,
      signingSecret: slack.signingSecret,
      logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    });
    app.action('approve', async ({ ack, body, respond }) => {
      await ack();
      heard.push(`approve by ${body.user.id}`);
      await respond({ replace_original: true, text: 'approved' });
    });
    app.action('deny', async ({ ack, body, client }) => {
      await client.views.open({ trigger_id: (body as { trigger_id: string }).trigger_id, view: reasonModal });
      await ack();
    });
    app.view('deny', async ({ ack, body, view }) => {
      await ack();
      const [input] = Object.values(view.state.values);
      heard.push(`deny by ${body.user.id}: ${input?.['reason']?.value}`);
    });
    await app.start({ port, host: '127.0.0.1' });
    dana = slack.person('dana', `http://127.0.0.1:${port}/slack/events`);
  });

  afterAll(async () => {
    await app?.stop();
    await slack?.stop();
  });

  beforeEach(() => {
    heard = [];
    slack.front.fault = undefined;
  });

  const ask = async () => {
    const blocks = [{ type: 'actions' as const, elements: [button('approve'), button('deny')] }];
    const { ts } = await app.client.chat.postMessage({ channel: slack.channelId, text: 'Contain alice?', blocks });
    return dana.waitForMessage((message) => message.ts === ts);
  };

  it('carries a click to the app and shows the answer in the channel', async () => {
    const message = await ask();
    expect((await dana.click(message, 'approve')).status).toBe(200);
    const answered = await dana.waitForMessage(
      (candidate) => candidate.ts === message.ts && candidate.text === 'approved',
    );
    expect(answered.blocks).toBeUndefined();
    expect(heard).toEqual([`approve by ${slack.userIds.dana}`]);
  });

  it('carries a modal from the click to its submission', async () => {
    const view = dana.openedView(await dana.click(await ask(), 'deny'));
    expect((await dana.submit(view, { reason: 'a known test' })).status).toBe(200);
    expect(heard).toEqual([`deny by ${slack.userIds.dana}: a known test`]);
  });

  it.each(['forged', 'old'] as const)(
    'has a request with a signature that is %s refused before the app hears of it',
    async (signing) => {
      const message = await ask();
      expect((await dana.click(message, 'approve', signing)).status).toBe(401);
      expect(heard).toEqual([]);
    },
  );

  it('never lets a person click a button that is not there', async () => {
    await expect(dana.click(await ask(), 'contain')).rejects.toThrow('it has approve, deny');
  });

  it('refuses tokens and blocks that the real Slack refuses', async () => {
    const stranger = new App({
      token: 'xoxb-wrong',
      signingSecret: 's',
      tokenVerificationEnabled: false,
      logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: slack.apiUrl },
    });
    await expect(stranger.client.auth.test({ token: 'xoxb-wrong' })).rejects.toThrow('invalid_auth');
    const long = { type: 'section' as const, text: { type: 'plain_text' as const, text: 'x'.repeat(3_001) } };
    const post = app.client.chat.postMessage({ channel: slack.channelId, text: 'too long', blocks: [long] });
    await expect(post).rejects.toThrow('invalid_blocks');
  });

  it('fails on demand', async () => {
    slack.front.fault = (method) => (method === 'chat.postMessage' ? { status: 503 } : undefined);
    await expect(ask()).rejects.toThrow('statusCode = 503');
    expect((await app.client.auth.test()).ok).toBe(true);
  });
});
