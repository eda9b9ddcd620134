import { createPublicKey, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keyIdOf } from '../../../src/approval/keys.ts';
import type { SigningKey } from '../../../src/approval/port.ts';
import { decisionSigner } from '../../../src/approval/signer.ts';
import type { SigningFailureKind } from '../../../src/approval/signing-failure.ts';
import { SigningFailure } from '../../../src/approval/signing-failure.ts';
import { approvalVerifier } from '../../../src/approval/verifier.ts';
import { sealPlan } from '../../../src/approval/digest.ts';
import type { Decision } from '../../../src/domain/approval.ts';

export interface SignerWorld {
  readonly key: SigningKey;
  /** Breaks the key for the calls from now on. */
  readonly breaks: Readonly<Record<string, { readonly called: SigningFailureKind; readonly by: () => void }>>;
  mend(): void;
  stop(): Promise<void>;
}

export const PLAN = sealPlan({
  kind: 'containment',
  caseId: 'ca_1',
  principal: {
    cloud: 'aws',
    kind: 'iam-user',
    accountId: '123456789012',
    name: 'alice',
    arn: 'arn:aws:iam::123456789012:user/alice',
  },
  actions: [],
  requirement: { approvals: 1, reason: 'one key' },
  obstacles: [],
  caveats: [],
});

export const decision = (change: Partial<Decision> = {}): Decision => ({
  caseId: PLAN.caseId,
  planDigest: PLAN.digest,
  decision: 'approve',
  actor: 'bob',
  channel: 'slack',
  decidedAt: new Date().toISOString(),
  nonce: randomBytes(16).toString('hex'),
  ...change,
});

/** What everything that signs decisions must keep, wherever its private key is. */
export function signerContract(name: string, build: () => Promise<SignerWorld>): void {
  describe(`the signer by ${name}`, () => {
    let world: SignerWorld;
    beforeEach(async () => void (world = await build()));
    afterEach(() => world.stop());
    /** Long, where nothing is slow but the machine. */
    const signer = (limitMs = 30_000) => decisionSigner(world.key, limitMs);
    const verifier = () => approvalVerifier({ keys: [world.key], approvers: [{ id: 'bob', identities: [] }] });

    it('signs what the verifier accepts, by its key id, and what it was given unchanged', async () => {
      const given = decision({ reason: 'Seen on the phone: “ja”, \u{1f511} \n' });
      const signed = await signer().sign(given);
      expect(signed).toMatchObject({ decision: given, keyId: world.key.keyId });
      expect(Object.keys(signed).toSorted()).toEqual(['decision', 'keyId', 'signature']);
      expect(verifier().decisionRefusal(PLAN, signed)).toBeNull();
      expect(verifier().refusal(PLAN, [{ ...signed, decision: { ...given, actor: 'carol' } }])).toMatch(/signature/u);
    });

    it('names its key by the public half, so that a verifier finds it and no other', () => {
      const { publicKey, keyId } = world.key;
      expect(keyId).toBe(keyIdOf(createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }))));
      expect(publicKey.type).toBe('public');
    });

    it('signs many at once, each with its own', async () => {
      const given = Array.from({ length: 20 }, () => decision());
      const signed = await Promise.all(given.map((one) => signer().sign(one)));
      expect(signed.map((one) => one.decision)).toEqual(given);
      expect(signed.map((one) => verifier().decisionRefusal(PLAN, one))).toEqual(given.map(() => null));
    });

    it('signs the largest decision that there can be', async () => {
      const largest = decision({ caseId: 'c'.repeat(200), actor: 'a'.repeat(100), reason: '\u{1f511}'.repeat(500) });
      await expect(signer().sign(largest)).resolves.toMatchObject({ decision: largest });
    });

    it('has no signature where the key fails, says why without a detail of the far side, and signs again afterwards', async () => {
      for (const [what, { called, by }] of Object.entries(world.breaks)) {
        by();
        const failure: unknown = await signer(called === 'timed-out' ? 100 : undefined)
          .sign(decision())
          .catch((error: unknown) => error);
        expect(failure, what).toBeInstanceOf(SigningFailure);
        expect((failure as SigningFailure).kind, what).toBe(called);
        expect((failure as SigningFailure).message, what).toMatch(/nothing was decided/u);
        expect((failure as SigningFailure).message, what).not.toMatch(/secret|arn:/u);
        world.mend();
        expect(verifier().decisionRefusal(PLAN, await signer().sign(decision())), what).toBeNull();
      }
    });
  });
}
