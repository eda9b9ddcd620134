import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';

import type { Verification } from '../port.ts';
import type { AwsClients } from './clients.ts';

/**
 * Unconditional. A deny that asks for aws:TokenIssueTime would not stop a long-term key: its requests have no such key.
 */
export const DENY_ALL = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Sid: 'CordonDeniesEverything', Effect: 'Deny', Action: '*', Resource: '*' }],
});

/** By IAM's simulator, for a user by its ARN. Null: it answers for each of the calls with an explicit deny. */
export async function notDenied(
  { iam }: AwsClients,
  userArn: string,
  calls: readonly string[],
): Promise<Verification | null> {
  const simulated = new SimulatePrincipalPolicyCommand({ PolicySourceArn: userArn, ActionNames: [...calls] });
  const results = (await iam.send(simulated)).EvaluationResults ?? [];
  const open = results.filter(({ EvalDecision }) => EvalDecision !== 'explicitDeny');
  if (open.length > 0) {
    const names = open.map(({ EvalActionName = '?' }) => EvalActionName).join(', ');
    return { status: 'drifted', detail: `IAM's simulator does not deny ${names} to ${userArn}.` };
  }
  if (results.length >= calls.length) return null;
  return { status: 'unknown', detail: "IAM's simulator did not answer for every sample call." };
}
