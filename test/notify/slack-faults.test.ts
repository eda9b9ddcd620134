import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createNotifiers } from '../../src/notify/index.ts';
import type { Notifier } from '../../src/notify/port.ts';
import { startSlack, type Slack } from '../support/processes/slack.ts';
import { recordingLog } from './gateway-double.ts';
import { request } from './requests.ts';

let slack: Slack;
let notifier: Notifier;
const log = recordingLog();

beforeAll(async () => {
  slack = await startSlack();
  const { botToken, apiUrl, channelId } = slack;
  notifier = createNotifiers({ slack: { botToken, apiUrl, channel: channelId }, log }).first;
});

beforeEach(() => {
  slack.front.fault = undefined;
});

afterAll(() => slack.stop());

describe('a fault of Slack', () => {
  const body = (error: string) => ({ status: 200, body: { ok: false, error } });
  it.each([
    ['too many calls', { status: 429, headers: { 'retry-after': '7' } }, { type: 'Throttled', retryAfterMs: 7_000 }],
    ['too many calls, without a time', { status: 429 }, { type: 'Throttled', retryAfterMs: 30_000 }],
    ['503', { status: 503 }, { type: 'Unavailable' }],
    ['internal_error', body('internal_error'), { type: 'Unavailable' }],
    ['an answer that is not from Slack', body('<html>Sign in</html>'), { type: 'Unavailable' }],
    [
      'invalid_auth',
      body('invalid_auth'),
      { type: 'NotifierRefused', message: expect.stringContaining('slack.botToken') },
    ],
    [
      'channel_not_found',
      body('channel_not_found'),
      { type: 'NotifierRefused', message: expect.stringContaining('slack.channel') },
    ],
    [
      'not_in_channel',
      body('not_in_channel'),
      { type: 'NotifierRefused', message: expect.stringContaining('/invite') },
    ],
    [
      'missing_scope',
      body('missing_scope'),
      { type: 'NotifierRefused', message: expect.stringContaining('chat:write') },
    ],
    [
      'invalid_blocks',
      body('invalid_blocks'),
      { type: 'NotifierRefused', message: expect.stringContaining('fault of Cordon') },
    ],
    ['a refusal that is new to us', body('something_new'), { type: 'NotifierRefused' }],
    ['403 of a proxy', { status: 403 }, { type: 'NotifierRefused', message: expect.stringContaining('proxy') }],
  ])('%s has its type, is tried once, and never shows the token', async (_name, fault, expected) => {
    slack.front.fault = (method) => (method === 'chat.postMessage' ? fault : undefined);
    const before = slack.front.calls.filter(({ method }) => method === 'chat.postMessage').length;
    const failure: Error = await notifier.requestApproval(request({ caseId: 'ca_fault' })).then(
      () => expect.unreachable('it was posted'),
      (error: Error) => error,
    );
    expect(failure).toMatchObject(expected);
    expect(slack.front.calls.filter(({ method }) => method === 'chat.postMessage')).toHaveLength(before + 1);
    expect(String(failure.stack)).not.toContain(slack.botToken);
  });

  it('that is no answer at all is known as such', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const notice = { key: 'k', urgency: 'inform', title: 't', lines: [] } as const;
    const at = (apiUrl: string) =>
      createNotifiers({ slack: { botToken: slack.botToken, channel: slack.channelId, apiUrl }, log }).first.notify(
        notice,
      );
    await expect(at(`http://127.0.0.1:${port}/api/`)).rejects.toMatchObject({ type: 'TimedOut' });
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
    await expect(at(`http://127.0.0.1:${port}/api/`)).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('of configuration is refused before it gets into an error', () => {
    const wrong = { botToken: 'xoxb-secret\nline', channel: 'C1' };
    expect(() => createNotifiers({ slack: wrong, log })).toThrow(/^(?!.*secret)/u);
  });
});
