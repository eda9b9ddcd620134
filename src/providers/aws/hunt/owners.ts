import { CordonFailure } from '../../../contracts/failures.ts';
import type { ChangedIdentity, IdentityChange } from '../../../domain/evidence.ts';
import type { AwsClients } from '../clients.ts';
import { madeAfter } from '../by-hand.ts';
import type { KnownOwner, Owner } from '../owner.ts';
import { readOwner } from '../owner.ts';

/** More users, roles and groups than this are not looked up; a change without its owner becomes a caveat. */
const MOST_OWNERS = 30;

/** Adds to each change that succeeded which identity it was made on: the log has the name only, and a path may belong to it. */
export async function withOwners(
  clients: AwsClients,
  changes: readonly IdentityChange[],
): Promise<readonly IdentityChange[]> {
  const named = new Map(changes.flatMap((change) => ownerIn(change) ?? []).map((owner) => [keyOf(owner), owner]));
  const some = [...named].slice(0, MOST_OWNERS);
  const found = new Map(
    await Promise.all(some.map(async ([key, owner]) => [key, await findOwner(clients, owner)] as const)),
  );
  return changes.map((change) => {
    const one = ownerIn(change);
    const known = one ? found.get(keyOf(one)) : undefined;
    return one === null || known === undefined ? change : { ...change, owner: ownerAt(change, one, known) };
  });
}

/** A namesake that was created since is not the one that was changed: that one is gone. */
function ownerAt({ at }: IdentityChange, { kind }: Owner, known: KnownOwner | null): ChangedIdentity | null {
  if (known === null || madeAfter(known.createdAt, at)) return null;
  return { kind, arn: known.arn, uniqueId: known.uniqueId };
}

function ownerIn({ failed, details }: IdentityChange): Owner | null {
  if (failed) return null;
  const { userName, roleName, groupName } = details ?? {};
  if (userName !== undefined) return { kind: 'user', name: userName };
  if (roleName !== undefined) return { kind: 'role', name: roleName };
  return groupName === undefined ? null : { kind: 'group', name: groupName };
}

function keyOf({ kind, name }: Owner): string {
  return `${kind}/${name}`;
}

/** Undefined where IAM did not answer: the hunt then says that it could not be confirmed. */
async function findOwner(clients: AwsClients, owner: Owner): Promise<KnownOwner | null | undefined> {
  try {
    return await readOwner(clients, owner);
  } catch (error) {
    if (error instanceof CordonFailure) return undefined;
    throw error;
  }
}
