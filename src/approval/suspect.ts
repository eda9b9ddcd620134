import { roleOf } from '../domain/arn.ts';
import { matchesResource } from '../domain/resource-name.ts';
import { matchesWildcard } from '../domain/wildcard.ts';

/**
 * Whether an approver's cloud identity (resource name, or pattern with `*`) may be the suspect. IAM names are unique
 * whatever their case. A role and its sessions count as one where only one side names the session: who can't be told from the
 * suspect does not approve.
 */
export function mayBe(identity: string, suspectResource: string): boolean {
  if (matchesResource(identity, suspectResource)) return true;
  const own = roleOf(identity);
  const suspect = roleOf(suspectResource);
  if (!own || !suspect || own.account !== suspect.account) return false;
  if (own.path === null && suspect.path === null) return false;
  return matchesWildcard(own.name, suspect.name);
}
