import type { Arn } from '../domain/arn.ts';
import { parseArn, roleOf } from '../domain/arn.ts';
import type { Principal } from '../domain/principal.ts';
import { resourceOf } from '../domain/principal.ts';
import { isResourceName, matchesResource } from '../domain/resource-name.ts';
import { matchesWildcard } from '../domain/wildcard.ts';

/** From our configuration, never from a tag that the suspect could set on itself. */
export interface ProtectedPrincipal {
  /** An ARN or another resource name, or a pattern with `*` in the part that names the identity. */
  readonly principal: string;
  readonly reason: string;
}

/**
 * Why this principal may never be contained, or null. Where it can't be told (no resource name, a role whose path a session does not
 * show) the answer is a reason too: a person looks.
 */
export function protectedBecause(
  principal: Principal,
  selves: readonly Principal[],
  protectedList: readonly ProtectedPrincipal[],
): string | null {
  if (principal.kind === 'root') return ROOT;
  if (principal.kind === 'service-linked-role') return SERVICE_LINKED;
  if (principal.kind === 'aws-service') return 'It is an AWS service, not an identity of this account.';
  const { uniqueId } = principal;
  if (uniqueId !== undefined && selves.some((self) => self.uniqueId === uniqueId)) return SELF;
  return protectedResourceBecause(resourceOf(principal), selves, protectedList);
}

/** The same for what only the resource name is known of, for example a role that the principal assumed. */
export function protectedResourceBecause(
  resource: string,
  selves: readonly Principal[],
  protectedList: readonly ProtectedPrincipal[],
): string | null {
  if (!isResourceName(resource))
    return 'It has no valid resource name, so it could not be checked against the protected principals.';
  const arn = parseArn(resource);
  if (arn?.resource === 'root') return ROOT;
  if (arn && isServiceLinked(arn)) return SERVICE_LINKED;
  if (selves.some((self) => isSameIdentity(resource, resourceOf(self)))) return SELF;
  for (const { principal: pattern, reason } of protectedList) {
    const match = coverage(pattern, resource);
    if (match === 'covered') return `It is protected by the configuration (${pattern}): ${reason}`;
    if (match === 'possible')
      return `It may be protected by the configuration (${pattern}: ${reason}): the path of its role is not known.`;
  }
  return null;
}

const ROOT = 'It is the root user: IAM policies do not bind it.';
const SERVICE_LINKED = 'It is a service-linked role: its sessions cannot be revoked.';
const SELF = 'It is an identity that Cordon itself works with.';

function isServiceLinked(arn: Arn): boolean {
  return (
    arn.resource.startsWith('role/aws-service-role/') ||
    /^(?:assumed-)?role\/(?:.*\/)?AWSServiceRoleFor/u.test(arn.resource)
  );
}

/** IAM keeps names unique whatever their case, so a namesake in another case is the same identity. */
function isSameIdentity(left: string, right: string): boolean {
  if (left.toLowerCase() === right.toLowerCase()) return true;
  const one = roleOf(left);
  const other = roleOf(right);
  return one !== null && other !== null && one.account === other.account && one.name === other.name;
}

/** A pattern that names a role protects the role's sessions, whose ARN shows the name but not the path of the role. */
function coverage(pattern: string, resource: string): 'covered' | 'possible' | 'none' {
  if (matchesResource(pattern, resource)) return 'covered';
  const wanted = roleOf(pattern);
  const found = roleOf(resource);
  if (!wanted || !found || wanted.account !== found.account) return 'none';
  if (wanted.path !== null && found.path !== null) return 'none';
  if (!matchesWildcard(wanted.name, found.name)) return 'none';
  return wanted.path === '' || wanted.path === null || /[^*]/u.test(wanted.name) ? 'covered' : 'possible';
}
