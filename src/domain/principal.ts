/**
 * The canonical cloud identity that a case is about. `uniqueId` (AIDA…, AROA…) tells a re-created namesake from the original:
 * a containment refuses when it has changed since the plan.
 */
export type AwsPrincipalKind =
  | 'iam-user'
  | 'role-session'
  | 'identity-center-user'
  | 'federated-user'
  | 'service-linked-role'
  | 'root'
  | 'aws-service';

export interface AwsPrincipal {
  readonly cloud: 'aws';
  readonly kind: AwsPrincipalKind;
  /** Twelve digits. */
  readonly accountId: string;
  /** User name, role name, or for a federated user the name it was minted with. */
  readonly name: string;
  readonly arn: string;
  readonly uniqueId?: string;
}

export type Principal = AwsPrincipal;

/** What a provider made of an alert's clues. Anything but `resolved` is parked for a person: a target is never guessed. */
export type Resolution =
  | { readonly status: 'resolved'; readonly principal: Principal }
  | { readonly status: 'unresolved'; readonly reason: string }
  | { readonly status: 'ambiguous'; readonly reason: string; readonly candidates: readonly string[] };

/** One string a principal; the lock of its case is a hash of it. Example: `aws:123456789012:iam-user:alice`. */
export function principalKey(principal: Principal): string {
  return [principal.cloud, principal.accountId, principal.kind, principal.name].join(':');
}
