import type { JsonObject } from './json.ts';

export type LedgerEntryType =
  | 'verdict'
  | 'plan'
  | 'decision'
  /** Before the act: what will change, the exact prior state, and how to put it back. */
  | 'intent'
  /** After the act was read back. */
  | 'outcome'
  /** A step of the order of safety said no. */
  | 'refusal'
  | 'verification'
  | 'rollback-intent'
  | 'rollback-outcome'
  | 'state'
  | 'switch'
  /** A sweep found something that nobody looks after, and people were told. */
  | 'orphan';

export interface NewLedgerEntry {
  readonly type: LedgerEntryType;
  readonly caseId: string;
  /**
   * Appending the same (type, key) twice writes it once and answers with the first: activities retry. Outcomes of one intent
   * and intents share the action's idempotency key under different types.
   */
  readonly key: string;
  readonly body: JsonObject;
}

/** Append-only and hash-chained: `hash` = SHA-256 of the canonical JSON of all other fields, `previousHash` among them. */
export interface LedgerEntry extends NewLedgerEntry {
  /** From 1, without holes. */
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly previousHash: string;
  readonly hash: string;
}

export type LedgerVerification =
  | { readonly status: 'intact'; readonly entries: number; readonly head: string }
  | { readonly status: 'broken'; readonly sequence: number; readonly reason: string };
