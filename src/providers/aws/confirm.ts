import type { Group, Role, User } from '@aws-sdk/client-iam';
import { GetGroupCommand, GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam';

import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { AwsClients } from './clients.ts';
import { targetUser } from './names.ts';

/** What a read of something that may not exist found: null stands for AWS's own "no such entity", nothing else. */
export async function orNull<Found>(read: Promise<Found>): Promise<Found | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'NotFound') return null;
    throw error;
  }
}

export async function findUser(clients: AwsClients, name: string): Promise<User | null> {
  return (await orNull(clients.iam.send(new GetUserCommand({ UserName: name }))))?.User ?? null;
}

export async function findRole(clients: Pick<AwsClients, 'iam'>, name: string): Promise<Role | null> {
  return (await orNull(clients.iam.send(new GetRoleCommand({ RoleName: name }))))?.Role ?? null;
}

export async function findGroup(clients: AwsClients, name: string): Promise<Group | null> {
  return (await orNull(clients.iam.send(new GetGroupCommand({ GroupName: name }))))?.Group ?? null;
}

/** The user's name, if it is still the very identity that the plan named and not a namesake made since. */
export async function confirmUser(clients: AwsClients, request: ActionRequest): Promise<string> {
  const name = targetUser(request);
  const user = await findUser(clients, name);
  if (!user) throw new CordonFailure('NotFound', `IAM has no user ${name} (any more). Check who deleted it.`);
  if (user.Arn !== request.target || (request.principal.uniqueId && user.UserId !== request.principal.uniqueId)) {
    throw new CordonFailure('TargetRefused', `User ${name} is not the one the plan was made for: it was created anew.`);
  }
  return name;
}
