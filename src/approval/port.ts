import type { Decision, SignedDecision } from '../domain/approval.ts';
import type { Plan } from '../domain/plan.ts';

/** Held by the gateway (the server) only. */
export interface DecisionSigner {
  sign(decision: Decision): SignedDecision;
}

/**
 * Held by the containment activity: verifies without trusting workflow, queue or store. `decisions` approve `plan` only if the
 * recomputed digest, each signature, each actor (a listed approver, not the suspect) and the quorum hold.
 */
export interface ApprovalVerifier {
  /** Null when the plan is approved; else the reason it is not, for ledger and page. */
  refusal(plan: Plan, decisions: readonly SignedDecision[]): string | null;
  /** One decision alone: a listed approver, a good signature, for this plan. Used before a decision counts in a workflow. */
  decisionRefusal(plan: Plan, decision: SignedDecision): string | null;
}
