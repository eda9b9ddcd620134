/**
 * The canonical cloud identity that a case is about. `uniqueId` (AIDA…, AROA…, an object id, a service account's number) tells a
 * re-created namesake from the original: a containment refuses when it has changed since the plan.
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
  /** Of a user of Identity Center: the user's id in the identity store; the role's id where no Identity Center is configured. */
  readonly uniqueId?: string;
  /** Of a role: the one session that the alert named. Not part of the identity, and no proof: its holder chose the name. */
  readonly session?: string;
}

export type AzurePrincipalKind = 'entra-user' | 'service-principal' | 'managed-identity';

export interface AzurePrincipal {
  readonly cloud: 'azure';
  readonly kind: AzurePrincipalKind;
  /** The tenant: an identity of Entra belongs to no subscription. Lower case, as all ids here. */
  readonly accountId: string;
  /** User principal name or display name. It can be changed, and by the suspect: for people to read, never to find by. */
  readonly name: string;
  /** Object id of the user or service principal. */
  readonly uniqueId: string;
  /** Application (client) id; absent for users. */
  readonly appId?: string;
}

export type GcpPrincipalKind = 'service-account' | 'google-user';

export interface GcpPrincipal {
  readonly cloud: 'gcp';
  readonly kind: GcpPrincipalKind;
  /** Project id of a service account. Google users belong to no project: `goog`. */
  readonly accountId: string;
  /** The e-mail address, lower case. */
  readonly name: string;
  /** Numeric id of a service account; Google shows none for users. */
  readonly uniqueId?: string;
}

export type Principal = AwsPrincipal | AzurePrincipal | GcpPrincipal;
export type PrincipalKind = Principal['kind'];

/** What a provider made of an alert's clues. Anything but `resolved` is parked for a person: a target is never guessed. */
export type Resolution =
  | { readonly status: 'resolved'; readonly principal: Principal }
  | { readonly status: 'unresolved'; readonly reason: string }
  | { readonly status: 'ambiguous'; readonly reason: string; readonly candidates: readonly string[] };

/**
 * The identity as its cloud names it: the ARN, the path of a directory object under its tenant, the full resource name of a
 * service account. Patterns of the configuration are matched against it.
 */
export function resourceOf(principal: Principal): string {
  if (principal.cloud === 'aws') return principal.arn;
  const { accountId, kind, name } = principal;
  if (principal.cloud === 'azure') {
    return `/tenants/${accountId}/${kind === 'entra-user' ? 'users' : 'servicePrincipals'}/${principal.uniqueId}`;
  }
  return kind === 'service-account'
    ? `//iam.googleapis.com/projects/${accountId}/serviceAccounts/${name}`
    : `principal://goog/subject/${name}`;
}

/** One string a principal; the lock of its case is a hash of it. Example: `aws:123456789012:iam-user:alice`. */
export function principalKey(principal: Principal): string {
  const { cloud, accountId, kind, name } = principal;
  return [cloud, accountId, kind, principal.cloud === 'azure' ? principal.uniqueId : name].join(':');
}

/** As a person calls it. */
export const KIND_TITLES: Readonly<Record<PrincipalKind, string>> = {
  'iam-user': 'IAM user',
  'role-session': 'role',
  'identity-center-user': 'Identity Center user',
  'federated-user': 'federated user',
  'service-linked-role': 'service-linked role',
  root: 'root user',
  'aws-service': 'AWS service',
  'entra-user': 'Entra user',
  'service-principal': 'service principal',
  'managed-identity': 'managed identity',
  'service-account': 'service account',
  'google-user': 'Google user',
};

/** https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_User.html */
export const IDENTITY_STORE_USER_ID = /^(?:[0-9a-f]{10}-)?[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}$/u;

/**
 * How a person contains it, or null where Cordon has actions for it. A user of Identity Center is within reach only where the
 * configuration names the Identity Center, which then told the user's id.
 */
export function byHand({ kind, uniqueId = '' }: Pick<Principal, 'kind' | 'uniqueId'>): string | null {
  return kind === 'identity-center-user' && IDENTITY_STORE_USER_ID.test(uniqueId) ? null : BY_HAND[kind];
}

/** Kinds that only a person can contain, and how; null: Cordon has actions for it. `byHand` knows the one that depends. */
export const BY_HAND: Readonly<Record<PrincipalKind, string | null>> = {
  'iam-user': null,
  'role-session': null,
  'identity-center-user':
    'An Identity Center user, and no Identity Center is configured (`aws.identityCenter`): disable the user, end the portal sessions, then deny by SCP or permission set on identitystore:userId.',
  'federated-user': 'A federated session: what stops it is a deny on the user that minted it.',
  'service-linked-role': 'A service-linked role: its sessions can not be revoked. Look at the service it belongs to.',
  root: 'The root user, whom IAM policies do not bind: change its password, remove its access keys, check its MFA and contact details.',
  'aws-service': 'An AWS service acting for someone is no identity to judge: find out on whose behalf it called.',
  'entra-user': null,
  'service-principal': null,
  'managed-identity': null,
  'service-account': null,
  'google-user': null,
};
