import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createSlackApp, type SlackApp } from '../../src/notify/index.ts';
import { startSocketModeDouble, type SocketModeDouble } from '../support/socket-mode-double.ts';
import { recordingGateway, recordingLog, type RecordingGateway, type RecordingLog } from './gateway-double.ts';
import { CASE_ID, DIGEST } from './requests.ts';

const PATIENT = { timeout: 20_000 };
const APP_TOKEN = 'xapp-1-right';

describe('Socket Mode', () => {
  let slack: SocketModeDouble;
  let gateway: RecordingGateway;
  let log: RecordingLog;
  let app: SlackApp;

  const build = (appToken = APP_TOKEN) =>
    createSlackApp({
      receiver: { type: 'socket', appToken },
      botToken: 'xoxb-bot',
      apiUrl: slack.apiUrl,
      gateway,
      log,
      approvers: [{ id: 'dana', name: 'Dana', slackUserId: 'U0DANA' }],
    });

  const click = (actionId: string, user = 'U0DANA') =>
    slack.deliver({
      type: 'block_actions',
      user: { id: user },
      team: { id: 'T0' },
      trigger_id: '1.2.3',
      response_url: slack.responseUrl,
      actions: [
        { type: 'button', action_id: actionId, value: JSON.stringify({ caseId: CASE_ID, planDigest: DIGEST }) },
      ],
    });

  beforeEach(async () => {
    slack = await startSocketModeDouble(APP_TOKEN);
    gateway = recordingGateway();
    log = recordingLog();
    app = build();
  });

  afterEach(async () => {
    await app.stop();
    await slack.stop();
  });

  it('acknowledges a click, and carries it to the gateway', async () => {
    await app.start();
    expect(app.connected()).toBe(true);
    await click('cordon.approve');
    await expect.poll(() => slack.responses.length, PATIENT).toBe(1);
    expect(gateway.asked).toMatchObject([{ caseId: CASE_ID, planDigest: DIGEST, decision: 'approve', actor: 'dana' }]);
  });

  it('asks for the reason of a denial in a modal, and takes it', async () => {
    await app.start();
    await click('cordon.deny');
    await expect.poll(() => slack.views.length, PATIENT).toBe(1);
    const view = { ...slack.views[0], id: 'V1', state: { values: { reason: { reason: { value: 'a known test' } } } } };
    await slack.deliver({ type: 'view_submission', user: { id: 'U0DANA' }, team: { id: 'T0' }, view });
    await expect.poll(() => gateway.asked, PATIENT).toMatchObject([{ decision: 'deny', reason: 'a known test' }]);
  });

  it('never takes a click of someone who is not an approver', async () => {
    await app.start();
    await click('cordon.approve', 'U0MALLORY');
    await expect
      .poll(() => slack.responses, PATIENT)
      .toMatchObject([{ text: expect.stringContaining('not an approver') }]);
    expect(gateway.asked).toEqual([]);
  });

  it('connects again when Slack asks for it', async () => {
    await app.start();
    const greeted = slack.greeted();
    slack.refresh();
    await greeted;
    expect(slack.connections()).toBe(2);
    await expect.poll(() => app.connected(), PATIENT).toBe(true);
    await click('cordon.approve');
    await expect.poll(() => gateway.asked.length, PATIENT).toBe(1);
  });

  it('starts without Slack, and connects when it is back', async () => {
    slack.away = true;
    await app.start();
    expect(app.connected()).toBe(false);
    const greeted = slack.greeted();
    slack.away = false;
    await greeted;
    await expect.poll(() => app.connected(), PATIENT).toBe(true);
  });

  it('says what is wrong with the app token, without showing it', async () => {
    const stranger = build('xapp-1-wrong');
    await stranger.start();
    await stranger.stop();
    expect(stranger.connected()).toBe(false);
    expect(log.lines.some(({ message }) => message.includes('no connection'))).toBe(true);
    expect(JSON.stringify(log.lines)).not.toContain('xapp-1-wrong');
  });
});
