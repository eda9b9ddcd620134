import type { ManagedPolicyDetail, PolicyDetail, RoleDetail, UserDetail } from '@aws-sdk/client-iam';
import { paginateGetAccountAuthorizationDetails } from '@aws-sdk/client-iam';
import { paginateListSecrets } from '@aws-sdk/client-secrets-manager';

import { CordonFailure } from '../../contracts/failures.ts';
import type { LooseCredential, Mark } from '../../domain/orphan.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Provider } from '../port.ts';
import { listAccessKeys } from './access-keys.ts';
import { REVOKE_POLICY_NAME } from './actions/revoke-role-sessions/document.ts';
import type { AwsClients } from './clients.ts';
import { personMarks } from './identity-center/marks.ts';
import { DENY_POLICY, KEY_SECRET, PERSON_DENY } from './mark-names.ts';
import { inlineMarks, policyMarks, secretMark, trustMarks } from './marks.ts';
import { USER_NAME } from './names.ts';

type Marks = Awaited<ReturnType<Provider['marked']>>;

interface Identities {
  readonly users: readonly UserDetail[];
  readonly roles: readonly RoleDetail[];
  readonly policies: readonly ManagedPolicyDetail[];
  readonly isTruncated: boolean;
}

/** A page comes with every document: smaller ones come in time. An account holds some 16,000 of them by AWS's own limits. */
const ON_A_PAGE = 200;
const MOST_PAGES = 200;
const KEY_LISTS_AT_ONCE = 5;

/**
 * Two listings whatever the account's size, and one of keys for each user that Cordon changed. A secret stands in the region where
 * Cordon keeps them; one in another region of an earlier configuration is not found.
 */
export async function findMarks(
  clients: AwsClients,
  region: string,
  accountId: string,
  held: readonly Principal[],
): Promise<Marks> {
  const unread: string[] = [];
  const identities = await readIdentities(clients);
  if (identities.isTruncated) unread.push(`IAM of ${accountId}: more than ${MOST_PAGES} pages of users and roles.`);
  const secrets = await readSecrets(clients).catch(unreadInstead([], unread, `Secrets Manager in ${region}`));
  return {
    marks: [
      ...identities.users.flatMap((user) => inlineMarks('user', user.UserName, user.Arn, user.UserPolicyList)),
      ...identities.roles.flatMap((role) => inlineMarks('role', role.RoleName, role.Arn, role.RolePolicyList)),
      ...identities.roles.flatMap((role) => trustMarks(role)),
      ...identities.roles.flatMap((role) => personMarks(role)),
      ...identities.policies.flatMap((policy) => policyMarks(policy, identities.users)),
      ...secrets,
    ],
    credentials: await credentialsOf(clients, heldUsers(identities.users, held), unread),
    unread,
  };
}

async function readIdentities({ iam: client }: AwsClients): Promise<Identities> {
  const users: UserDetail[] = [];
  const roles: RoleDetail[] = [];
  const policies: ManagedPolicyDetail[] = [];
  const input = { Filter: ['User' as const, 'Role' as const, 'LocalManagedPolicy' as const] };
  let pages = 0;
  for await (const page of paginateGetAccountAuthorizationDetails({ client, pageSize: ON_A_PAGE }, input)) {
    users.push(...(page.UserDetailList ?? []).map((user) => ({ ...user, UserPolicyList: ours(user.UserPolicyList) })));
    roles.push(...(page.RoleDetailList ?? []).map((role) => ({ ...role, RolePolicyList: ours(role.RolePolicyList) })));
    policies.push(...(page.Policies ?? []).map(({ PolicyName, Arn }) => ({ PolicyName, Arn })));
    pages += 1;
    if (pages === MOST_PAGES && page.IsTruncated) return { users, roles, policies, isTruncated: true };
  }
  return { users, roles, policies, isTruncated: false };
}

/** The rest is not kept: the policies of an account may be many megabytes. */
function ours(policies: PolicyDetail[] = []): PolicyDetail[] {
  const isOurs = ({ PolicyName = '', PolicyDocument = '' }: PolicyDetail): boolean =>
    PolicyName.startsWith(DENY_POLICY.prefix) ||
    PolicyName === REVOKE_POLICY_NAME ||
    PolicyDocument.includes(PERSON_DENY.prefix);
  return policies.filter(isOurs);
}

async function readSecrets({ secrets: client }: AwsClients): Promise<Mark[]> {
  const marks: Mark[] = [];
  const input = { Filters: [{ Key: 'name' as const, Values: [KEY_SECRET.prefix] }] };
  for await (const page of paginateListSecrets({ client }, input)) {
    // AWS compares the beginning of the name; whatever else it answers is none of ours.
    for (const { Name = '' } of page.SecretList ?? [])
      if (Name.startsWith(KEY_SECRET.prefix)) marks.push(secretMark(Name));
  }
  return marks;
}

/** A namesake that was made since is somebody else. */
function heldUsers(users: readonly UserDetail[], held: readonly Principal[]): readonly UserDetail[] {
  const ids = new Map(held.flatMap((one) => (one.cloud === 'aws' ? [[one.arn, one.uniqueId] as const] : [])));
  return users.filter(({ Arn = '', UserId, UserName = '' }) => {
    if (!ids.has(Arn) || !USER_NAME.test(UserName)) return false;
    return (ids.get(Arn) ?? UserId) === UserId;
  });
}

async function credentialsOf(
  clients: AwsClients,
  users: readonly UserDetail[],
  unread: string[],
): Promise<readonly LooseCredential[]> {
  const found: LooseCredential[] = [];
  const waiting = [...users];
  const listing = async () => {
    for (let user = waiting.shift(); user; user = waiting.shift()) {
      const { UserName = '', Arn = '' } = user;
      found.push(...(await keysOf(clients, UserName, Arn).catch(unreadInstead([], unread, `Access keys of ${Arn}`))));
    }
  };
  await Promise.all(Array.from({ length: KEY_LISTS_AT_ONCE }, listing));
  return found;
}

async function keysOf(clients: AwsClients, userName: string, target: string): Promise<LooseCredential[]> {
  const keys = await listAccessKeys(clients, userName);
  return keys
    .filter(({ active }) => active)
    .map(({ accessKeyId, createdAt }) => ({
      kind: 'access key',
      name: `${accessKeyId} of ${target}`,
      target,
      leftBy: ['rotate-access-key'],
      trace: accessKeyId,
      madeAt: createdAt,
      removal: `aws iam update-access-key --user-name ${userName} --access-key-id ${accessKeyId} --status Inactive`,
    }));
}

function unreadInstead<Value>(instead: Value, unread: string[], what: string): (error: unknown) => Value {
  return (error) => {
    if (!(error instanceof CordonFailure)) throw error;
    unread.push(`${what}: ${error.message}`);
    return instead;
  };
}
