/**
 * The state machine of a case. EXPIRED never means approved; PARTIAL, OUTCOME_UNKNOWN and FAILED call a human; nothing but
 * VERIFYING leads to CONTAINED, and nothing but CONTAINED to the first MONITORING. MONITORING_PARTIAL is the same watch of what a
 * plan did that could not promise all: it never says contained, and ends as it began, in PARTIAL. From each state one may come to
 * rest when the workflow is cancelled or ended from outside.
 */
export const TRANSITIONS = {
  RECEIVED: ['ENRICHING', 'FAILED'],
  /** The watch goes on: of a reopened case in which everything turned out to hold still. */
  ENRICHING: ['NEEDS_APPROVAL', 'RECORDED', 'FAILED', 'MONITORING', 'MONITORING_PARTIAL'],
  /** Observe mode or nothing left to do: the plan is shown, nothing changes. */
  RECORDED: ['CLOSED'],
  NEEDS_APPROVAL: ['AWAITING_APPROVAL', 'FAILED'],
  AWAITING_APPROVAL: ['APPROVED', 'REJECTED', 'EXPIRED', 'ENRICHING', 'FAILED'],
  APPROVED: ['CONTAINING', 'ROLLING_BACK', 'FAILED'],
  REJECTED: ['CLOSED'],
  EXPIRED: ['CLOSED'],
  CONTAINING: ['VERIFYING', 'PARTIAL', 'OUTCOME_UNKNOWN', 'FAILED'],
  /** CONTAINING: someone undid it meanwhile; the same approved plan is carried out again. */
  VERIFYING: ['CONTAINED', 'PARTIAL', 'OUTCOME_UNKNOWN', 'CONTAINING'],
  CONTAINED: ['MONITORING', 'CLOSED', 'ROLLING_BACK'],
  PARTIAL: ['MONITORING_PARTIAL', 'CLOSED', 'ROLLING_BACK'],
  OUTCOME_UNKNOWN: ['CLOSED', 'ROLLING_BACK'],
  FAILED: ['CLOSED'],
  MONITORING: ['CLOSED', 'REOPENED', 'OUTCOME_UNKNOWN'],
  MONITORING_PARTIAL: ['PARTIAL', 'CLOSED', 'REOPENED', 'OUTCOME_UNKNOWN'],
  REOPENED: ['ENRICHING', 'FAILED'],
  CLOSED: ['ROLLING_BACK'],
  ROLLING_BACK: ['ROLLED_BACK', 'ROLLBACK_PARTIAL'],
  ROLLED_BACK: ['CLOSED'],
  ROLLBACK_PARTIAL: ['CLOSED', 'ROLLING_BACK'],
} as const satisfies Record<string, readonly string[]>;

export type CaseState = keyof typeof TRANSITIONS;

/** Where a case may rest with no workflow running for it. */
export const END_STATES: readonly CaseState[] = [
  'RECORDED',
  'REJECTED',
  'EXPIRED',
  'CONTAINED',
  'PARTIAL',
  'OUTCOME_UNKNOWN',
  'FAILED',
  'CLOSED',
  'ROLLED_BACK',
  'ROLLBACK_PARTIAL',
];

/** States that page a person. */
export const CALLS_A_HUMAN: readonly CaseState[] = [
  'PARTIAL',
  'MONITORING_PARTIAL',
  'OUTCOME_UNKNOWN',
  'FAILED',
  'ROLLBACK_PARTIAL',
  'EXPIRED',
];

/** Cordon looks again and again whether what it changed holds. */
export const WATCHED: readonly CaseState[] = ['MONITORING', 'MONITORING_PARTIAL'];

/** How often one approved plan is carried out while someone undoes it; after that a person must act. */
export const MOST_ROUNDS = 3;

export function mayMove(from: CaseState, to: CaseState): boolean {
  return (TRANSITIONS[from] as readonly CaseState[]).includes(to);
}

/** The step of a timeline's line that says what a person must do with what the containment made. */
export const HAND_OVER = 'Hand over';

/** One line of a case's timeline, in the playbook's words. */
export interface TimelineEntry {
  /** ISO 8601, UTC; the workflow's own time, the same at replay. */
  readonly at: string;
  readonly state: CaseState;
  readonly step: string;
  readonly detail: string;
}
