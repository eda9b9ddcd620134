import type { RequestListener } from 'node:http';

import {
  App,
  type BlockButtonAction,
  type Receiver,
  type SlackActionMiddlewareArgs,
  type SlackViewMiddlewareArgs,
  type ViewSubmitAction,
  type webApi,
} from '@slack/bolt';

import type { DecisionGateway } from '../../approval/gateway.ts';
import type { NotifyLog } from '../port.ts';
import { APPROVE_ACTION, DENY_ACTION } from './blocks.ts';
import { checkedToken, clientOptions } from './client.ts';
import { createDecisions, readSubject, type SlackApprover } from './decisions.ts';
import { DENY_MODAL, denyModal, readDenyContext, readReason, reasonFault } from './deny-modal.ts';
import { boltLogger, httpEntrance, socketEntrance, type ReceiverSettings } from './receiver.ts';

export interface SlackAppSettings {
  readonly receiver: ReceiverSettings;
  readonly botToken: string;
  /** Another Slack API, for tests; ends with a slash. */
  readonly apiUrl?: string;
  readonly approvers: readonly SlackApprover[];
  readonly gateway: DecisionGateway;
  readonly log: NotifyLog;
}

export interface SlackApp {
  /** To be mounted at `POST /slack/events` with the body unread; absent in Socket Mode. */
  readonly requestListener: RequestListener | undefined;
  /** HTTP: nothing to do. Socket Mode: connects, and goes on trying in the background when Slack is away. */
  start(): Promise<void>;
  /** Whether clicks reach us as far as we can tell. */
  connected(): boolean;
  stop(): Promise<void>;
}

/** The person's side of an approval: clicks and modals, from Slack to the gateway. */
export function createSlackApp(settings: SlackAppSettings): SlackApp {
  const { receiver, apiUrl, log } = settings;
  if (receiver.type === 'http') {
    const entrance = httpEntrance(receiver.signingSecret, log);
    listen(entrance.receiver, settings);
    return {
      requestListener: entrance.requestListener,
      start: async () => undefined,
      connected: () => true,
      stop: async () => undefined,
    };
  }
  const entrance = socketEntrance(receiver.appToken, apiUrl, log);
  listen(entrance.receiver, settings);
  return { requestListener: undefined, ...entrance.connection };
}

function listen(receiver: Receiver, { botToken, apiUrl, approvers, gateway, log }: SlackAppSettings): void {
  const token = checkedToken(botToken);
  const decisions = createDecisions(approvers, gateway, log);
  // `authorize` in place of `token`: with a token Bolt calls auth.test at every click, and a slow answer costs the three seconds.
  const authorize = async () => ({ botToken: token });
  const app = new App({ receiver, authorize, logger: boltLogger(log), clientOptions: clientOptions(apiUrl) });

  app.action<BlockButtonAction>({ type: 'block_actions' }, ({ ack, body, action, client }) =>
    answerClick(ack, body, action, client),
  );
  app.view<ViewSubmitAction>({ type: 'view_submission' }, ({ ack, body }) => answerModal(ack, body));
  app.error(async (error) => log.error({ err: error }, 'A request from Slack could not be handled'));

  async function answerClick(
    ack: SlackActionMiddlewareArgs<BlockButtonAction>['ack'],
    body: BlockButtonAction,
    action: BlockButtonAction['actions'][number],
    client: webApi.WebClient,
  ): Promise<void> {
    await ack();
    const tell = (text: string) => respond(body.response_url, text, log);
    const subject = readSubject(action.value);
    if ((action.action_id !== APPROVE_ACTION && action.action_id !== DENY_ACTION) || !subject) {
      log.warn({ slackUser: body.user.id, actionId: action.action_id }, 'A button of Slack that Cordon did not make');
      return tell('Cordon does not know this button. Decide with the command line: cordon case list');
    }
    const approver = decisions.approverOf(body.user.id);
    if (!approver) {
      log.warn({ slackUser: body.user.id, ...subject }, 'A click by someone who is not an approver');
      return tell('You are not an approver, so this did not count. Approvers are listed in the configuration.');
    }
    if (action.action_id === APPROVE_ACTION) return tell(await decisions.decide(approver, subject, 'approve'));
    try {
      const view = denyModal({ subject, responseUrl: body.response_url });
      await client.views.open({ trigger_id: body.trigger_id, view });
    } catch (error) {
      log.error({ err: error, ...subject }, 'Slack did not open the modal that asks for a reason');
      await tell(`Slack did not open the form. Press Deny again, or use: cordon case deny ${subject.caseId}`);
    }
  }

  async function answerModal(
    ack: SlackViewMiddlewareArgs<ViewSubmitAction>['ack'],
    body: ViewSubmitAction,
  ): Promise<void> {
    const context = readDenyContext(body.view.private_metadata);
    if (body.view.callback_id !== DENY_MODAL || !context) {
      log.warn({ slackUser: body.user.id }, 'A modal of Slack that Cordon did not make');
      return ack();
    }
    const reason = readReason(body.view.state.values);
    if (typeof reason !== 'string') return ack({ response_action: 'errors', errors: reasonFault(reason.fault) });
    await ack();
    const tell = (text: string) => respond(context.responseUrl, text, log);
    const approver = decisions.approverOf(body.user.id);
    if (!approver) return tell('You are not an approver, so this did not count.');
    await tell(await decisions.decide(approver, context.subject, 'deny', reason));
  }
}

const RESPOND_TIMEOUT_MS = 5_000;

/** Tells one person, unseen by the others. Best effort: the decision stands whether or not Slack tells about it. */
async function respond(responseUrl: string | undefined, text: string, log: NotifyLog): Promise<void> {
  try {
    if (responseUrl === undefined) throw new Error('Slack gave no response_url');
    const response = await fetch(responseUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
      signal: AbortSignal.timeout(RESPOND_TIMEOUT_MS),
      redirect: 'error',
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
  } catch (error) {
    log.warn({ err: error, text }, 'Slack did not take the answer to a click');
  }
}
