import {
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';

import { CordonFailure } from '../../contracts/failures.ts';
import type { PlannedCall } from '../../domain/plan.ts';
import type { AwsClients } from './clients.ts';
import { orNull } from './confirm.ts';

/** Who can have policies. */
export type PolicyOwner = 'user' | 'role' | 'group';

/** As the names of calls and parameters spell it: `User` in `PutUserPolicy` and `UserName`. */
export function nameOfOwner(kind: PolicyOwner): 'User' | 'Role' | 'Group' {
  return kind === 'user' ? 'User' : kind === 'role' ? 'Role' : 'Group';
}

/** One inline policy of a user, role or group: what deny-principal and revoke-role-sessions put, read and take back. */
export interface InlinePolicy {
  readonly owner: PolicyOwner;
  readonly ownerName: string;
  readonly policyName: string;
}

/** The document as it was put, or null where there is none of that name. */
export async function readPolicy(clients: AwsClients, policy: InlinePolicy): Promise<string | null> {
  const { owner, ownerName, policyName: PolicyName } = policy;
  const { iam } = clients;
  const found = await orNull<{ PolicyDocument?: string | undefined }>(
    owner === 'user'
      ? iam.send(new GetUserPolicyCommand({ UserName: ownerName, PolicyName }))
      : owner === 'role'
        ? iam.send(new GetRolePolicyCommand({ RoleName: ownerName, PolicyName }))
        : iam.send(new GetGroupPolicyCommand({ GroupName: ownerName, PolicyName })),
  );
  // IAM answers with the document URL-encoded (RFC 3986).
  return found?.PolicyDocument === undefined ? null : decodeURIComponent(found.PolicyDocument);
}

export async function putPolicy({ iam }: AwsClients, policy: InlinePolicy, document: string): Promise<void> {
  const { owner, ownerName } = policy;
  const put = { PolicyName: policy.policyName, PolicyDocument: document };
  await (owner === 'user'
    ? iam.send(new PutUserPolicyCommand({ UserName: ownerName, ...put }))
    : owner === 'role'
      ? iam.send(new PutRolePolicyCommand({ RoleName: ownerName, ...put }))
      : iam.send(new PutGroupPolicyCommand({ GroupName: ownerName, ...put })));
}

/**
 * Puts back `prior`. Only over what we left (`ours`) or over `prior` itself: anything else was put there by a third party since,
 * and is a person's to judge.
 */
export async function restorePolicy(
  clients: AwsClients,
  policy: InlinePolicy,
  ours: string,
  prior: string | null,
): Promise<void> {
  const current = await readPolicy(clients, policy);
  if (sameDocument(current, prior)) return;
  if (!sameDocument(current, ours)) {
    const what = current === null ? 'removed' : 'changed';
    const message = `Policy ${policy.policyName} of ${policy.owner} ${policy.ownerName} was ${what} by someone else since; it is left as it is.`;
    throw new CordonFailure('Conflict', message);
  }
  await (prior === null ? removePolicy(clients, policy) : putPolicy(clients, policy, prior));
}

/** One that is gone already is as wanted. */
export async function removePolicy({ iam }: AwsClients, policy: InlinePolicy): Promise<void> {
  const { owner, ownerName, policyName: PolicyName } = policy;
  await orNull<unknown>(
    owner === 'user'
      ? iam.send(new DeleteUserPolicyCommand({ UserName: ownerName, PolicyName }))
      : owner === 'role'
        ? iam.send(new DeleteRolePolicyCommand({ RoleName: ownerName, PolicyName }))
        : iam.send(new DeleteGroupPolicyCommand({ GroupName: ownerName, PolicyName })),
  );
}

export function putCall(policy: InlinePolicy, document: string): PlannedCall {
  return policyCall('Put', policy, { PolicyDocument: document });
}

export function restoreCalls(policy: InlinePolicy, ours: string, prior: string | null): readonly PlannedCall[] {
  if (sameDocument(ours, prior)) return [];
  return [prior === null ? policyCall('Delete', policy, {}) : putCall(policy, prior)];
}

/** Compared as JSON: IAM may answer with other white space than was put. */
export function sameDocument(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  return one === other || normal(one) === normal(other);
}

function normal(document: string): string {
  try {
    return JSON.stringify(JSON.parse(document));
  } catch {
    return document;
  }
}

function policyCall(verb: 'Put' | 'Delete', policy: InlinePolicy, rest: Record<string, string>): PlannedCall {
  const owner = nameOfOwner(policy.owner);
  return {
    service: 'iam',
    operation: `${verb}${owner}Policy`,
    parameters: { [`${owner}Name`]: policy.ownerName, PolicyName: policy.policyName, ...rest },
  };
}
