import { createHmac } from 'node:crypto';
import type { SlackFront, SlackView } from './slack-front.ts';

type Json = Record<string, unknown>;

export interface SlackMessage {
  readonly ts: string;
  readonly text: string;
  readonly user: string;
  readonly blocks?: readonly Json[];
  readonly thread_ts?: string;
  readonly edited?: { readonly user: string; readonly ts: string };
}

/** `forged` signs with another secret; `old` signs rightly, but with a timestamp of ten minutes ago. */
export type SlackSigning = 'genuine' | 'forged' | 'old';

/** What the app answered to the request that Slack sends for a click or a submitted modal. */
export interface SlackAnswer {
  readonly status: number;
  readonly body: string;
  /** Shows which modal the click opened. */
  readonly triggerId: string;
}

interface PersonSettings {
  readonly name: string;
  readonly userId: string;
  readonly token: string;
  readonly botToken: string;
  readonly teamId: string;
  readonly channelId: string;
  readonly appId: string;
  readonly signingSecret: string;
  readonly eventsUrl: string;
  readonly front: SlackFront;
}

/** Someone in #soc: reads it, clicks, fills in modals. Requests reach the app as Slack sends and signs them. */
export class SlackPerson {
  readonly #settings: PersonSettings;

  constructor(settings: PersonSettings) {
    this.#settings = settings;
  }

  get userId(): string {
    return this.#settings.userId;
  }

  /** The channel's messages, newest first, as they stand now (after edits). Replies in threads are left out, as in Slack. */
  async messages(): Promise<SlackMessage[]> {
    const { front, token, channelId } = this.#settings;
    const history = await front.call<{ messages: SlackMessage[] }>('conversations.history', token, {
      channel: channelId,
    });
    return history.messages;
  }

  /** Posts to #soc as this person's own app would, with any metadata. Answers where the message stands. */
  async post(text: string, metadata?: Json): Promise<string> {
    const { front, token, channelId } = this.#settings;
    const body = { channel: channelId, text, ...(metadata ? { metadata } : {}) };
    return (await front.call<{ ts: string }>('chat.postMessage', token, body)).ts;
  }

  /** A message with its thread, oldest first. */
  async thread(ts: string): Promise<SlackMessage[]> {
    const { front, token, channelId } = this.#settings;
    const replies = await front.call<{ messages: SlackMessage[] }>('conversations.replies', token, {
      channel: channelId,
      ts,
    });
    return replies.messages;
  }

