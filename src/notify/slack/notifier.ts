import type { webApi } from '@slack/bolt';

import type { Notice } from '../../contracts/activities.ts';
import { CordonFailure } from '../../contracts/failures.ts';
import type { ApprovalClosed, ApprovalRequest, MessageReference, Notifier } from '../port.ts';
import { approvalMessage } from './blocks.ts';
import { closedMessage, noticeMessage } from './closed-message.ts';
import { slackFailure } from './failures.ts';
import type { SlackMessageBody } from './message.ts';

/** Of Slack's client only this is used. */
export interface SlackMessages {
  readonly auth: Pick<webApi.WebClient['auth'], 'test'>;
  readonly chat: Pick<webApi.WebClient['chat'], 'postMessage' | 'update'>;
  readonly conversations: Pick<webApi.WebClient['conversations'], 'history'>;
}

export interface SlackNotifierSettings {
  readonly client: SlackMessages;
  /** A channel's id (C…). With a name messages are posted too, but a repeated post isn't recognised. */
  readonly channel: string;
}

const OPEN = 'cordon_open';
const CLOSED = 'cordon_closed';
/** Retries of one post end within minutes; older messages are other requests. */
const LOOK_BACK_MS = 60 * 60 * 1000;
const LOOK_BACK_MESSAGES = 100;

/** Nothing in `text` is to become a link, a mention or a preview. */
const INERT = { mrkdwn: false, link_names: false, parse: 'none', unfurl_links: false, unfurl_media: false } as const;

/**
 * Posts to one channel. Slack has no idempotency key, so a post whose answer was lost would come twice: each message carries
 * its key as metadata, and the channel's last hour is searched for it before posting. Only a message that Cordon itself posted is
 * taken for it: who else may write in the channel must not keep a page from being posted. Best effort: without the history scope,
 * or with Slack slow, it posts, and two messages of one plan do no harm, since the second click is refused. A closed message
 * has other metadata: a plan that is asked again gets a new message with live buttons.
 */
export function createSlackNotifier({ client, channel }: SlackNotifierSettings): Notifier {
  let ownUserId: string | undefined;

  async function knowSelf(): Promise<string | undefined> {
    ownUserId ??= (await client.auth.test().catch(() => undefined))?.user_id;
    return ownUserId;
  }

  async function find(key: string): Promise<MessageReference | undefined> {
    const oldest = String((Date.now() - LOOK_BACK_MS) / 1000);
    const query = { channel, oldest, limit: LOOK_BACK_MESSAGES, include_all_metadata: true };
    const [self, history] = await Promise.all([knowSelf(), client.conversations.history(query).catch(() => undefined)]);
    if (self === undefined) return undefined;
    const earlier = history?.messages?.find(
      ({ user, metadata }) =>
        user === self && metadata?.event_type === OPEN && (metadata.event_payload as { key?: unknown })?.key === key,
    );
    return earlier?.ts === undefined ? undefined : { channel, ts: earlier.ts };
  }

  async function post(key: string, body: SlackMessageBody): Promise<MessageReference> {
    const earlier = await find(key);
    if (earlier) return earlier;
    const metadata = { event_type: OPEN, event_payload: { key } };
    const answer = await attempt('chat.postMessage', () =>
      client.chat.postMessage({ ...INERT, channel, text: body.text, blocks: body.blocks, metadata }),
    );
    if (!answer.channel || !answer.ts) {
      throw new CordonFailure('Unavailable', 'Slack chat.postMessage: answered without saying where the message is.');
    }
    return { channel: answer.channel, ts: answer.ts };
  }

  return {
    channel: 'slack',
    requestApproval: (request: ApprovalRequest) =>
      post(`approval:${request.caseId}:${request.plan.digest}`, approvalMessage(request)),

    async updateApproval(message: MessageReference, closed: ApprovalClosed) {
      const { channel: where, ts } = message;
      if (typeof where !== 'string' || typeof ts !== 'string') {
        throw new CordonFailure('NotifierRefused', 'This message was not posted to Slack: it has no channel and ts.');
      }
      const { text, blocks } = closedMessage(closed);
      const metadata = { event_type: CLOSED, event_payload: { caseId: closed.request.caseId } };
      const change = { channel: where, ts, text, blocks, metadata, parse: 'none', link_names: false } as const;
      await attempt('chat.update', () => client.chat.update(change));
    },

    notify: (notice: Notice) => post(`notice:${notice.key}`, noticeMessage(notice)),
  };
}

async function attempt<Answer>(method: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw slackFailure(method, error);
  }
}
