import type { JsonObject } from './json.ts';

/**
 * Two layers: `Gathered<Facts>` is what a cloud or the store answered (an activity's result), `EvidenceItem` is the answer to
 * one question of the analyst's playbook, made from those facts by the pure functions in `src/assess`.
 */

/** A fact that could not be had is `unknown` with the reason. Unknown can raise the requirement for approval, never lower it. */
export type Gathered<Facts> =
  | { readonly status: 'known'; readonly facts: Facts; readonly source: string; readonly link?: string }
  | { readonly status: 'unknown'; readonly reason: string; readonly source: string };

/** An inclusive span of time, ISO 8601 UTC. */
export interface TimeWindow {
  readonly from: string;
  readonly to: string;
}

/** A role that the principal's credentials assumed, directly or along a chain. */
export interface AssumedRole {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly at: string;
  /** Who asked for the session; absent where nobody read it. */
  readonly by?: SessionCaller;
}

/**
 * Who was given a session of a role. `id`: the ARN of a user or role, the ARN of an identity provider, the unique id of an identity
 * of another account, the host name of a service; empty where the log does not say. Written by the cloud, checked before use.
 */
export interface SessionCaller {
  readonly kind: 'principal' | 'federated' | 'foreign' | 'service' | 'unknown';
  readonly id: string;
  /** Name of the session that asked, or the subject of the identity provider. */
  readonly subject?: string;
}

/** A write on identities (CreateUser, CreateAccessKey, Put*Policy, UpdateAssumeRolePolicy, …) seen in the log. */
export interface IdentityChange {
  readonly eventName: string;
  readonly target: string;
  readonly at: string;
  readonly denied: boolean;
  /** What stood there right before, where the log tells it whole and an action can put it back. */
  readonly before?: JsonObject;
  /** The call failed, refused or not: nothing was changed. */
  readonly failed?: true;
  /** What a counter-measure has to name. Only ids and names of the cloud's own form; at most 550 characters each. */
  readonly details?: ChangeDetails;
  /** The user, role or group that was changed, as the cloud knows it now; null: it is gone. Absent: no such, or it could not be read. */
  readonly owner?: ChangedIdentity | null;
  /** Of a role, which many may hold at once: by whom it was made, where that is not the suspect for certain. */
  readonly holder?: SessionHolder;
}

/** `other`: somebody else, `name` is who was given the session. `unclear`: perhaps the suspect, `name` is that of the session. */
export interface SessionHolder {
  readonly is: 'other' | 'unclear';
  readonly name: string;
}

export interface ChangeDetails {
  readonly userName?: string;
  readonly roleName?: string;
  readonly accessKeyId?: string;
  readonly policyArn?: string;
  readonly policyName?: string;
  readonly groupName?: string;
  /** Of a managed policy, made the default by this call. */
  readonly policyVersionId?: string;
  /** Made, but not in force: a version of a policy that is not its default. */
  readonly idle?: true;
  /** An OpenID Connect or SAML provider. */
  readonly providerArn?: string;
  /** A function, with its version or alias where the statement is on one. */
  readonly functionArn?: string;
  readonly statementId?: string;
  /** Of the document or statement that the call put, SHA-256 of its meaning, hex. */
  readonly documentDigest?: string;
  /** Google Cloud: every role that the call gave, and to whom. */
  readonly granted?: readonly GrantedRole[];
  /** Google Cloud: of a service account's key that the call made or enabled. */
  readonly keyId?: string;
  /** A trust anchor or profile of Roles Anywhere, and its region. */
  readonly rolesAnywhereId?: string;
  readonly region?: string;
}

export interface GrantedRole {
  readonly role: string;
  readonly member: string;
  /** Title, description, expression, location: what there is of them. */
  readonly condition: Readonly<Record<string, string>> | null;
}

export interface ChangedIdentity {
  readonly kind: 'user' | 'role' | 'group';
  readonly arn: string;
  readonly uniqueId: string;
}

