import type { CaseState } from '../../domain/case.ts';
import type { PlanKind } from '../../domain/plan.ts';
import type { Notice } from '../../contracts/activities.ts';
import type { ApprovalClosed } from '../port.ts';
import { cut, inert, inertFallback } from './inert-text.ts';
import { context, divider, header, list, section, showCommand, type SlackMessageBody } from './message.ts';
import { actionLine, principalText, shortDigest } from './plan-text.ts';

interface Ending {
  readonly says: string;
  /** What to do next, where a person must. */
  readonly next?: string;
}

const LOOK = 'Look at the account now; the case says what was done and what was not.';
const ENDINGS: Record<CaseState, Ending> = {
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
  CLOSED: { says: 'The case is closed.' },
  REOPENED: { says: 'The identity is active again: the case was reopened.' },
  ROLLING_BACK: { says: 'What was changed is being put back.' },
  ROLLED_BACK: { says: 'All that was changed is put back.' },
  ROLLBACK_PARTIAL: { says: 'Only a part was put back.', next: `The identity may still be cut off. ${LOOK}` },
};

const ROLLBACK_ENDINGS: Partial<Record<CaseState, Ending>> = {
  APPROVED: { says: 'Approved; what was changed is being put back.' },
  REJECTED: { says: 'Denied. The containment stays as it is.' },
  EXPIRED: {
    says: 'Nobody answered in time. The containment stays as it is.',
    next: 'The identity is still cut off. Ask for the rollback again if it is needed.',
  },
};

/** The case stays as it was: these tell what became of the plan. */
const KEYS_LOOK = 'Look at the keys in the account now; the case says what was done and what was not.';
const DELETION_ENDINGS: Partial<Record<CaseState, Ending>> = {
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

const KINDS: Record<PlanKind, { readonly name: string; readonly endings: Partial<Record<CaseState, Ending>> }> = {
  containment: { name: 'Containment', endings: {} },
  rollback: { name: 'Rollback', endings: ROLLBACK_ENDINGS },
  deletion: { name: 'Deletion of keys', endings: DELETION_ENDINGS },
};

/** The request after its decision: the same plan in short, who, when and what, the state; no buttons. */
export function closedMessage(closed: ApprovalClosed): SlackMessageBody {
  const { request, state, lines } = closed;
  const { plan, caseId } = request;
  const { name, endings } = KINDS[plan.kind];
  const { says, next } = endings[state] ?? ENDINGS[state];
  const who = principalText(plan.principal);
  // The state of a deletion is that of its plan: the case it belongs to is where it was.
  const title = plan.kind === 'deletion' ? `${name}: ${who}` : `${state.replaceAll('_', ' ')}: ${who}`;
  return {
    text: inertFallback(`${title}. ${says}`),
    blocks: [
      header(title),
      section(`${name}: ${says}`),
      ...(next === undefined ? [] : [section(`What to do: ${next} ${showCommand(caseId)}`)]),
      ...(lines.length > 0 ? [list('What happened:', lines.map(inertLine), caseId, 2_500)] : []),
      divider,
      list(`The plan was:`, plan.actions.map(actionLine), caseId, 2_800),
      context(`Risk ${request.verdict.risk} of 100 · case ${inert(caseId)} · plan ${shortDigest(plan.digest)}`),
    ],
  };
}

/** Something to know or to look at; a page stands out by its first word. */
export function noticeMessage(notice: Notice): SlackMessageBody {
  const title = `${notice.urgency === 'page' ? 'Needs a person: ' : ''}${cut(inert(notice.title), 120) || 'something happened'}`;
  const { caseId } = notice;
  const where = caseId === undefined ? [] : [context(`case ${inert(caseId)} · ${showCommand(caseId)}`)];
  const lines = notice.lines.map(inertLine);
  const told = lines.length > 0 ? [list('What is known:', lines, caseId ?? 'CASE')] : [];
  return { text: inertFallback(title), blocks: [header(title), ...told, ...where] };
}

function inertLine(line: string): string {
  return cut(inert(line), 500);
}
