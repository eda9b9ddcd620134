import type { ApprovalRequirement, PlannedAction } from '../domain/plan.ts';

/** The `approval` section, as far as it says how many must sign. */
export interface Quorum {
  readonly approvals: number;
  /** More changed resources than `aboveResources` hit more than one identity's owner: one person's view may not be enough. */
  readonly large: { readonly aboveResources: number; readonly approvals: number };
}

/** How many different approvers must sign: what the configuration asks, and what it asks of a plan that is large or final. */
export function approvalRequirement(actions: readonly PlannedAction[], quorum: Quorum): ApprovalRequirement {
  const base = Math.max(1, quorum.approvals);
  const { aboveResources, approvals } = quorum.large;
  const changing = actions.filter(({ alreadySo }) => !alreadySo);
  const targets = new Set(changing.map(({ request }) => request.target)).size;
  const final = changing.filter(({ reversibility }) => reversibility === 'none').map(({ title }) => title);
  if (approvals > base && final.length > 0)
    return { approvals, reason: `${people(approvals)}, since this can't be undone: ${final.join(', ')}.` };
  if (approvals > base && targets > aboveResources)
    return {
      approvals,
      reason: `${people(approvals)}, since ${targets} resources change (more than ${aboveResources}).`,
    };
  return {
    approvals: base,
    reason: `The configuration asks for ${base === 1 ? 'one approver' : `${base} approvers`}.`,
  };
}

function people(count: number): string {
  return count === 2 ? 'Two people' : `${count} people`;
}
