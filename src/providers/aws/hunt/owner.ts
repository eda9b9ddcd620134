import { CordonFailure } from '../../../contracts/failures.ts';
import { parseArn } from '../../../domain/arn.ts';
import type { ActionRequest, PlannedCall } from '../../../domain/plan.ts';
import { EXAMPLE_USER } from '../actions/definition.ts';
import type { AwsClients } from '../clients.ts';
import { findGroup, findRole, findUser } from '../confirm.ts';
import { nameInArn } from '../names.ts';
import type { PolicyOwner } from '../policies.ts';
import { nameOfOwner } from '../policies.ts';

/** The user, role or group on which the suspect left something; seldom the principal of the case. */
export interface Owner {
  readonly kind: PolicyOwner;
  readonly name: string;
}

/** Inline policies that Cordon puts itself. */
export const RESERVED_POLICY = /^(?:Cordon.*|AWSRevokeOlderSessions)$/iu;

/** Throws `TargetRefused` where the target is not exactly one user, role or group of the account. */
export function ownerOf({ target, accountId }: ActionRequest): Owner {
  const type = parseArn(target)?.resource.split('/')[0];
  const kind = type === 'role' || type === 'group' ? type : 'user';
  return { kind, name: nameInArn(kind, target, accountId) };
}

/** Null: IAM does not know it any more. Throws `TargetRefused` where the name belongs to another identity by now. */
export async function findOwner(clients: AwsClients, request: ActionRequest, uniqueId?: string): Promise<Owner | null> {
  const owner = ownerOf(request);
  const found = await readOwner(clients, owner);
  if (!found) return null;
  if (found.arn !== request.target || (uniqueId !== undefined && found.uniqueId !== uniqueId)) {
    throw new CordonFailure(
      'TargetRefused',
      `${request.target} is not the one that the plan was made for: it was created anew.`,
    );
  }
  return owner;
}

/** The same, and `NotFound` where it is gone: for changes, which need somebody to be made on. */
export async function confirmOwner(clients: AwsClients, request: ActionRequest, uniqueId?: string): Promise<Owner> {
  const owner = await findOwner(clients, request, uniqueId);
  if (!owner)
    throw new CordonFailure('NotFound', `IAM does not know ${request.target} (any more). Check who deleted it.`);
  return owner;
}

/** As IAM spells calls on them: `AttachUserPolicy` with a `UserName`. */
export function callOn({ kind, name }: Owner, operation: string, rest: Record<string, string>): PlannedCall {
  const spelled = nameOfOwner(kind);
  return {
    service: 'iam',
    operation: operation.replace('Owner', spelled),
    parameters: { [`${spelled}Name`]: name, ...rest },
  };
}

/** What IAM knows under the name now; null: nothing. */
export async function readOwner(
  clients: AwsClients,
  { kind, name }: Owner,
): Promise<{ readonly arn: string; readonly uniqueId: string } | null> {
  if (kind === 'user') {
    const user = await findUser(clients, name);
    return user && { arn: user.Arn ?? '', uniqueId: user.UserId ?? '' };
  }
  if (kind === 'role') {
    const role = await findRole(clients, name);
    return role && { arn: role.Arn ?? '', uniqueId: role.RoleId ?? '' };
  }
  const group = await findGroup(clients, name);
  return group && { arn: group.Arn ?? '', uniqueId: group.GroupId ?? '' };
}

const USERS_AND_ROLES: readonly PolicyOwner[] = ['user', 'role'];
export const ALL_OWNERS: readonly PolicyOwner[] = [...USERS_AND_ROLES, 'group'];

/** `permissionsOn('Detach', 'Policy', …)`: iam:DetachUserPolicy on users and iam:DetachRolePolicy on roles. */
export function permissionsOn(verb: string, noun: string, purpose: string, kinds = USERS_AND_ROLES) {
  return kinds.map((kind) => ({
    name: `iam:${verb}${nameOfOwner(kind)}${noun}`,
    resource: `arn:aws:iam::<account>:${kind}/*`,
    purpose,
  }));
}

/** Of an action on what the suspect left on another user. */
export const EXAMPLE_LEFT = {
  cloud: 'aws',
  accountId: EXAMPLE_USER.accountId,
  principal: EXAMPLE_USER,
  target: 'arn:aws:iam::123456789012:user/backdoor',
} as const;
