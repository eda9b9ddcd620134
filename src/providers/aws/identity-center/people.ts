import { DescribeUserCommand, GetUserIdCommand } from '@aws-sdk/client-identitystore';

import { CordonFailure } from '../../../contracts/failures.ts';
import type { ActionRequest } from '../../../domain/plan.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import { IDENTITY_STORE_USER_ID } from '../../../domain/principal.ts';
import type { AwsClients, IdentityCenter } from '../clients.ts';
import { orNull } from '../confirm.ts';

/** Longer names of sessions are cut off by AWS, and what is left may be another user's name. */
const LONGEST_SESSION_NAME = 64;

export interface Person {
  readonly userId: string;
  readonly userName: string;
  /** As far as Identity Center tells it. */
  readonly disabled: boolean;
}

/** The user that Identity Center names its sessions after, or null: none of that name, or one that can't be told for certain. */
export async function findPerson(center: IdentityCenter, sessionName: string): Promise<Person | null> {
  if (sessionName.length >= LONGEST_SESSION_NAME) return null;
  const AlternateIdentifier = { UniqueAttribute: { AttributePath: 'userName', AttributeValue: sessionName } };
  const IdentityStoreId = center.identityStoreId;
  const found = await orNull(center.store.send(new GetUserIdCommand({ IdentityStoreId, AlternateIdentifier })));
  const person =
    found?.UserId && IDENTITY_STORE_USER_ID.test(found.UserId) ? await describe(center, found.UserId) : null;
  return person && isNamed(person, sessionName) ? person : null;
}

/** As the Service Authorization Reference spells it. */
export function personArn(userId: string): string {
  return `arn:aws:identitystore:::user/${userId}`;
}

/** The user that an action is about, if it is still the very person that the plan named. */
export async function confirmPerson(center: IdentityCenter, request: ActionRequest): Promise<Person> {
  const userId = targetPerson(request);
  const person = await describe(center, userId);
  if (!person) {
    throw new CordonFailure('NotFound', `Identity Center has no user ${userId} (any more). Check who deleted it.`);
  }
  if (!isNamed(person, request.principal.name)) {
    throw new CordonFailure('TargetRefused', `User ${userId} has another name than the one the plan was made for.`);
  }
  return person;
}

export function targetPerson({ action, principal, target }: ActionRequest): string {
  const userId = principal.uniqueId ?? '';
  const fits = principal.kind === 'identity-center-user' && IDENTITY_STORE_USER_ID.test(userId);
  if (!fits || target !== personArn(userId)) {
    throw new CordonFailure(
      'TargetRefused',
      `${action} is about users of Identity Center, and only the one the case is about.`,
    );
  }
  return userId;
}

/** Of the role that Identity Center gave the session of. */
export function roleNameOf(principal: Pick<AwsPrincipal, 'arn'>): string {
  return principal.arn.split('/')[1] ?? '';
}

export function centerOf({ identityCenter }: AwsClients): IdentityCenter {
  if (identityCenter) return identityCenter;
  const message = 'No Identity Center is configured (`aws.identityCenter`), so nothing in it can be read or changed.';
  throw new CordonFailure('ValidationFailed', message);
}

async function describe(center: IdentityCenter, UserId: string): Promise<Person | null> {
  const input = { IdentityStoreId: center.identityStoreId, UserId };
  const user = await orNull(center.store.send(new DescribeUserCommand(input)));
  if (!user?.UserName) return null;
  return { userId: UserId, userName: user.UserName, disabled: user.UserStatus === 'DISABLED' };
}

/** Identity Center tells user names apart without regard to case. */
function isNamed({ userName }: Person, name: string): boolean {
  return userName.toLowerCase() === name.toLowerCase();
}