/** Calls of the principal in one window, summed up; lists are capped as stated and say so in `truncated`. */
export interface CallSummary {
  readonly window: TimeWindow;
  readonly calls: number;
  readonly discoveryCalls: number;
  readonly distinctDiscoveryApis: number;
  /** `service:EventName`, at most 50, sorted. */
  readonly apis: readonly string[];
  readonly denied: number;
  /** Source IP addresses as the log spells them, at most 10. */
  readonly addresses: readonly string[];
  readonly userAgents: readonly string[];
  readonly accessKeyIds: readonly string[];
  readonly regions: readonly string[];
  readonly firstSeen?: string;
  readonly lastSeen?: string;
  /** True when a cap cut the list or the log had more pages than the budget allowed: a truncated summary never suppresses. */
  readonly truncated: boolean;
}

/** From the cloud's audit log (CloudTrail): around the alert, and before it as the baseline. */
export interface ActivityFacts {
  readonly around: CallSummary;
  readonly before: CallSummary;
  /** From the longest life of a session before the alert on: such sessions may still live. Without those of other holders of a role. */
  readonly assumedRoles: readonly AssumedRole[];
  /** So far back the log was not read whole: roles may have been assumed that are not named. */
  readonly assumedRolesTruncated?: true;
  /** Of a role: who was given its sessions, from the longest life of a session before the alert on. Absent for other identities. */
  readonly entries?: readonly AssumedRole[];
  /** Sessions minted with GetSessionToken or GetFederationToken, as far back as `assumedRoles`; they outlive the key. */
  readonly mintedSessions: number;
  /** Writes on identities made by the principal, around the alert. */
  readonly changesByPrincipal: readonly IdentityChange[];
  /** Writes on the principal made by anyone, around the alert: recent key and policy changes. */
  readonly changesOfPrincipal: readonly IdentityChange[];
}

export interface AccessKeyFacts {
  readonly accessKeyId: string;
  readonly active: boolean;
  readonly createdAt: string;
  /** Absent when never used, or not recorded. */
  readonly lastUsedAt?: string;
}

/** From the identity service (IAM). */
export interface CredentialFacts {
  readonly accessKeys: readonly AccessKeyFacts[];
  readonly consolePassword: boolean;
  readonly mfaDevices: number;
  /** AWS itself attached its quarantine policy: strong evidence, and never removed by a rollback. */
  readonly quarantinedByCloud: boolean;
}

/** From Cordon's own store. */
export interface HistoryFacts {
  readonly relatedAlerts: readonly { readonly alertId: string; readonly title: string; readonly at: string }[];
  readonly openCaseId?: string;
}

export interface GatheredEvidence {
  readonly activity: Gathered<ActivityFacts>;
  readonly credentials: Gathered<CredentialFacts>;
  readonly history: Gathered<HistoryFacts>;
}

/** The analyst's playbook: the name of a question is what a responder reads in the timeline. */
export const QUESTIONS = {
  'discovery-excess': 'Is there an unusual pattern, or an excess, of discovery calls?',
  'business-hours': 'Outside business hours?',
  'rare-address': 'From a suspicious or rare address?',
  'unusual-behaviour': 'Does the identity deviate from its typical behaviour?',
  denials: 'Were calls refused, as for someone who probes?',
  'identity-changes': 'Recent changes of keys, policies or trust?',
  credentials: 'Which credentials could be in the wrong hands?',
  'assumed-roles': 'Which roles were assumed with them?',
  'related-alerts': 'Related alerts for this identity or address?',
} as const;
export type QuestionId = keyof typeof QUESTIONS;

export interface EvidenceItem {
  readonly question: QuestionId;
  readonly answer: 'suspicious' | 'neutral' | 'reassuring' | 'unknown';
  /** One plain sentence for a person; inert text. */
  readonly summary: string;
  readonly source: string;
  readonly link?: string;
}
