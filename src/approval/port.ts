import type { KeyObject } from 'node:crypto';

import type { Decision, SignedDecision } from '../domain/approval.ts';
import type { Plan } from '../domain/plan.ts';

/**
 * What holds the private half: a key file, or a key management service. It signs by pure Ed25519 (RFC 8032) exactly the bytes
 * it is given, not a digest of them.
 */
export interface SigningKey {
  /** By which a verifier finds the public half: `keyIdOf` that half. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** 64 bytes. Rejects with a `SigningFailure` where it knows why; lets go of the call when the signal says so. */
  sign(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** Held by the gateway (the server) only. */
export interface DecisionSigner {
  /** Answers within its time limit, or rejects with a `SigningFailure`: then there is no signature, and so no decision. */
  sign(decision: Decision): Promise<SignedDecision>;
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
