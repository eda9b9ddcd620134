import type { Notice } from '../contracts/activities.ts';

/** By these words a page is found and told from the rest, in every channel: the runbook lists them. */
const PAGE = 'Needs a person: ';

export function noticeTitle({ urgency, title }: Pick<Notice, 'urgency' | 'title'>): string {
  return urgency === 'page' ? `${PAGE}${title}` : title;
}
