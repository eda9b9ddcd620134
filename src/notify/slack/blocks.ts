import type { Alert } from '../../domain/alert.ts';
import { QUESTIONS, type EvidenceItem } from '../../domain/evidence.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Verdict } from '../../domain/verdict.ts';
import type { ApprovalRequest } from '../port.ts';
import { cut, inert, inertFallback } from './inert-text.ts';
import { context, divider, header, list, plain, section, type Block, type SlackMessageBody } from './message.ts';
import { principalText, shortDigest, showPlan, undoSummary } from './plan-text.ts';

export const APPROVE_ACTION = 'cordon.approve';
export const DENY_ACTION = 'cordon.deny';

const WORDING = {
  containment: {
    question: (who: string) => `Contain ${who}?`,
    blocked: (who: string) => `Can't be contained yet: ${who}`,
    plan: 'The plan, in this order, and nothing else:',
    approve: 'Approve containment',
    confirm: 'The calls are made at once.',
  },
  rollback: {
    question: (who: string) => `Put back what was changed for ${who}?`,
    blocked: (who: string) => `Can't be put back yet: ${who}`,
    plan: 'Put back, in this order, and nothing else:',
    approve: 'Approve rollback',
    confirm: 'Credentials work again, also for whoever else holds them.',
  },
  deletion: {
    question: (who: string) => `Delete the deactivated keys of ${who} for good?`,
    blocked: (who: string) => `Keys can't be deleted yet: ${who}`,
    plan: "To be deleted, and nothing else. This can't be undone:",
    approve: 'Approve deletion',
    confirm: "This can't be undone: a deleted key never works again, and no rollback brings it back.",
  },
} as const;

const WHOLE = 'What is called and what may break is in the message.';
const NOT_WHOLE = 'This message does not show all that is called: read the case first.';

/** The question to the approvers: what was seen, why, the exact plan, and the two buttons. Pure; every produced text is inert. */
export function approvalMessage(request: ApprovalRequest): SlackMessageBody {
  const { plan, caseId, verdict } = request;
  const wording = WORDING[plan.kind];
  const who = principalText(plan.principal);
  const blocked = plan.obstacles.length > 0;
  const title = blocked ? wording.blocked(who) : wording.question(who);
  const shown = showPlan(plan);
  return {
    text: inertFallback(`${title} Risk ${verdict.risk} of 100, case ${cut(caseId, 100)}`),
    blocks: [
      header(title),
      context(`Risk ${verdict.risk} of 100 · case ${inert(caseId)} · plan ${shortDigest(plan.digest)}`),
      expiry(request.expiresAt, blocked),
      ...findings(verdict, request.alerts, caseId),
      divider,
      section(wording.plan),
      ...shown.blocks,
      ...caveats(plan),
      ...(plan.kind === 'rollback' ? [] : [context(undoSummary(plan))]),
      ...(blocked ? [obstacles(plan)] : [requirement(plan), buttons(plan, shown.whole)]),
    ],
  };
}

function findings(verdict: Verdict, alerts: readonly Alert[], caseId: string): Block[] {
  const reasons = verdict.reasons.map((reason) => `${cut(inert(reason.text), 300)} (${cut(inert(reason.rule), 60)})`);
  const seen = verdict.evidence.map(evidenceLine);
  const titles = alerts.map((alert) => {
    return `${cut(inert(alert.title), 150)} (${cut(inert(alert.source), 40)}, ${alert.severity}, rule ${cut(inert(alert.rule), 80)})`;
  });
  return [
    ...(reasons.length > 0 ? [list('Why:', reasons, caseId, 900)] : []),
    ...(seen.length > 0 ? [list('What was seen:', seen, caseId, 2_400)] : []),
    ...(titles.length > 0 ? [list('Alerts, as their detectors worded them:', titles, caseId, 600)] : []),
  ];
}

const ANSWERS: Record<EvidenceItem['answer'], string> = {
  suspicious: 'SUSPICIOUS',
  neutral: 'neutral',
  reassuring: 'reassuring',
  unknown: 'UNKNOWN',
};

function evidenceLine(item: EvidenceItem): string {
  const source = cut(inert(item.source), 60);
  return `${QUESTIONS[item.question]} ${ANSWERS[item.answer]}: ${cut(inert(item.summary), 250)} (${source})`;
}

/** The only markup in a message: our own date token, made from a number, which Slack shows in each reader's time zone. */
function expiry(expiresAt: string, blocked: boolean): Block {
  const milliseconds = Date.parse(expiresAt);
  if (Number.isNaN(milliseconds))
    throw new Error('The approval request has no valid expiry time; it must be ISO 8601.');
  const utc = new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ');
  const when = `<!date^${Math.floor(milliseconds / 1000)}^{date_short_pretty} {time}|${utc} UTC>`;
  const text = blocked ? `Open until ${when}.` : `Answer until ${when}. No answer means no: nothing is changed.`;
  return { type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] };
}

function requirement(plan: Plan): Block {
  const { approvals, reason } = plan.requirement;
  const { requestedBy } = plan;
  const asked =
    requestedBy === undefined
      ? []
      : [`Asked for by ${cut(inert(requestedBy), 100)}, who approves only if the others are not enough.`];
  const people = approvals === 1 ? 'one approver' : `${approvals} different approvers`;
  return context(`Needs ${people}: ${cut(inert(reason), 300)}`, ...asked);
}

function caveats(plan: Plan): Block[] {
  const lines = plan.caveats.map((caveat) => cut(inert(caveat), 300));
  return lines.length > 0 ? [list('What this plan does not promise:', lines, plan.caseId, 700)] : [];
}

function obstacles(plan: Plan): Block {
  const lines = plan.obstacles.map((obstacle) => cut(inert(obstacle), 400));
  return list('This plan can not be approved. To be repaired first:', lines, plan.caseId, 1_000);
}

function buttons(plan: Plan, whole: boolean): Block {
  const wording = WORDING[plan.kind];
  const value = buttonValue(plan.caseId, plan.digest);
  const confirm = {
    title: plain('Sure?', 100),
    text: plain(`${principalText(plan.principal)}. ${wording.confirm} ${whole ? WHOLE : NOT_WHOLE}`, 300),
    confirm: plain('Yes, do it', 30),
    deny: plain('Not yet', 30),
    style: 'danger' as const,
  };
  const approve = plain(wording.approve, 75);
  return {
    type: 'actions',
    elements: [
      { type: 'button', action_id: APPROVE_ACTION, text: approve, style: 'danger', value, confirm },
      { type: 'button', action_id: DENY_ACTION, text: plain('Deny', 75), value },
    ],
  };
}

/** Case and whole digest: it only says what was on the screen. The gateway and the workflow check that it may be decided. */
export function buttonValue(caseId: string, planDigest: string): string {
  const value = JSON.stringify({ caseId, planDigest });
  if (value.length > 2_000)
    throw new Error('Case id and plan digest are too long for a button; the plan was not made here.');
  return value;
}
