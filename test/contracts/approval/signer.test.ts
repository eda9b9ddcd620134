import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { decisionGateway } from '../../../src/approval/gateway.ts';
import { keyIdOf, loadSigningKey, loadVerifyingKeys, signingKeyOf } from '../../../src/approval/keys.ts';
import type { SigningKey } from '../../../src/approval/port.ts';
import { decisionSigner } from '../../../src/approval/signer.ts';
import { SigningFailure } from '../../../src/approval/signing-failure.ts';
import { approvalVerifier } from '../../../src/approval/verifier.ts';
import type { SignedDecision } from '../../../src/domain/approval.ts';
import { startKmsDouble } from '../../support/kms-double.ts';
import type { KmsDouble, KmsFault } from '../../support/kms-double.ts';
import { decision, PLAN, signerContract } from './signer.contract.ts';

/** All that an adapter is: the call, and which of its errors an operator must mend. */
function kmsKey({ url, keyArn, publicKey: der }: KmsDouble): SigningKey {
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return {
    keyId: keyIdOf(publicKey),
    publicKey,
    async sign(message, signal) {
      const Message = Buffer.from(message).toString('base64');
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'x-amz-target': 'TrentService.Sign', 'content-type': 'application/x-amz-json-1.1' },
        body: JSON.stringify({ KeyId: keyArn, Message, MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' }),
        signal,
      });
      const answer = (await response.json()) as { readonly Signature?: string };
      const denied = /AccessDenied|Disabled|InvalidState|NotFound/u.test(
        response.headers.get('x-amzn-errortype') ?? '',
      );
      if (!response.ok) throw new SigningFailure(denied ? 'denied' : 'unavailable', answer);
      return Buffer.from(answer.Signature ?? '', 'base64');
    },
  };
}

signerContract('a key file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-signer-'));
  const files = { signingKeyFile: join(directory, 'approval.key'), publicKeyFile: join(directory, 'approval.pub') };
  const key = await loadSigningKey(files);
  // A file that was read once can't fail any more.
  return { key, breaks: {}, mend: () => {}, stop: () => rm(directory, { recursive: true }) };
});

signerContract('a key management service', async () => {
  const kms = await startKmsDouble();
  const fault = (kind: KmsFault) => () => void (kms.fault = kind);
  return {
    key: kmsKey(kms),
    breaks: {
      throttled: { called: 'unavailable', by: fault('throttled') },
      denied: { called: 'denied', by: fault('denied') },
      broken: { called: 'unavailable', by: fault('broken') },
      cut: { called: 'unavailable', by: fault('cut') },
      silent: { called: 'timed-out', by: fault('silent') },
      'another key': { called: 'invalid', by: fault('wrong-key') },
      'no signature': { called: 'invalid', by: fault('nonsense') },
    },
    mend: () => void (kms.fault = null),
    stop: () => kms.stop(),
  };
});

describe('a key that never answers, and does not heed the signal', () => {
  it('is given up, and its late answer goes nowhere', async () => {
    const own = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
    const late = Promise.withResolvers<Uint8Array>();
    const sign = decisionSigner({ ...own, sign: () => late.promise }, 20).sign(decision());
    await expect(sign).rejects.toMatchObject({ name: 'SigningFailure', kind: 'timed-out' });
    late.reject(new Error('too late, and unheard'));
  });
});

describe('the gateway', () => {
  const own = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  const input = {
    caseId: PLAN.caseId,
    planDigest: PLAN.digest,
    decision: 'approve',
    actor: 'bob',
    channel: 'cli',
  } as const;

  function gatewayBy(key: SigningKey) {
    const sent: SignedDecision[] = [];
    const log: object[] = [];
    const approvers = [{ id: 'bob', identities: [] }];
    const gateway = decisionGateway({
      approvers,
      store: {
        plans: { get: async () => PLAN },
        cases: { get: async () => ({ workflowId: 'case' }) },
      } as unknown as Parameters<typeof decisionGateway>[0]['store'],
      cases: {
        async decide(_, signed) {
          sent.push(signed);
          return { status: 'accepted', state: 'APPROVED', approvals: 1, required: 1 };
        },
      },
      signer: decisionSigner(key, 50),
      verifier: approvalVerifier({ keys: [own], approvers }),
      log: { error: (fields) => void log.push(fields) },
    });
    return { gateway, sent, log };
  }

  it('tells the approver that nothing was decided where the key fails, sends nothing, and the next try is a new decision', async () => {
    let asked = 0;
    const { gateway, sent, log } = gatewayBy({
      ...own,
      sign: async (message, signal) => {
        if (++asked <= 1) throw new SigningFailure('denied', 'secret detail');
        if (asked === 2) throw new Error('secret detail');
        return own.sign(message, signal);
      },
    });
    const denied = await gateway.decide(input);
    expect(denied).toMatchObject({ status: 'refused', kind: 'unavailable' });
    expect(denied).toHaveProperty('reason', expect.stringMatching(/may not use its signing key.*An operator must/u));
    expect(await gateway.decide(input)).toHaveProperty('reason', expect.stringMatching(/could not be reached/u));
    expect(JSON.stringify([denied])).not.toContain('secret');
    expect(sent).toEqual([]);
    expect(log).toHaveLength(2);
    expect(await gateway.decide(input)).toMatchObject({ status: 'accepted' });
    expect(await gateway.decide(input)).toMatchObject({ status: 'accepted' });
    expect(new Set(sent.map(({ decision: { nonce } }) => nonce)).size, 'no nonce is used again').toBe(2);
  });
});

describe('while keys are changed', () => {
  it('a worker accepts decisions of both, and only of those that are listed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cordon-rotation-'));
    const files = (name: string) => ({
      signingKeyFile: join(directory, `${name}.key`),
      publicKeyFile: join(directory, `${name}.pub`),
    });
    try {
      const [before, after] = [await loadSigningKey(files('before')), await loadSigningKey(files('after'))];
      const approvers = [{ id: 'bob', identities: [] }];
      const accepts = async (olderPublicKeyFiles: readonly string[]) => {
        const { publicKeyFile } = files('after');
        const keys = await loadVerifyingKeys({ publicKeyFile, olderPublicKeyFiles });
        const signed = await Promise.all([before, after].map((key) => decisionSigner(key).sign(decision())));
        return signed.map((one) => approvalVerifier({ keys, approvers }).refusal(PLAN, [one]));
      };
      expect(await accepts([files('before').publicKeyFile])).toEqual([null, null]);
      expect(await accepts([])).toEqual(['The decision is signed with an unknown key.', null]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
