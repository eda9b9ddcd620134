import type { ActionDefinition } from '../../action-definition.ts';
import type { AwsClients, AwsSettings } from '../clients.ts';

export { changeEach, example, read, type ActionFacts } from '../../action-definition.ts';

export type AwsActionDefinition = ActionDefinition<AwsClients, AwsSettings>;

/** An id of IAM for an example; no account has it. */
export const EXAMPLE_USER = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'alice',
  arn: 'arn:aws:iam::123456789012:user/alice',
  uniqueId: 'AIDAEXAMPLEALICE',
} as const;

/** Of Identity Center, likewise. */
export const EXAMPLE_PERSON = {
  cloud: 'aws',
  kind: 'identity-center-user',
  accountId: '123456789012',
  name: 'jane@corp.example',
  arn: 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/jane@corp.example',
  uniqueId: '9067000000-00000000-0000-4000-8000-000000000001',
} as const;

/** Of an action on what the suspect left on another user. */
export const EXAMPLE_LEFT = {
  cloud: 'aws',
  accountId: EXAMPLE_USER.accountId,
  principal: EXAMPLE_USER,
  target: 'arn:aws:iam::123456789012:user/backdoor',
} as const;
