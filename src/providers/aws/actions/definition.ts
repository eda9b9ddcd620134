import type { ActionDefinition } from '../../action-definition.ts';
import type { AwsClients, AwsSettings } from '../clients.ts';

export { changeEach, read, type ActionFacts } from '../../action-definition.ts';

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
