import { GetAccessKeyLastUsedCommand, paginateListRoles, paginateListUsers } from '@aws-sdk/client-iam';
import { GetAccessKeyInfoCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';

import { CordonFailure } from '../../contracts/failures.ts';
import type { PrincipalClue } from '../../domain/alert.ts';
import type { AwsPrincipal, Principal, Resolution } from '../../domain/principal.ts';
import { IDENTITY_STORE_USER_ID } from '../../domain/principal.ts';
import type { AwsClients } from './clients.ts';
import type { Lead } from './clues.ts';
import { readClue, unusableBecause } from './clues.ts';
import { findRole, findUser, orNull } from './confirm.ts';
import { findPerson, personArn } from './identity-center/people.ts';
import { USER_NAME } from './names.ts';

/** Thrown inside this file only: the clue leads to nobody, for this reason. */
class Unresolved extends Error {}

/** Finds the ARN that the log shows for a temporary access key, or null. */
export type FindArnOfKey = (accessKeyId: string) => Promise<string | null>;

/**
 * Every clue must lead to the same identity, confirmed by IAM in Cordon's own account. One clue that leads nowhere leaves the
 * whole unresolved, and two that differ are ambiguous: a target is never picked.
 */
export async function resolvePrincipal(
  clients: AwsClients,
  findArnOfKey: FindArnOfKey,
  clues: readonly PrincipalClue[],
  alertAccountId: string | undefined,
): Promise<Resolution> {
  const unresolved = (reason: string): Resolution => ({ status: 'unresolved', reason });
  const leads = clues.map(readClue);
  const unusable = unusableBecause(leads);
  if (unusable !== null) return unresolved(unusable);
  const accountId = (await self(clients)).accountId;
  if (alertAccountId !== undefined && alertAccountId !== accountId) {
    return unresolved(`The alert is about account ${alertAccountId}; Cordon acts in ${accountId} only.`);
  }
  if (alertAccountId === undefined && leads.every((lead) => lead.kind === 'name')) {
    return unresolved('The alert gives a name, but no account that it belongs to.');
  }
  const resolver = new Resolver(clients, findArnOfKey, accountId, leads);
  try {
    return agree(await resolver.resolveAll(leads));
  } catch (error) {
    if (error instanceof Unresolved) return unresolved(error.message);
    throw error;
  }
}

export async function self(clients: Pick<AwsClients, 'iam' | 'sts'>): Promise<Principal> {
  const { Arn = '', Account = '' } = await clients.sts.send(new GetCallerIdentityCommand({}));
  const lead = readClue({ form: 'arn', value: Arn });
  switch (lead.kind) {
    case 'root':
      return root(Account);
    case 'user': {
      // Not confirmed by IAM: Cordon must know itself even where it may not call GetUser on itself.
      return { cloud: 'aws', kind: 'iam-user', accountId: Account, name: lead.name, arn: lead.arn };
    }
    case 'role': {
      // The session's ARN leaves out the path of its role.
      const role = await findRole(clients, lead.name);
      return roleSession(Account, lead.name, role?.Arn ?? `arn:aws:iam::${Account}:role/${lead.name}`);
    }
    case 'federated':
      return federated(Account, lead.name);
    default:
      throw new CordonFailure('ValidationFailed', "AWS describes Cordon's own identity in a form that is not known.");
  }
}

class Resolver {
  readonly #clients: AwsClients;
  readonly #findArnOfKey: FindArnOfKey;
  readonly #accountId: string;
  /** Names among the clues: a cheaper way from a unique id to its identity than listing all of them. */
  readonly #hints: readonly string[];

  constructor(clients: AwsClients, findArnOfKey: FindArnOfKey, accountId: string, leads: readonly Lead[]) {
    this.#clients = clients;
    this.#findArnOfKey = findArnOfKey;
    this.#accountId = accountId;
    this.#hints = leads.flatMap((lead) => ('name' in lead ? [lead.name] : []));
  }

  /** Names last: a name alone means a user, beside another clue it may be the name of its role or session. */
  async resolveAll(leads: readonly Lead[]): Promise<readonly AwsPrincipal[]> {
    const strong = leads.filter((lead) => lead.kind !== 'name');
    const found = await Promise.all(strong.map((lead) => this.#resolve(lead)));
    const sessions = strong.flatMap((lead) => ('session' in lead && lead.session ? [lead.session] : []));
    const names = leads.flatMap((lead) => (lead.kind === 'name' ? [lead.name] : []));
    const left = names.filter((name) => !found.some((principal) => isName(name, principal, sessions)));
    return [...found, ...(await Promise.all(left.map((name) => this.#user(name))))];
  }

  async #resolve(lead: Lead): Promise<AwsPrincipal> {
    if ('accountId' in lead && lead.accountId !== this.#accountId) {
      throw new Unresolved(`A clue belongs to account ${lead.accountId}, not to ${this.#accountId}.`);
    }
    switch (lead.kind) {
      case 'user':
        return this.#user(lead.name, lead.arn);
      case 'role':
        return this.#role(lead.name, lead.session, lead.arn);
      case 'root':
        return root(lead.accountId);
      case 'federated':
        return federated(lead.accountId, lead.name);
      case 'access-key':
        return this.#accessKey(lead.accessKeyId);
      case 'unique-id':
        return this.#uniqueId(lead.uniqueId, lead.session);
      default:
        throw new Unresolved(`The identity can't be told from a clue of kind ${lead.kind}.`);
    }
  }

  async #user(name: string, arn?: string): Promise<AwsPrincipal> {
    const user = await findUser(this.#clients, name);
    if (!user?.Arn || !user.UserId || !user.UserName) throw new Unresolved(`IAM has no user ${name}.`);
    if (arn && user.Arn !== arn) throw new Unresolved(`A clue says ${arn}, but IAM knows that user as ${user.Arn}.`);
    const { UserName, Arn, UserId: uniqueId } = user;
    return { cloud: 'aws', kind: 'iam-user', accountId: this.#accountId, name: UserName, arn: Arn, uniqueId };
  }

  async #role(name: string, session?: string, arn?: string): Promise<AwsPrincipal> {
    const role = await findRole(this.#clients, name);
    if (!role?.Arn || !role.RoleId || !role.RoleName) throw new Unresolved(`IAM has no role ${name}.`);
    if (arn && role.Arn !== arn) throw new Unresolved(`A clue says ${arn}, but IAM knows that role as ${role.Arn}.`);
    const common = { cloud: 'aws', accountId: this.#accountId, uniqueId: role.RoleId } as const;
    if (role.Path?.startsWith('/aws-service-role/')) {
      return { ...common, kind: 'service-linked-role', name: role.RoleName, arn: role.Arn };
    }
    if (role.Path?.startsWith('/aws-reserved/sso') || role.RoleName.startsWith('AWSReservedSSO_')) {
      // Its session is named after the person; without the session there is no one person.
      if (!session)
        throw new Unresolved(`Role ${name} belongs to Identity Center, and no clue says which user it was.`);
      const sessionArn = `arn:aws:sts::${this.#accountId}:assumed-role/${role.RoleName}/${session}`;
      const found = { ...common, kind: 'identity-center-user', name: session, arn: sessionArn } as const;
      return { ...found, uniqueId: await this.#personId(session, role.RoleId) };
    }
    const found = { ...roleSession(this.#accountId, role.RoleName, role.Arn), uniqueId: role.RoleId };
    return session === undefined ? found : { ...found, session };
  }

  /** Without an Identity Center to ask, the person stays a name, and only a person can contain it. */
  async #personId(session: string, roleId: string): Promise<string> {
    const { identityCenter } = this.#clients;
    if (!identityCenter) return roleId;
    const person = await findPerson(identityCenter, session);
    if (!person) {
      throw new Unresolved(
        `Identity Center has no user ${session}, or has renamed it since; whose session it is can't be told.`,
      );
    }
    return person.userId;
  }

  async #accessKey(accessKeyId: string): Promise<AwsPrincipal> {
    const Account = await accountOfKey(this.#clients, accessKeyId);
    if (Account === null) throw new Unresolved(`AWS says that ${accessKeyId} is no access key.`);
    if (Account !== this.#accountId) {
      throw new Unresolved(
        `Access key ${accessKeyId} belongs to account ${Account || '?'}, not to ${this.#accountId}.`,
      );
    }
    if (accessKeyId.startsWith('ASIA')) {
      const arn = await this.#findArnOfKey(accessKeyId);
      if (!arn)
        throw new Unresolved(`The log shows no call by temporary key ${accessKeyId}: whose it is can't be told.`);
      return this.#resolveConfirmed(readClue({ form: 'arn', value: arn }));
    }
    const input = { AccessKeyId: accessKeyId };
    const name = (await orNull(this.#clients.iam.send(new GetAccessKeyLastUsedCommand(input))))?.UserName;
    if (!name || !USER_NAME.test(name)) throw new Unresolved(`IAM knows no user with access key ${accessKeyId}.`);
    return this.#user(name);
  }

  #resolveConfirmed(lead: Lead): Promise<AwsPrincipal> {
    if (lead.kind === 'unusable') throw new Unresolved(`The identity can't be told: ${lead.reason}.`);
    return this.#resolve(lead);
  }

  async #uniqueId(uniqueId: string, session?: string): Promise<AwsPrincipal> {
    const name = await (uniqueId.startsWith('AIDA') ? this.#userOfId(uniqueId) : this.#roleOfId(uniqueId));
    if (!name) throw new Unresolved(`IAM has no identity with id ${uniqueId}; it may have been deleted.`);
    return uniqueId.startsWith('AIDA') ? this.#user(name) : this.#role(name, session);
  }

  async #userOfId(uniqueId: string): Promise<string | null> {
    for (const hint of this.#hints) {
      if ((await findUser(this.#clients, hint))?.UserId === uniqueId) return hint;
    }
    for await (const page of paginateListUsers({ client: this.#clients.iam, pageSize: 1000 }, {})) {
      const found = page.Users?.find((user) => user.UserId === uniqueId);
      if (found) return found.UserName ?? null;
    }
    return null;
  }

  async #roleOfId(uniqueId: string): Promise<string | null> {
    for (const hint of this.#hints) {
      if ((await findRole(this.#clients, hint))?.RoleId === uniqueId) return hint;
    }
    for await (const page of paginateListRoles({ client: this.#clients.iam, pageSize: 1000 }, {})) {
      const found = page.Roles?.find((role) => role.RoleId === uniqueId);
      if (found) return found.RoleName ?? null;
    }
    return null;
  }
}

/** The account that a clue tells by itself, or AWS by the clue's access key; undefined where it takes a look into accounts. */
export async function accountOf(clients: AwsClients, lead: Lead): Promise<string | undefined> {
  if ('accountId' in lead) return lead.accountId;
  return lead.kind === 'access-key' ? (await accountOfKey(clients, lead.accessKeyId)) || undefined : undefined;
}

/** Null: AWS says that it is no access key. */
async function accountOfKey(clients: AwsClients, AccessKeyId: string): Promise<string | null> {
  try {
    return (await clients.sts.send(new GetAccessKeyInfoCommand({ AccessKeyId }))).Account ?? '';
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'ValidationFailed') return null;
    throw error;
  }
}

function agree(found: readonly AwsPrincipal[]): Resolution {
  const [first] = found;
  const candidates = [...new Set(found.map(oneName))];
  const ids = new Set(found.map((principal) => principal.uniqueId));
  if (!first) return { status: 'unresolved', reason: 'No clue leads to an identity.' };
  if (candidates.length > 1 || ids.size > 1) {
    return { status: 'ambiguous', reason: 'The clues of the alert lead to different identities.', candidates };
  }
  // Clues may name no session, or several: then it is the role as a whole.
  const { session: _, ...identity } = first;
  const sessions = new Set(found.flatMap(({ session }) => (session === undefined ? [] : [session])));
  const [session] = sessions;
  return { status: 'resolved', principal: sessions.size === 1 && session ? { ...identity, session } : identity };
}

/** A user of Identity Center is one person, by whichever of its roles the alert saw it. */
function oneName({ kind, arn, uniqueId = '' }: AwsPrincipal): string {
  return kind === 'identity-center-user' && IDENTITY_STORE_USER_ID.test(uniqueId) ? personArn(uniqueId) : arn;
}

/** IAM tells names apart without regard to case. */
function isName(name: string, principal: AwsPrincipal, sessions: readonly string[]): boolean {
  const role = principal.kind === 'identity-center-user' ? (principal.arn.split('/')[1] ?? '') : principal.name;
  const session = principal.kind === 'iam-user' ? [] : sessions;
  return [principal.name, role, ...session].some((known) => known.toLowerCase() === name.toLowerCase());
}

function root(accountId: string): AwsPrincipal {
  return { cloud: 'aws', kind: 'root', accountId, name: 'root', arn: `arn:aws:iam::${accountId}:root` };
}

export function roleSession(accountId: string, name: string, arn: string): AwsPrincipal {
  return { cloud: 'aws', kind: 'role-session', accountId, name, arn };
}

function federated(accountId: string, name: string): AwsPrincipal {
  return {
    cloud: 'aws',
    kind: 'federated-user',
    accountId,
    name,
    arn: `arn:aws:sts::${accountId}:federated-user/${name}`,
  };
}
