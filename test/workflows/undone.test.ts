import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { loadVerifyingKey } from '../../src/approval/keys.ts';
import { approvalVerifier } from '../../src/approval/verifier.ts';
import { applyAction } from '../../src/containment/apply.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import { configuredProviders } from '../../src/providers/configured.ts';
import { tries } from '../providers/aws/stage.ts';
import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';
import { Adversary } from './adversary.ts';

/** Longer than the adversary keeps up, as IAM's own window is. */
const WINDOW = { propagationSeconds: 6 };
let cordon: Cordon;
let over: AbortController;
beforeAll(async () => void (cordon = await startCordon({ aws: WINDOW })));
beforeEach(() => void (over = new AbortController()));
afterEach(() => over.abort());
afterAll(() => cordon?.stop());

async function told(text: string): Promise<string> {
  const found = (message: unknown) => JSON.stringify(message).includes(text);
  return JSON.stringify(await cordon.person('dana').waitForMessage(found, 60_000));
}

test('someone undoes it for 5 seconds: the plan is carried out again, people are paged, and CONTAINED is said of the last state only', async () => {
  const { principal, key } = await cordon.createUser('nora');
  const adversary = new Adversary(cordon.stage, 'nora');
  const role = await cordon.stage.createRole('work-of-nora');
  const session = await cordon.stage.assume(key, role.arn, 'nora');
  const before = await cordon.account();
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await thisCase.asked();
  const acting = adversary.keepsUp(5_000, over.signal);
  await thisCase.approve();

  expect(await told('Someone undoes the containment')).toMatch(/Policy CordonDeny-\S+ of user nora is gone/u);
  expect(await thisCase.handle.result()).toBe('CONTAINED');
  await acting;
  expect(adversary.undone).toBeGreaterThan(0);
  expect(adversary.made.length).toBeGreaterThan(0);
  for (const credentials of [key, session, ...adversary.made])
    expect(await tries(cordon.stage, credentials)).not.toBe('accepted');

  const { timeline = [] } = (await thisCase.record()) ?? {};
  const states = timeline.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
  expect(states.slice(-5)).toEqual(['CONTAINING', 'VERIFYING', 'CONTAINING', 'VERIFYING', 'CONTAINED']);
  const entries = await cordon.ledger(thisCase.caseId);
  expect(
    entries.filter(({ type }) => type === 'plan'),
    'one plan, one approval',
  ).toHaveLength(1);
  expect(entries.filter(({ type }) => type === 'decision')).toHaveLength(1);
  const keys = entries.filter(({ type }) => type === 'intent').map((entry) => entry.key);
  expect(new Set(keys).size, 'each round has intents of its own').toBe(6);

  await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'A drill' });
  const asked = JSON.stringify(await thisCase.asked());
  for (const { accessKeyId } of adversary.made)
    expect(asked, 'the key of the adversary is left, and named').toContain(
      `${accessKeyId} of user nora was not active`,
    );
  await thisCase.approve();
  const rollback = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
  expect(await rollback.result()).toBe('ROLLED_BACK');
  for (const credentials of adversary.made)
    expect(await tries(cordon.stage, credentials), 'what the adversary made never comes back').not.toBe('accepted');
  expect(await tries(cordon.stage, key), "nora's own key does").toBe('accepted');
  const left = differences(before, await cordon.account());
  expect(left.every((name) => adversary.made.some(({ accessKeyId }) => name.includes(accessKeyId)))).toBe(true);
  await expectOldApprovalSpent(thisCase);
});

/** Whoever reaches Temporal holds the decisions; they must not contain anew what people decided to put back. */
async function expectOldApprovalSpent(thisCase: CaseUnderTest): Promise<void> {
  const entries = await cordon.ledger(thisCase.caseId);
  const planDigest = entries.find(({ type }) => type === 'plan')?.key ?? '';
  const decisions = entries
    .filter(({ type }) => type === 'decision')
    .map(({ body }) => body as unknown as SignedDecision)
    .filter(({ decision }) => decision.planDigest === planDigest);
  expect(decisions).toHaveLength(1);
  const { config, store } = cordon;
  const keys = [await loadVerifyingKey(config.approval.publicKeyFile)];
  const verifier = approvalVerifier({ keys, approvers: config.approvers });
  const dependencies = { config, store, verifier, providers: configuredProviders(config), now: () => new Date() };
  const untouched = await cordon.account();
  for (const round of [3, 4, 0, 1.5]) {
    const again = applyAction({ planDigest, sequence: 0, decisions, round }, dependencies);
    await expect(again).rejects.toMatchObject({ type: round === 3 ? 'ApprovalInvalid' : 'ValidationFailed' });
  }
  expect(differences(untouched, await cordon.account())).toEqual([]);
}

test('someone never stops undoing it: PARTIAL after three rounds with a page, and never CONTAINED', async () => {
  await cordon.restart({ aws: { propagationSeconds: 1 } });
  const { principal } = await cordon.createUser('omar');
  const adversary = new Adversary(cordon.stage, 'omar');
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await thisCase.asked();
  const acting = adversary.keepsUp(Infinity, over.signal);
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe('PARTIAL');
  over.abort();
  await acting;
  const { timeline = [] } = (await thisCase.record()) ?? {};
  expect(timeline.filter(({ state, step }) => state === 'CONTAINING' && step.startsWith('Contain'))).toHaveLength(3);
  expect(timeline.map(({ state }) => state)).not.toContain('CONTAINED');
  expect(await told('PARTIAL')).toContain('omar');
  const approvals = (await cordon.ledger(thisCase.caseId)).filter(({ type }) => type === 'decision');
  expect(approvals).toHaveLength(1);
});
