import { join } from 'node:path';

import { stringify } from 'yaml';

import type { Slack } from '../test/support/processes/slack.ts';
import type { Scene } from './scene.ts';

/** Files of the demo's directory that hold one secret each, named as the configuration names them. */
export const SECRETS = {
  botToken: 'slack-bot-token',
  signingSecret: 'slack-signing-secret',
  generic: 'source-generic',
  guardduty: 'source-guardduty',
  token: 'token-dana',
} as const;
export type SecretName = keyof typeof SECRETS;

export function secretPath(directory: string, name: SecretName): string {
  return join(directory, 'secrets', SECRETS[name]);
}

/** The configuration as a company would write it, but for the endpoints of the emulators and the short waits. */
export function configuration(directory: string, port: number, scene: Scene, slack: Slack): string {
  const secret = (name: SecretName) => ({ file: secretPath(directory, name) });
  const state = (name: string) => join(directory, 'state', name);
  const { dana, erin } = slack.userIds;
  return stringify({
    mode: 'approve',
    server: { port },
    store: { path: state('cordon.db') },
    encryption: { keyFile: state('payload.key') },
    approval: { signingKeyFile: state('approval.key'), publicKeyFile: state('approval.pub') },
    approvers: [
      { id: 'dana', name: 'Dana Example', slackUserId: dana, token: secret('token') },
      { id: 'erin', name: 'Erin Example', slackUserId: erin },
    ],
    sources: {
      generic: { type: 'hmac', secret: secret('generic') },
      guardduty: { type: 'bearer', secret: secret('guardduty') },
    },
    slack: {
      botToken: secret('botToken'),
      channel: slack.channelId,
      receiver: { type: 'http', signingSecret: secret('signingSecret') },
      apiUrl: slack.apiUrl,
    },
    // The watch after a containment goes on for a day, longer than a demo.
    watch: { hours: 0 },
    ...(scene.cloud === 'aws' ? {} : { aws: { enabled: false } }),
    ...scene.configuration,
  });
}
