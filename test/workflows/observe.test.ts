import { afterAll, beforeAll, expect, test } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { decisionSigner } from '../../src/approval/signer.ts';
import { loadSigningKey, loadVerifyingKey } from '../../src/approval/keys.ts';
import { approvalVerifier } from '../../src/approval/verifier.ts';
import { applyAction } from '../../src/containment/apply.ts';
import { configuredProviders } from '../../src/providers/configured.ts';
import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';

const BREAK_GLASS = 'arn:aws:iam::123456789012:user/emergency/*';
let cordon: Cordon;
beforeAll(async () => {
  cordon = await startCordon({ mode: 'observe', protected: [{ principal: BREAK_GLASS, reason: 'Last resort' }] });
});
afterAll(() => cordon?.stop());

test('observe mode plans, says what it would do, and changes nothing, not even with a perfect approval', async () => {
  const { principal } = await cordon.createUser('olga');
  const before = await cordon.account();
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await expect.poll(() => thisCase.state(), { timeout: 60_000 }).toBe('RECORDED');
  expect(await thisCase.handle.result()).toBe('RECORDED');
  const told = await cordon.person('dana').waitForMessage(({ text }) => text.includes('RECORDED'));
  expect(JSON.stringify(told)).toMatch(/2 actions are proposed, nothing is changed/u);
  expect(JSON.stringify(told)).not.toContain('cordon.approve');

  const { config, store } = cordon;
  const { planDigest = '' } = (await thisCase.record()) ?? {};
  const decision = {
    caseId: thisCase.caseId,
    planDigest,
    decision: 'approve',
    actor: 'dana',
    channel: 'cli',
    decidedAt: new Date().toISOString(),
    nonce: 'ab'.repeat(16),
  } as const;
  const decisions = [await decisionSigner(await loadSigningKey(config.approval)).sign(decision)];
  const keys = [await loadVerifyingKey(config.approval.publicKeyFile)];
  const verifier = approvalVerifier({ keys, approvers: config.approvers });
  const plan = await store.plans.get(planDigest);
  expect(plan && verifier.refusal(plan, decisions), 'it is the mode alone that refuses').toBeNull();
  const dependencies = { config, store, verifier, providers: configuredProviders(config), now: () => new Date() };
  await expect(applyAction({ planDigest, sequence: 0, decisions }, dependencies)).rejects.toMatchObject({
    type: 'NotPermittedByMode',
  });
  expect(differences(before, await cordon.account())).toEqual([]);
  const types = (await cordon.ledger(thisCase.caseId)).map(({ type }) => type);
  expect(types).not.toContain('intent');
  expect(types).not.toContain('decision');
});

test('a protected identity is never contained, whatever it did, and a person is told why', async () => {
  await cordon.restart({ mode: 'approve', protected: [{ principal: BREAK_GLASS, reason: 'Last resort' }] });
  const { arn, id } = await cordon.stage.createUser('break-glass', '/emergency/');
  const { accountId } = cordon.stage.ministack;
  const before = await cordon.account();
  const principal = { cloud: 'aws', kind: 'iam-user', accountId, name: 'break-glass', arn, uniqueId: id } as const;
  const alertId = await cordon.alertOn(principal);
  expect(await cordon.verdictOn(alertId)).toBe('park');
  const told = await cordon.person('dana').waitForMessage((message) => JSON.stringify(message).includes(alertId));
  expect(JSON.stringify(told)).toMatch(/protected.*Last resort/u);
  expect(await new CaseUnderTest(cordon, principal, alertId).record()).toBeNull();
  expect(differences(before, await cordon.account())).toEqual([]);
});
