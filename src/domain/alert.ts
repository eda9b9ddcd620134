import type { Cloud } from './cloud.ts';

export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * Something in an alert that points at a principal. Detectors name an identity in many forms; a provider resolves all clues of
 * an alert, and only when every one leads to the same principal is there a containment target.
 */
export interface PrincipalClue {
  readonly form:
    | 'arn'
    | 'user-name'
    | 'access-key-id'
    | 'principal-id'
    | 'object-id'
    | 'app-id'
    | 'user-principal-name'
    | 'email'
    | 'key-id'
    /** As `resourceOf` in domain/principal.ts spells it. */
    | 'resource-name'
    | 'other';
  readonly value: string;
}

/** The columns that every alert of the T1580 burst detection carries, whatever SIEM ran it. */
export interface DiscoveryFinding {
  readonly discoveryCount: number;
  readonly distinctApis: number;
  /** At most 50. */
  readonly apiList: readonly string[];
  readonly distinctRegions: number;
  /** 30, 50, 70 or 90. */
  readonly riskScore: number;
}

/**
 * What a detector sent, normalised by its source. Every text field is attacker-controlled: sources bound its length and strip
 * control characters, and nothing here is ever taken as evidence; evidence comes from the cloud itself.
 */
export interface Alert {
  /** `al_` and 32 hex digits of the SHA-256 of the de-duplication key; see `contracts/ids.ts`. */
  readonly alertId: string;
  readonly source: string;
  readonly sourceAlertId: string;
  readonly title: string;
  readonly rule: string;
  readonly severity: Severity;
  /** MITRE ATT&CK technique ids, for example `T1580` or `T1562.008`. */
  readonly techniques: readonly string[];
  /** `unknown` also stands for a cloud without a provider. */
  readonly cloud: Cloud | 'unknown';
  readonly accountId?: string;
  readonly clues: readonly PrincipalClue[];
  /** Valid IP addresses only, at most 10. */
  readonly sourceAddresses: readonly string[];
  readonly userAgents: readonly string[];
  /** ISO 8601, UTC. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly discovery?: DiscoveryFinding;
  /** https only; shown as text, never as a live link. */
  readonly link?: string;
  /** The detector marked it as a sample: recorded, never acted on. */
  readonly sample: boolean;
}
