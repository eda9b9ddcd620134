import { CordonFailure } from '../../contracts/failures.ts';
import { parseArn } from '../../domain/arn.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../domain/plan.ts';
import type { Preflight } from '../port.ts';
import { leftToAPerson, nothingToDo, refuseForAPerson } from './by-hand.ts';
import type { AwsClients } from './clients.ts';
import { findGroup, findRole, findUser } from './confirm.ts';
import { nameInArn } from './names.ts';
import type { PolicyOwner } from './policies.ts';
import { nameOfOwner } from './policies.ts';

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

type Standing =
  | { readonly kind: 'there' }
  | { readonly kind: 'gone'; readonly namesake: string | null }
  | { readonly kind: 'moved'; readonly arn: string };

/** IAM can move a user or group to another path, which changes its ARN and not its id. */
async function standingOf(clients: AwsClients, request: ActionRequest, uniqueId?: string): Promise<Standing> {
  const found = await readOwner(clients, ownerOf(request));
  if (!found) return { kind: 'gone', namesake: null };
  if (uniqueId !== undefined && found.uniqueId !== uniqueId) return { kind: 'gone', namesake: found.uniqueId };
  return found.arn === request.target ? { kind: 'there' } : { kind: 'moved', arn: found.arn };
}

/**
 * What a preflight says where the identity is not there as the plan named it; null: it is. What is gone can't be used, and `prior`
 * says so; a namesake made since is not what was meant, and a person looks at it.
 */
export async function preflightElsewhere(
  clients: AwsClients,
  request: ActionRequest,
  prior: JsonObject,
  uniqueId?: string,
): Promise<Preflight | null> {
  const { target } = request;
  const standing = await standingOf(clients, request, uniqueId);
  if (standing.kind === 'there') return null;
  if (standing.kind === 'moved') return leftToAPerson(`${target} has become ${standing.arn} since the plan was made.`);
  if (standing.namesake === null) return nothingToDo(prior);
  const caveat = `${target} is gone and was created anew with id ${standing.namesake}, which is left alone: look at who made it.`;
  return nothingToDo(prior, [caveat]);
}

/** For verification: IAM does not know the very identity any more, whatever has its name. */
export async function isGone(clients: AwsClients, request: ActionRequest, uniqueId?: string): Promise<boolean> {
  return (await standingOf(clients, request, uniqueId)).kind === 'gone';
}

/** For changes, which need somebody to be made on. Throws `NotFound` where it is gone, `TargetRefused` where it is not as planned. */
export async function confirmOwner(clients: AwsClients, request: ActionRequest, uniqueId?: string): Promise<Owner> {
  const { target } = request;
  const standing = await standingOf(clients, request, uniqueId);
  if (standing.kind === 'there') return ownerOf(request);
  if (standing.kind === 'moved')
    throw refuseForAPerson(`${target} has become ${standing.arn} since the plan was made.`);
  if (standing.namesake !== null) throw refuseForAPerson(`${target} was created anew since the plan was made.`);
  throw new CordonFailure('NotFound', `IAM does not know ${target} (any more). Check who deleted it.`);
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
export async function readOwner(clients: AwsClients, { kind, name }: Owner): Promise<KnownOwner | null> {
  if (kind === 'user') {
    const user = await findUser(clients, name);
    return user && { arn: user.Arn ?? '', uniqueId: user.UserId ?? '', createdAt: user.CreateDate };
  }
  if (kind === 'role') {
    const role = await findRole(clients, name);
    return role && { arn: role.Arn ?? '', uniqueId: role.RoleId ?? '', createdAt: role.CreateDate };
  }
  const group = await findGroup(clients, name);
  return group && { arn: group.Arn ?? '', uniqueId: group.GroupId ?? '', createdAt: group.CreateDate };
}

export interface KnownOwner {
  readonly arn: string;
  readonly uniqueId: string;
  readonly createdAt: Date | undefined;
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
