import { join } from 'node:path';

import { stringify } from 'yaml';

import type { MiniStack } from '../test/support/processes/ministack.ts';
import type { Slack } from '../test/support/processes/slack.ts';
import { REGIONS } from './aws.ts';
import { ACTIONS } from './company.ts';

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
export function configuration(directory: string, port: number, ministack: MiniStack, slack: Slack): string {
  const arn = (user: string) => `arn:aws:iam::${ministack.accountId}:user/${user}`;
  const secret = (name: SecretName) => ({ file: secretPath(directory, name) });
  const state = (name: string) => join(directory, 'state', name);
  return stringify({
    mode: 'approve',
    server: { port },
    store: { path: state('cordon.db') },
    encryption: { keyFile: state('payload.key') },
    approval: { signingKeyFile: state('approval.key'), publicKeyFile: state('approval.pub') },
    approvers: [{ id: 'dana', name: 'Dana Example', slackUserId: slack.userIds.dana, token: secret('token') }],
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
    aws: {
      region: ministack.region,
      logRegions: [...REGIONS],
      endpoint: ministack.url,
      // The emulator binds and records at once, and has no limit; the real service takes minutes, seconds, and two a second.
      logDelaySeconds: 0,
      propagationSeconds: 2,
      quietSeconds: 3,
      lookupsPerSecond: 100,
      actions: [...ACTIONS],
    },
    protected: [{ principal: arn('breakglass-admin'), reason: 'Emergency access of last resort' }],
    allowlist: [
      {
        name: 'terraform plan',
        kind: 'infrastructure-as-code',
        principal: arn('terraform-ci'),
        networks: ['192.0.2.0/24'],
        actions: ['ec2:Describe*', 's3:List*', 'rds:Describe*', 'lambda:List*', 'iam:List*', 'sts:GetCallerIdentity'],
        owner: 'platform team',
        reason: 'A plan refreshes the state of the whole account.',
        expires: '2099-12-31',
      },
    ],
  });
}
