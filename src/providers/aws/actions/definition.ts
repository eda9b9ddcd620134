import type { z } from 'zod';

import { CordonFailure } from '../../../contracts/failures.ts';
import type { JsonObject } from '../../../domain/json.ts';
import type { Action } from '../../port.ts';
import type { AwsClients, AwsSettings } from '../clients.ts';

type Doing = 'preflight' | 'apply' | 'verify' | 'revert' | 'previewRevert' | 'reconcile';

/** What is known of an action without a connection: the policy and the reference page are made from it. */
export type ActionFacts = Omit<Action, Doing>;

export interface AwsActionDefinition {
  readonly facts: ActionFacts;
  create(clients: AwsClients, settings: AwsSettings): Action;
}

/** Parameters, prior state and results come back from the plan and the ledger: checked before they steer a call. */
export function read<Schema extends z.ZodType>(schema: Schema, value: JsonObject, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => issue.path.join('.') || '(whole)').join(', ');
  throw new CordonFailure('ValidationFailed', `${what} does not have the expected shape at ${where}.`);
}

/** An id of IAM for an example; no account has it. */
export const EXAMPLE_USER = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'alice',
  arn: 'arn:aws:iam::123456789012:user/alice',
  uniqueId: 'AIDAEXAMPLEALICE',
} as const;
