import type { RequestListener } from 'node:http';

import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createNotifiers, createSlackApp, EVENTS_PATH, renderAsText } from '../../src/notify/index.ts';
import type { Notifier } from '../../src/notify/port.ts';
import type { Block } from '../../src/notify/slack/message.ts';
import type { SlackAnswer, SlackMessage, SlackPerson } from '../support/processes/slack-person.ts';
import { startSlack, type Slack } from '../support/processes/slack.ts';
import { recordingGateway, recordingLog, type RecordingGateway, type RecordingLog } from './gateway-double.ts';
import { CASE_ID, DIGEST, plan, request } from './requests.ts';

const PATIENT = { timeout: 20_000 };
let slack: Slack;
let server: FastifyInstance;
let requestListener: RequestListener;
let eventsUrl: string;
let notifier: Notifier;
let gateway: RecordingGateway;
let log: RecordingLog;
let dana: SlackPerson;
let mallory: SlackPerson;

beforeAll(async () => {
  slack = await startSlack();
  server = fastify();
  // As our own server mounts it: the body stays unread, because Bolt checks the signature over its raw bytes.
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.all(EVENTS_PATH, (incoming, reply) => {
      reply.hijack();
      requestListener(incoming.raw, reply.raw);
    });
  });
  eventsUrl = `${await server.listen({ host: '127.0.0.1', port: 0 })}${EVENTS_PATH}`;
  dana = slack.person('dana', eventsUrl);
  mallory = slack.person('mallory', eventsUrl);
});

beforeEach(() => {
  slack.front.fault = undefined;
  gateway = recordingGateway();
  log = recordingLog();
  const { botToken, apiUrl, channelId, signingSecret, userIds } = slack;
  notifier = createNotifiers({ slack: { botToken, apiUrl, channel: channelId }, log }).first;
  const app = createSlackApp({
    receiver: { type: 'http', signingSecret },
    botToken,
    apiUrl,
    gateway,
    log,
    approvers: [
      { id: 'dana', name: 'Dana', slackUserId: userIds.dana },
      { id: 'erin', name: 'Erin', slackUserId: userIds.erin },
    ],
  });
  if (!app.requestListener) throw new Error('An HTTP receiver has a listener.');
  requestListener = app.requestListener;
});

afterAll(async () => {
  await server.close();
  await slack.stop();
});

/** Each test asks about a case of its own: the notifier knows an earlier message of the same plan again. */
let cases = 0;
async function ask(): Promise<SlackMessage & { caseId: string }> {
  cases += 1;
  const caseId = `${CASE_ID.slice(0, -4)}${String(cases).padStart(4, '0')}`;
  const reference = await notifier.requestApproval(request({ caseId, plan: plan({ caseId }) }));
  const message = await dana.waitForMessage(({ ts }) => ts === reference['ts']);
  return { ...message, caseId };
}

/** What only the person who clicked is told. */
async function told(before: number): Promise<string> {
  await expect.poll(() => slack.front.responses.length, PATIENT).toBe(before + 1);
  const response = slack.front.responses[before];
  expect(response).toMatchObject({ response_type: 'ephemeral', replace_original: false });
  return String(response?.['text']);
}

