import { paginateListGroupMembershipsForMember } from '@aws-sdk/client-identitystore';
import {
  DeleteInlinePolicyFromPermissionSetCommand,
  DescribePermissionSetCommand,
  GetInlinePolicyForPermissionSetCommand,
  paginateListAccountAssignmentsForPrincipal,
  paginateListAccountsForProvisionedPermissionSet,
  paginateListPermissionSetsProvisionedToAccount,
  PutInlinePolicyToPermissionSetCommand,
} from '@aws-sdk/client-sso-admin';

import type { IdentityCenter } from '../clients.ts';

/** Who is given a permission set in an account. */
export interface Assignment {
  readonly accountId: string;
  readonly permissionSetArn: string;
  /** Null: the user itself; else the id of a group that the user is in. */
  readonly group: string | null;
}

export interface PermissionSet {
  readonly arn: string;
  readonly name: string;
}

/** By the user itself and by each of its groups: AWS does not promise that an answer for a user holds what its groups are given. */
export async function listAssignments(center: IdentityCenter, userId: string): Promise<readonly Assignment[]> {
  const groups: string[] = [];
  const input = { IdentityStoreId: center.identityStoreId, MemberId: { UserId: userId } };
  for await (const page of paginateListGroupMembershipsForMember({ client: center.store }, input)) {
    groups.push(...(page.GroupMemberships ?? []).flatMap(({ GroupId }) => GroupId ?? []));
  }
  const own = await assignmentsOf(center, 'USER', userId);
  const found = [own, ...(await inTurns(groups, (group) => assignmentsOf(center, 'GROUP', group)))];
  const byKey = new Map(found.flat().map((assignment) => [JSON.stringify(assignment), assignment]));
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, assignment]) => assignment);
}

async function assignmentsOf(center: IdentityCenter, PrincipalType: 'USER' | 'GROUP', PrincipalId: string) {
  const assignments: Assignment[] = [];
  const input = { InstanceArn: center.instanceArn, PrincipalType, PrincipalId };
  for await (const page of paginateListAccountAssignmentsForPrincipal({ client: center.admin }, input)) {
    for (const one of page.AccountAssignments ?? []) {
      const group = one.PrincipalType === 'GROUP' ? (one.PrincipalId ?? '') : null;
      assignments.push({ accountId: one.AccountId ?? '', permissionSetArn: one.PermissionSetArn ?? '', group });
    }
  }
  return assignments;
}

/**
 * What the user holds, and the permission set behind `roleName` in the account: a session outlives the end of the assignment that
 * it came by. `missing`: no permission set in that account is behind the role.
 */
export async function permissionSetsOf(
  center: IdentityCenter,
  assignments: readonly Assignment[],
  { roleName, accountId }: { readonly roleName: string; readonly accountId: string },
): Promise<{ readonly sets: readonly PermissionSet[]; readonly missing: boolean }> {
  const arns = [...new Set(assignments.map(({ permissionSetArn }) => permissionSetArn))].toSorted();
  const held = await inTurns(arns, (arn) => describe(center, arn));
  const isBehind = ({ name }: PermissionSet) => roleName.replace(/_[0-9a-f]+$/u, '') === `AWSReservedSSO_${name}`;
  if (held.some(isBehind)) return { sets: held, missing: false };
  const input = { InstanceArn: center.instanceArn, AccountId: accountId };
  for await (const page of paginateListPermissionSetsProvisionedToAccount({ client: center.admin }, input)) {
    const others = (page.PermissionSets ?? []).filter((arn) => !arns.includes(arn));
    const behind = (await inTurns(others, (arn) => describe(center, arn))).find(isBehind);
    if (behind) return { sets: [...held, behind], missing: false };
  }
  return { sets: held, missing: true };
}

/** AWS answers 20 calls a second of one account: some at once, not all that a person may hold. */
const AT_ONCE = 5;

export async function inTurns<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(read))));
  }
  return results;
}

async function describe(center: IdentityCenter, arn: string): Promise<PermissionSet> {
  const input = { InstanceArn: center.instanceArn, PermissionSetArn: arn };
  const { PermissionSet } = await center.admin.send(new DescribePermissionSetCommand(input));
  return { arn, name: PermissionSet?.Name ?? '' };
}

/** The document as it was put, or null where there is none: AWS answers with an empty text. */
export async function readInline({ admin, instanceArn }: IdentityCenter, PermissionSetArn: string) {
  const input = { InstanceArn: instanceArn, PermissionSetArn };
  return (await admin.send(new GetInlinePolicyForPermissionSetCommand(input))).InlinePolicy || null;
}

export async function writeInline(center: IdentityCenter, arn: string, document: string | null): Promise<void> {
  const names = { InstanceArn: center.instanceArn, PermissionSetArn: arn };
  await (document === null
    ? center.admin.send(new DeleteInlinePolicyFromPermissionSetCommand(names))
    : center.admin.send(new PutInlinePolicyToPermissionSetCommand({ ...names, InlinePolicy: document })));
}

/** Accounts whose role is as the permission set is now, or is not. */
export async function accountsOf(
  center: IdentityCenter,
  arn: string,
  ProvisioningStatus: 'LATEST_PERMISSION_SET_PROVISIONED' | 'LATEST_PERMISSION_SET_NOT_PROVISIONED',
): Promise<readonly string[]> {
  const accounts: string[] = [];
  const input = { InstanceArn: center.instanceArn, PermissionSetArn: arn, ProvisioningStatus };
  for await (const page of paginateListAccountsForProvisionedPermissionSet({ client: center.admin }, input)) {
    accounts.push(...(page.AccountIds ?? []));
  }
  return accounts.toSorted();
}

export const outdatedAccounts = (center: IdentityCenter, arn: string) =>
  accountsOf(center, arn, 'LATEST_PERMISSION_SET_NOT_PROVISIONED');
