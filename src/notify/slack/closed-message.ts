import type { Notice } from '../../contracts/activities.ts';
import { noticeTitle } from '../notice-title.ts';
import type { ApprovalClosed } from '../port.ts';
import { endingOf, endTitle, KIND_NAMES } from './endings.ts';
import { cut, inert, inertFallback } from './inert-text.ts';
import { context, divider, header, list, section, showCommand, type SlackMessageBody } from './message.ts';
import { actionLine, principalText, shortDigest } from './plan-text.ts';

/** The request after its decision: the same plan in short, who, when and what, the state; no buttons. */
export function closedMessage(closed: ApprovalClosed): SlackMessageBody {
  const { request, lines } = closed;
  const { plan, caseId } = request;
  const { says, next } = endingOf(closed);
  const title = `${endTitle(closed)}: ${principalText(plan.principal)}`;
  return {
    text: inertFallback(`${title}. ${says}`),
    blocks: [
      header(title),
      section(`${KIND_NAMES[plan.kind]}: ${says}`),
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
  const { urgency, caseId } = notice;
  const title = noticeTitle({ urgency, title: cut(inert(notice.title), 120) || 'something happened' });
  const where = caseId === undefined ? [] : [context(`case ${inert(caseId)} · ${showCommand(caseId)}`)];
  const lines = notice.lines.map(inertLine);
  const told = lines.length > 0 ? [list('What is known:', lines, caseId ?? 'CASE')] : [];
  return { text: inertFallback(title), blocks: [header(title), ...told, ...where] };
}

function inertLine(line: string): string {
  return cut(inert(line), 500);
}
