import { verify } from 'node:crypto';

import type { Decision, SignedDecision } from '../domain/approval.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { DecisionSigner, SigningKey } from './port.ts';
import { SigningFailure } from './signing-failure.ts';

/** A person waits for the answer, and Slack's button with them. */
const LIMIT_MS = 5_000;

/** Signs the canonical JSON of a decision. What a key answers is checked with its public half before it is believed. */
export function decisionSigner(key: SigningKey, limitMs = LIMIT_MS): DecisionSigner {
  return {
    async sign(decision: Decision): Promise<SignedDecision> {
      const message = Buffer.from(canonicalJson(decision));
      const signature = await within(limitMs, (signal) => key.sign(message, signal));
      if (!verify(null, message, key.publicKey, signature)) throw new SigningFailure('invalid');
      return { decision, keyId: key.keyId, signature: Buffer.from(signature).toString('base64') };
    },
  };
}

/** Whether or not the key heeds the signal: an answer after the limit is dropped. */
async function within<Answer>(limitMs: number, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const limit = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new SigningFailure('timed-out'));
    limit.abort();
  }, limitMs);
  try {
    return await Promise.race([ask(limit.signal), late.promise]);
  } catch (error) {
    throw error instanceof SigningFailure ? error : new SigningFailure('unavailable', error);
  } finally {
    clearTimeout(timer);
  }
}
