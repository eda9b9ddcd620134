import type { CaseState } from '../../domain/case.ts';
import type { PlanKind } from '../../domain/plan.ts';
import type { ApprovalClosed } from '../port.ts';

export interface Ending {
  readonly says: string;
  /** What to do next, where a person must. */
  readonly next?: string;
}

const LOOK = 'Look at the account now; the case says what was done and what was not.';
const CONTAINMENT: Record<CaseState, Ending> = {
  RECEIVED: { says: 'The case was opened.' },
  ENRICHING: { says: 'Something new was seen: this plan no longer counts, a new one is being made.' },
  RECORDED: { says: 'Recorded. Nothing was changed.' },
  NEEDS_APPROVAL: { says: 'A person must decide.' },
  AWAITING_APPROVAL: { says: 'Waiting for an approver.' },
  APPROVED: { says: 'Approved; the calls are being made.' },
  REJECTED: { says: 'Denied. Nothing was changed.' },
  EXPIRED: {
    says: 'Nobody answered in time. Nothing was changed.',
    next: 'The credentials still work. Contain by hand, or send the alert again under a new id to be asked anew.',
  },
  CONTAINING: { says: 'The calls are being made.' },
  VERIFYING: { says: 'All calls are made; the cloud is asked for proof.' },
  CONTAINED: { says: 'Contained, and proved by the cloud itself.' },
  PARTIAL: { says: 'Only a part of the plan holds.', next: `Not contained. ${LOOK}` },
  OUTCOME_UNKNOWN: {
    says: 'It is not known whether the plan took effect.',
    next: `Treat it as not contained. ${LOOK}`,
  },
  FAILED: { says: 'The plan failed.', next: `Not contained. ${LOOK}` },
  MONITORING: { says: 'Contained; the identity is being watched.' },
  MONITORING_PARTIAL: {
    says: 'What the plan did holds and is watched; it did not cover all.',
    next: `Not contained. ${LOOK}`,
  },
  CLOSED: { says: 'The case is closed.' },
  REOPENED: { says: 'The identity is active again: the case was reopened.' },
  ROLLING_BACK: { says: 'What was changed is being put back.' },
  ROLLED_BACK: { says: 'All that was changed is put back.' },
  ROLLBACK_PARTIAL: { says: 'Only a part was put back.', next: `The identity may still be cut off. ${LOOK}` },
};

const STANDS =
  'What was changed before it was reopened stands as far as nobody undid it, and nobody watches it any more.';
const READ = 'Read what was seen; then contain by hand, send the alert again under a new id, or roll back.';

/** The end of a reopened case speaks of its new plan only: an identity may be cut off, or be active again, all the same. */
const REOPENED: Partial<Record<CaseState, Ending>> = {
  RECORDED: { says: `Recorded: the new plan changed nothing. ${STANDS}`, next: READ },
  REJECTED: { says: `Denied: the new plan changed nothing. ${STANDS}`, next: READ },
  EXPIRED: { says: `Nobody answered in time: the new plan changed nothing. ${STANDS}`, next: READ },
  PARTIAL: { says: `Only a part of the new plan holds. ${STANDS}`, next: `Not contained. ${LOOK}` },
  OUTCOME_UNKNOWN: {
    says: `It is not known whether the new plan took effect. ${STANDS}`,
    next: `Treat it as not contained. ${LOOK}`,
  },
  FAILED: { says: `The new plan failed. ${STANDS}`, next: `Not contained for certain. ${LOOK}` },
};

const STAYS = 'The containment stays as it is.';
const ASK_AGAIN = 'The identity may still be cut off. Ask for the rollback again if it is needed.';
const ROLLBACK: Partial<Record<CaseState, Ending>> = {
  APPROVED: { says: 'Approved; what was changed is being put back.' },
  REJECTED: { says: `Denied. ${STAYS}` },
  EXPIRED: { says: `Nobody answered in time. ${STAYS}`, next: ASK_AGAIN },
  FAILED: { says: `Not carried out. ${STAYS}`, next: ASK_AGAIN },
  ROLLING_BACK: CONTAINMENT.ROLLING_BACK,
  ROLLED_BACK: CONTAINMENT.ROLLED_BACK,
  ROLLBACK_PARTIAL: CONTAINMENT.ROLLBACK_PARTIAL,
};

/** The case stays as it was: these tell what became of the plan. */
const KEYS_LOOK = 'Look at the keys in the account now; the case says what was done and what was not.';
const DELETION: Partial<Record<CaseState, Ending>> = {
  REJECTED: { says: 'Denied. No key was deleted; they stay inactive.' },
  EXPIRED: {
    says: 'Nobody answered in time. No key was deleted; they stay inactive.',
    next: 'Ask for the deletion again if it is still wanted.',
  },
  CLOSED: { says: "The keys are deleted, proved by the cloud itself. This can't be undone." },
  PARTIAL: { says: 'Only a part of the keys was deleted.', next: KEYS_LOOK },
  OUTCOME_UNKNOWN: { says: 'It is not known whether the keys were deleted.', next: KEYS_LOOK },
  FAILED: { says: 'No key was deleted.', next: KEYS_LOOK },
};

/** A state that a plan of this kind is not known to end in: what a containment would say there is about something else. */
const NOT_KNOWN: Ending = { says: 'What became of it stands below.', next: LOOK };

/** What is said of the plan that came to this state. */
export function endingOf({ request: { plan, reopened }, state }: ApprovalClosed): Ending {
  const containment = (reopened ? REOPENED[state] : undefined) ?? CONTAINMENT[state];
  return { containment, rollback: ROLLBACK[state] ?? NOT_KNOWN, deletion: DELETION[state] ?? NOT_KNOWN }[plan.kind];
}

export const KIND_NAMES: Record<PlanKind, string> = {
  containment: 'Containment',
  rollback: 'Rollback',
  deletion: 'Deletion of keys',
};

/** The state is that of the case after a containment, and after a rollback that was carried out; else that of the plan. */
export function endTitle({ request: { plan }, state }: ApprovalClosed): string {
  const shown = state.replaceAll('_', ' ');
  if (plan.kind === 'deletion') return KIND_NAMES.deletion;
  return plan.kind === 'containment' || state.startsWith('ROLL') ? shown : `${KIND_NAMES.rollback} ${shown}`;
}
