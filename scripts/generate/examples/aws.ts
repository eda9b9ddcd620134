import {
  GetRoleCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';

import { CordonFailure } from '../../src/contracts/failures.ts';
import type { ActionRequest } from '../../src/domain/plan.ts';
import { createAwsClients, type AwsClients } from '../../src/providers/aws/clients.ts';

const ACTIVE_KEY = { AccessKeyId: 'AKIAEXAMPLEALICE', Status: 'Active', CreateDate: new Date(0) } as const;

/**
 * Clients for the preflight of one documented example: the target exists, the user has one active key and no policy, nothing
 * else is there. No call leaves the process; one that this account has no answer for throws.
 */
export function exampleAccount({ principal, target }: ActionRequest): AwsClients {
  const name = target.slice(target.lastIndexOf('/') + 1);
  const answers = new Map<unknown, object>([
    [GetUserCommand, { User: { UserName: name, Arn: target, UserId: principal.uniqueId } }],
    [GetRoleCommand, { Role: { RoleName: name, Arn: target, Path: '/' } }],
    [ListAccessKeysCommand, { AccessKeyMetadata: [ACTIVE_KEY] }],
    [ListUserPoliciesCommand, { PolicyNames: [] }],
    [ListAttachedUserPoliciesCommand, { AttachedPolicies: [] }],
    [ListGroupsForUserCommand, { Groups: [] }],
  ]);
  const send = async (command: object): Promise<object> => {
    const operation = command.constructor.name;
    const answer = answers.get(command.constructor);
    if (answer) return answer;
    if (/^(?:Get|Describe)/u.test(operation)) throw new CordonFailure('NotFound', `The example has no ${operation}.`);
    throw new Error(
      `The example account has no answer to ${operation}: add it to scripts/generate/example-account.ts.`,
    );
  };
  const clients = createAwsClients({ region: 'us-east-1', logRegions: ['us-east-1'] });
  return { ...clients, iam: Object.assign(clients.iam, { send }), secrets: Object.assign(clients.secrets, { send }) };
}
