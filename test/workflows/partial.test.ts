import { PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';

let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon({ aws: { actions: ['deactivate-access-keys'] } })));
afterAll(() => cordon?.stop());

test('keys alone are never called contained: the sessions minted with them live on, and the approver is told before', async () => {
  const { principal } = await cordon.createUser('kim');
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  expect(JSON.stringify(await thisCase.asked())).toContain('deny-principal is not enabled');
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe('PARTIAL');
  const told = JSON.stringify(await cordon.person('dana').messages());
  expect(told).toContain('Not covered by the plan');
  expect(told).not.toContain('CONTAINED');
});

test('a permission lost after the plan: PARTIAL, it is named, and what was done can still be undone', async () => {
  await cordon.restart({});
  const { principal } = await cordon.createUser('lee');
  const before = await cordon.account();
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await thisCase.asked();
  await forbid('iam:UpdateAccessKey');
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe('PARTIAL');
  const { timeline = [] } = (await thisCase.record()) ?? {};
  expect(JSON.stringify(timeline)).toContain('iam:UpdateAccessKey');
  await forbid('iam:CreateVirtualMFADevice');

  const asked = await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'wrong person' });
  expect(asked.status).toBe(202);
  await thisCase.asked();
  const { planDigest } = (await thisCase.record()) ?? {};
  const own = await cordon.as('erin', `/v1/cases/${thisCase.caseId}/decisions`, { planDigest, decision: 'approve' });
  expect(own.status, 'who asked for it does not approve it alone').toBe(403);
  await thisCase.approve();
  const handle = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
  expect(await handle.result()).toBe('ROLLED_BACK');
  const others = (path: string) => !path.includes('cordon');
  expect(differences(before, await cordon.account()).filter(others)).toEqual([]);
});

async function forbid(action: string): Promise<void> {
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: action, Resource: '*' }] };
  await cordon.stage.admin.iam.send(
    new PutUserPolicyCommand({ UserName: 'cordon', PolicyName: 'forbidden', PolicyDocument: JSON.stringify(document) }),
  );
}
