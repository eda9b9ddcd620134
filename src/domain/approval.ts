/** A person's decision on exactly one plan. */
export interface Decision {
  readonly caseId: string;
  readonly planDigest: string;
  readonly decision: 'approve' | 'deny';
  /** Approver id of our configuration, never a display name. */
  readonly actor: string;
  readonly channel: 'slack' | 'cli';
  /** ISO 8601, UTC. */
  readonly decidedAt: string;
  /** 16 random bytes, hex: one decision can't be counted twice. */
  readonly nonce: string;
  /** Given in the modal or on the command line; bounded, inert text. */
  readonly reason?: string;
}

/** Signed by the gateway (Ed25519 over the canonical JSON of `decision`), verified by the containment activity itself. */
export interface SignedDecision {
  readonly decision: Decision;
  readonly keyId: string;
  /** base64 */
  readonly signature: string;
}
