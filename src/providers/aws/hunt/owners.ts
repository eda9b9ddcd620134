import { CordonFailure } from '../../../contracts/failures.ts';
import type { ChangedIdentity, IdentityChange } from '../../../domain/evidence.ts';
import type { AwsClients } from '../clients.ts';
import { findRole, findUser } from '../confirm.ts';

/** More users and roles than this are not looked up; a change without its owner becomes a caveat. */
const MOST_OWNERS = 30;

/** Adds to each change that succeeded which user or role it was made on: the log has the name only, and a path may belong to it. */
export async function withOwners(
  clients: AwsClients,
  changes: readonly IdentityChange[],
): Promise<readonly IdentityChange[]> {
  const keys = [...new Set(changes.flatMap((change) => ownerKey(change) ?? []))].slice(0, MOST_OWNERS);
  const found = new Map(await Promise.all(keys.map(async (key) => [key, await findOwner(clients, key)] as const)));
  return changes.map((change) => {
    const owner = found.get(ownerKey(change) ?? '');
    return owner === undefined ? change : { ...change, owner };
  });
}

function ownerKey({ failed, details }: IdentityChange): string | null {
  if (failed) return null;
  if (details?.userName !== undefined) return `user/${details.userName}`;
  return details?.roleName === undefined ? null : `role/${details.roleName}`;
}

/** Undefined where IAM did not answer: the hunt then says that it could not be confirmed. */
async function findOwner(clients: AwsClients, key: string): Promise<ChangedIdentity | null | undefined> {
  const [kind, name = ''] = key.split('/');
  try {
    if (kind === 'user') {
      const user = await findUser(clients, name);
      return user && { kind: 'user', arn: user.Arn ?? '', uniqueId: user.UserId ?? '' };
    }
    const role = await findRole(clients, name);
    return role && { kind: 'role', arn: role.Arn ?? '', uniqueId: role.RoleId ?? '' };
  } catch (error) {
    if (error instanceof CordonFailure) return undefined;
    throw error;
  }
}
