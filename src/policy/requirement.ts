import type { ApprovalRequirement, PlannedAction } from '../domain/plan.ts';

/** More changed resources than this hit more than one identity's owner: one person's view is not enough. */
const LARGE_BLAST_RADIUS = 5;

/** How many different approvers must sign: what the configuration asks, and two people at least for what is large or final. */
export function approvalRequirement(actions: readonly PlannedAction[], configured: number): ApprovalRequirement {
  const changing = actions.filter(({ alreadySo }) => !alreadySo);
  const targets = new Set(changing.map(({ request }) => request.target)).size;
  const final = changing.filter(({ reversibility }) => reversibility === 'none');
  const base = Math.max(1, configured);
  if (base < 2 && final.length > 0)
    return {
      approvals: 2,
      reason: `Two people, since this can't be undone: ${final.map(({ title }) => title).join(', ')}.`,
    };
  if (base < 2 && targets > LARGE_BLAST_RADIUS)
    return { approvals: 2, reason: `Two people, since ${targets} resources change (more than ${LARGE_BLAST_RADIUS}).` };
  return {
    approvals: base,
    reason: `The configuration asks for ${base === 1 ? 'one approver' : `${base} approvers`}.`,
  };
}