  /** Reads the channel until a message fits. Rejects after `withinMs` with what was there instead. */
  async waitForMessage(fits: (message: SlackMessage) => boolean, withinMs = 30_000): Promise<SlackMessage> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const messages = await this.messages();
      const found = messages.find(fits);
      if (found) return found;
      if (Date.now() > deadline) {
        const texts = messages.map((message) => `- ${message.text}`).join('\n');
        throw new Error(`No such message in #soc within ${withinMs / 1000} s. There are ${messages.length}:\n${texts}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Clicks a button of a message. Throws if the message has no such button: a person can't click what isn't there. */
  async click(message: SlackMessage, actionId: string, signing: SlackSigning = 'genuine'): Promise<SlackAnswer> {
    const { front, channelId } = this.#settings;
    const button = buttonsOf(message).find((candidate) => candidate['action_id'] === actionId);
    if (!button) {
      const there = buttonsOf(message).map((candidate) => candidate['action_id']);
      throw new Error(`The message has no button ${actionId}; it has ${there.join(', ') || 'none'}.`);
    }
    return this.#send(signing, {
      type: 'block_actions',
      container: { type: 'message', message_ts: message.ts, channel_id: channelId, is_ephemeral: false },
      channel: { id: channelId, name: 'soc' },
      message: { type: 'message', ...message },
      state: { values: {} },
      response_url: front.responseUrl(channelId, message.ts),
      actions: [{ ...button, action_ts: String(Date.now() / 1000) }],
    });
  }

  /** The modal that a click opened. */
  openedView(answer: SlackAnswer): SlackView {
    const view = this.#settings.front.viewOf(answer.triggerId);
    if (!view) throw new Error(`The click opened no modal; the app answered ${answer.status} ${answer.body}`);
    return view;
  }

  /** Submits a modal with the values of its inputs by action id. */
  submit(
    view: SlackView,
    values: Readonly<Record<string, string>>,
    signing: SlackSigning = 'genuine',
  ): Promise<SlackAnswer> {
    return this.#send(signing, {
      type: 'view_submission',
      view: { ...view, state: { values: stateOf(view, values) } },
      response_urls: [],
    });
  }

  async #send(signing: SlackSigning, payload: Json): Promise<SlackAnswer> {
    const { name, userId, teamId, appId, eventsUrl, front, botToken } = this.#settings;
    const trigger = { user_id: userId };
    const { trigger_id: triggerId } = await front.call<{ trigger_id: string }>(
      'views.generateTriggerId',
      botToken,
      trigger,
    );
    const team = { id: teamId, domain: 'example' };
    const user = { id: userId, username: name, name, team_id: teamId };
    const common = {
      user,
      team,
      api_app_id: appId,
      token: 'deprecated',
      trigger_id: triggerId,
      is_enterprise_install: false,
    };
    const body = new URLSearchParams({ payload: JSON.stringify({ ...common, ...payload }) }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...this.#signature(signing, body) };
    const response = await fetch(eventsUrl, { method: 'POST', headers, body });
    return { status: response.status, body: await response.text(), triggerId };
  }

  #signature(signing: SlackSigning, body: string): Record<string, string> {
    const timestamp = Math.floor(Date.now() / 1000) - (signing === 'old' ? 600 : 0);
    const secret = signing === 'forged' ? 'not the signing secret' : this.#settings.signingSecret;
    const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
    return { 'x-slack-request-timestamp': String(timestamp), 'x-slack-signature': `v0=${digest}` };
  }
}

/** Slack gives every block an id of its own where the app gave none. */
function withBlockIds(blocks: readonly Json[]): Json[] {
  return blocks.map((block, index) => ({ block_id: `auto${index}`, ...block }));
}

function buttonsOf(message: SlackMessage): Json[] {
  return withBlockIds(message.blocks ?? []).flatMap((block) => {
    const elements = [...((block['elements'] as Json[] | undefined) ?? []), block['accessory'] as Json | undefined];
    return elements
      .filter((element) => element?.['type'] === 'button')
      .map((element) => ({ ...element, block_id: block['block_id'] }));
  });
}

/** Every input is in the state, those not filled in with null. */
function stateOf(view: SlackView, values: Readonly<Record<string, string>>): Json {
  const inputs = withBlockIds(view.blocks).filter((block) => block['type'] === 'input');
  const elements = inputs.map((block) => ({ blockId: String(block['block_id']), element: block['element'] as Json }));
  const known = elements.map(({ element }) => String(element['action_id']));
  const unknown = Object.keys(values).filter((actionId) => !known.includes(actionId));
  if (unknown.length > 0) throw new Error(`The modal has no input ${unknown.join(', ')}; it has ${known.join(', ')}.`);
  return Object.fromEntries(elements.map(({ blockId, element }) => [blockId, inputState(element, values)]));
}

function inputState(element: Json, values: Readonly<Record<string, string>>): Json {
  const actionId = String(element['action_id']);
  const value = values[actionId];
  const type = element['type'];
  if (type === 'plain_text_input') return { [actionId]: { type, value: value ?? null } };
  if (type !== 'static_select' && type !== 'radio_buttons')
    throw new Error(`The Slack driver can't fill in a ${String(type)} yet.`);
  const option = (element['options'] as Json[]).find((candidate) => candidate['value'] === value);
  if (value !== undefined && !option) throw new Error(`${actionId} has no option ${value}.`);
  return { [actionId]: { type, selected_option: option ?? null } };
}
