import { ApplicationFailure, condition, isCancellation, setHandler } from '@temporalio/workflow';

import type { DecideResult } from '../src/contracts/messages.ts';
import { decide } from '../src/contracts/messages.ts';
import type { SignedDecision } from '../src/domain/approval.ts';
import type { CaseState } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import { decisions as activities } from './activities.ts';

export type ApprovalResult =
  | { readonly outcome: 'approved'; readonly decisions: readonly SignedDecision[] }
  | { readonly outcome: 'denied'; readonly decision: SignedDecision }
  | { readonly outcome: 'expired' }
  /** The workflow was cancelled meanwhile. */
  | { readonly outcome: 'cancelled' };

/**
 * Takes decisions on one plan at a time. A decision counts only after an activity has checked its signature: whoever reaches
 * Temporal may send an update, and the sandbox has no cryptography. Silence never approves.
 */
export class ApprovalDesk {
  #plan: Plan | null = null;
  #approvals: SignedDecision[] = [];
  #denial: SignedDecision | null = null;
  readonly #nonces = new Set<string>();

  /** `state` answers the case's present state, for the approver's receipt. */
  constructor(state: () => CaseState, onDecision: (signed: SignedDecision) => void) {
    setHandler(
      decide,
      async (signed: SignedDecision): Promise<DecideResult> => {
        const plan = this.#open(signed);
        this.#nonces.add(signed.decision.nonce);
        await activities.recordDecision.executeWithOptions(
          { summary: `Check the ${signed.decision.decision} of ${signed.decision.actor}` },
          [{ planDigest: plan.digest, decision: signed }],
        );
        // The desk may have closed, or the same person decided by another channel, while the signature was checked.
        this.#open(signed, { countedNonce: true });
        if (signed.decision.decision === 'deny') this.#denial = signed;
        else this.#approvals.push(signed);
        onDecision(signed);
        return { state: state(), approvals: this.#approvals.length, required: plan.requirement.approvals };
      },
      { validator: (signed: SignedDecision) => void this.#open(signed) },
    );
  }

  get approvals(): number {
    return this.#approvals.length;
  }

  /** Waits for enough approvals, one denial, the deadline or a cancellation, whichever is first. */
  async settle(plan: Plan, deadlineMs: number): Promise<ApprovalResult> {
    const decided = () => this.#denial !== null || this.#approvals.length >= plan.requirement.approvals;
    // Decisions on the plan before were for that one.
    this.#approvals = [];
    this.#denial = null;
    this.#plan = plan;
    try {
      await condition(decided, deadlineMs);
    } catch (error) {
      if (!isCancellation(error)) throw error;
      return { outcome: 'cancelled' };
    } finally {
      this.#plan = null;
    }
    if (this.#denial) return { outcome: 'denied', decision: this.#denial };
    if (decided()) return { outcome: 'approved', decisions: [...this.#approvals] };
    return { outcome: 'expired' };
  }

  /** The plan that is open for this decision; throws what the approver is told. Synchronous, as validators must be. */
  #open(signed: SignedDecision, { countedNonce = false } = {}): Plan {
    const { planDigest, nonce, actor, decision } = signed.decision;
    const plan = this.#plan;
    if (!plan) throw refusal('This case is not waiting for a decision.');
    if (planDigest !== plan.digest) throw refusal('The decision is about another plan: look at the present one.');
    if (this.#denial) throw refusal('The plan has been denied.');
    if (!countedNonce && this.#nonces.has(nonce)) throw refusal('This decision has already been taken.');
    // Who sees a mistake may still deny: until the plan is decided that only adds safety.
    if (decision === 'approve' && this.#approvals.some((one) => one.decision.actor === actor)) {
      throw refusal('You have already approved this plan.');
    }
    return plan;
  }
}

function refusal(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'ApprovalInvalid');
}
