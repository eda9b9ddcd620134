/** The parts of the configuration that decisions are made by: plain data that travels into history with each decision. */

export const ALLOWLIST_KINDS = [
  'infrastructure-as-code',
  'posture-management',
  'cost-management',
  'ci-cd',
  'backup',
  'governance',
  'authorised-inventory',
] as const;
export type AllowlistKind = (typeof ALLOWLIST_KINDS)[number];

/** Listed automation. It matches only when principal AND every address AND every action match, before its expiry. */
export interface AllowlistEntry {
  readonly name: string;
  readonly kind: AllowlistKind;
  /** Exact ARN, or with `*` in the resource part only. */
  readonly principal: string;
  /** CIDR blocks; every address seen must lie in one. */
  readonly networks: readonly string[];
  /** `service:EventName` with `*`; every API seen must match one. */
  readonly actions: readonly string[];
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 date: after this day the entry no longer counts. */
  readonly expires: string;
}

export interface BusinessHours {
  /** IANA name. */
  readonly timezone: string;
  /** 1 = Monday … 7 = Sunday. */
  readonly days: readonly number[];
  /** Hours of the day, 0-24. */
  readonly fromHour: number;
  readonly toHour: number;
}

export interface AssessmentPolicy {
  readonly allowlist: readonly AllowlistEntry[];
  readonly businessHours: BusinessHours;
  /** Risk (0-100) from which a plan is proposed. */
  readonly containFromRisk: number;
  /** ISO 8601: the time at which the policy was read; entries expire against this, not a clock. */
  readonly asOf: string;
}

export type Mode = 'observe' | 'approve';

/** Milliseconds throughout. */
export interface ResponsePolicy {
  readonly mode: Mode;
  readonly approvalDeadlineMs: number;
  readonly reminderEveryMs: number;
  /** How long the first channel may fail before the fallback shows the request as well. */
  readonly fallbackAfterMs: number;
  /** Between the last change and the first check: the cloud's own propagation. */
  readonly propagationMs: number;
  /** How long, after propagation, the log must show no successful call. */
  readonly quietMs: number;
  /** How late the cloud's log may be: the proof is read when the log is complete for the quiet time. */
  readonly logDelayMs: number;
  /** How long a contained identity is watched; 0: not at all. */
  readonly watchMs: number;
  readonly watchEveryMs: number;
}