describe('a click', () => {
  it('by an approver reaches the gateway with who, which case and which plan', async () => {
    const message = await ask();
    const before = slack.front.responses.length;
    expect((await dana.click(message, 'cordon.approve')).status).toBe(200);
    expect(await told(before)).toContain('You approved this plan');
    const { caseId } = message;
    expect(gateway.asked).toEqual([
      { caseId, planDigest: DIGEST, decision: 'approve', actor: 'dana', channel: 'slack' },
    ]);
  });

  it.each(['cordon.approve', 'cordon.deny'])('on %s by someone else never reaches the gateway', async (button) => {
    const before = slack.front.responses.length;
    const answer = await mallory.click(await ask(), button);
    expect(await told(before)).toContain('not an approver');
    expect(gateway.asked).toEqual([]);
    expect(slack.front.viewOf(answer.triggerId)).toBeUndefined();
  });

  it.each(['forged', 'old'] as const)(
    'with a signature that is %s is answered 401, and nobody hears of it',
    async (signing) => {
      expect((await dana.click(await ask(), 'cordon.approve', signing)).status).toBe(401);
      expect(gateway.asked).toEqual([]);
    },
  );

  it('tells the reason of a refusal, with nothing alive in it', async () => {
    gateway.answer = async () => ({ status: 'refused', reason: 'The plan has changed <!channel>.' });
    const before = slack.front.responses.length;
    await dana.click(await ask(), 'cordon.approve');
    expect(await told(before)).toBe('Your decision does not count: The plan has changed ‹!channel›.');
  });

  it('says how many approvals are missing', async () => {
    gateway.answer = async () => ({ status: 'accepted', state: 'AWAITING_APPROVAL', approvals: 1, required: 2 });
    const before = slack.front.responses.length;
    await dana.click(await ask(), 'cordon.approve');
    expect(await told(before)).toContain('1 of 2 approvals. Nothing happens until');
  });

  it('never claims an answer when there is none, and keeps the cause for the log', async () => {
    gateway.answer = async () => Promise.reject(new Error('Temporal is away'));
    const message = await ask();
    const before = slack.front.responses.length;
    await dana.click(message, 'cordon.approve');
    expect(await told(before)).toContain(
      `It is not certain whether your decision counted. Look with: cordon case show`,
    );
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('twice at once decides once', async () => {
    const message = await ask();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    gateway.answer = async () => {
      await held;
      return { status: 'accepted', state: 'APPROVED', approvals: 1, required: 1 };
    };
    const before = slack.front.responses.length;
    await dana.click(message, 'cordon.approve');
    await expect.poll(() => gateway.asked.length, PATIENT).toBe(1);
    await dana.click(message, 'cordon.approve');
    expect(await told(before)).toContain('already on its way');
    release();
    await expect.poll(() => slack.front.responses.length, PATIENT).toBe(before + 2);
    expect(gateway.asked).toHaveLength(1);
  });

  it.each([
    ['a button of another app', 'other.app', JSON.stringify({ caseId: CASE_ID, planDigest: DIGEST })],
    ['a value that is not JSON', 'cordon.approve', '{'],
    [
      'a value with more than case and plan',
      'cordon.approve',
      JSON.stringify({ caseId: CASE_ID, planDigest: DIGEST, actor: 'dana' }),
    ],
    ['a digest that is none', 'cordon.deny', JSON.stringify({ caseId: CASE_ID, planDigest: '*' })],
    ['no value', 'cordon.approve', undefined],
  ])('on %s is answered, logged and never decides', async (_case, actionId, value) => {
    const text = { type: 'plain_text', text: 'Approve' };
    const button = { type: 'button', action_id: actionId, text, ...(value === undefined ? {} : { value }) };
    const message = { ...(await ask()), blocks: [{ type: 'actions', elements: [button] }] };
    const before = slack.front.responses.length;
    expect((await dana.click(message, actionId)).status).toBe(200);
    expect(await told(before)).toContain('does not know this button');
    expect(gateway.asked).toEqual([]);
    expect(log.lines.some(({ level }) => level === 'warn')).toBe(true);
  });

  it('of another method or path than the events is refused', async () => {
    expect((await fetch(eventsUrl)).status).toBe(405);
    expect((await fetch(`${eventsUrl}/other`, { method: 'POST' })).status).toBe(404);
  });
});

describe('a denial', () => {
  const openModal = async (message: SlackMessage): Promise<SlackAnswer> => {
    const answer = await dana.click(message, 'cordon.deny');
    await expect.poll(() => slack.front.viewOf(answer.triggerId), PATIENT).toBeDefined();
    return answer;
  };

  it('carries its reason to the gateway, inert', async () => {
    gateway.answer = async () => ({ status: 'accepted', state: 'REJECTED', approvals: 0, required: 1 });
    const message = await ask();
    const view = dana.openedView(await openModal(message));
    const before = slack.front.responses.length;
    await dana.submit(view, { reason: 'a known test\n<!channel>' });
    expect(await told(before)).toContain('You denied this plan');
    expect(gateway.asked).toMatchObject([
      { caseId: message.caseId, decision: 'deny', actor: 'dana', reason: 'a known test ‹!channel›' },
    ]);
  });

  it('without a reason asks for one', async () => {
    const answer = await dana.submit(dana.openedView(await openModal(await ask())), { reason: '   ' });
    expect(JSON.parse(answer.body)).toMatchObject({
      response_action: 'errors',
      errors: { reason: expect.any(String) },
    });
    expect(gateway.asked).toEqual([]);
  });

  it('submitted by someone who is not an approver never counts', async () => {
    const view = dana.openedView(await openModal(await ask()));
    const before = slack.front.responses.length;
    await mallory.submit(view, { reason: 'mine' });
    expect(await told(before)).toContain('not an approver');
    expect(gateway.asked).toEqual([]);
  });

  it('says so when Slack does not open the form', async () => {
    const message = await ask();
    slack.front.fault = (method) => (method === 'views.open' ? { status: 503 } : undefined);
    const before = slack.front.responses.length;
    await dana.click(message, 'cordon.deny');
    expect(await told(before)).toContain(`cordon case deny ${message.caseId}`);
  });
});

describe('the message', () => {
  it('is locked with who, when and what; nothing can be clicked afterwards', async () => {
    const message = await ask();
    const { caseId } = message;
    await notifier.updateApproval(
      { channel: slack.channelId, ts: message.ts },
      {
        request: request({ caseId, plan: plan({ caseId }) }),
        state: 'CONTAINED',
        lines: ['Approved by Dana at 02:14 UTC'],
      },
    );
    const locked = await dana.waitForMessage(({ ts, text }) => ts === message.ts && text.startsWith('CONTAINED'));
    expect(renderAsText(locked.blocks as unknown as Block[])).toContain('Approved by Dana at 02:14 UTC');
    await expect(dana.click(locked, 'cordon.approve')).rejects.toThrow('it has none');
  });

  it('is posted once when the answer to the post was lost', async () => {
    const lost = await ask();
    const { caseId } = lost;
    const again = await notifier.requestApproval(request({ caseId, plan: plan({ caseId }) }));
    expect(again['ts']).toBe(lost.ts);
  });

  it('is posted anew when the same plan is asked again after its message was closed', async () => {
    const first = await ask();
    const of = request({ caseId: first.caseId, plan: plan({ caseId: first.caseId }) });
    await notifier.updateApproval(
      { channel: slack.channelId, ts: first.ts },
      { request: of, state: 'EXPIRED', lines: [] },
    );
    expect((await notifier.requestApproval(of))['ts']).not.toBe(first.ts);
  });

  it('is posted even if the history can not be read', async () => {
    slack.front.fault = (method) =>
      method === 'conversations.history' ? { status: 200, body: { ok: false, error: 'missing_scope' } } : undefined;
    const of = request({ caseId: 'ca_unread' });
    expect(await notifier.requestApproval(of)).toMatchObject({ channel: slack.channelId });
  });

  it('of a notice is posted once for its key', async () => {
    const notice = {
      key: 'parked:al_1',
      urgency: 'page',
      title: 'Nobody to contain',
      lines: ['Two candidates'],
    } as const;
    const first = await notifier.notify(notice);
    expect(await notifier.notify(notice)).toEqual(first);
  });

  it('is posted whatever others have planted in the channel under its key', async () => {
    const notice = { key: 'planted:1', urgency: 'page', title: 'Only a part holds', lines: [] } as const;
    const planted = await mallory.post('nothing to see', {
      event_type: 'cordon_open',
      event_payload: { key: `notice:${notice.key}` },
    });
    const { ts } = await notifier.notify(notice);
    expect(ts).not.toBe(planted);
    expect((await dana.waitForMessage((message) => message.ts === ts)).text).toContain('Only a part holds');
    expect((await notifier.notify(notice))['ts'], 'a retry knows its own').toBe(ts);
  });

  it('is posted even if Slack does not say who posts', async () => {
    slack.front.fault = (method) => (method === 'auth.test' ? { status: 503 } : undefined);
    const notice = { key: 'nobody:1', urgency: 'page', title: 'Only a part holds', lines: [] } as const;
    const fresh = createNotifiers({
      slack: { botToken: slack.botToken, apiUrl: slack.apiUrl, channel: slack.channelId },
      log,
    }).first;
    expect(await fresh.notify(notice)).toMatchObject({ channel: slack.channelId });
  });
});
