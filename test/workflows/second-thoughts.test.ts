import { DeleteAccessKeyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { CaseUnderTest, startCordon, type Cordon, type User } from '../support/cordon.ts';

const WAIT = { timeout: 60_000, interval: 50 };
let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon()));
afterAll(() => cordon?.stop());

async function caseOf({ principal }: User): Promise<CaseUnderTest> {
  return new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
}

async function contained(name: string, end = 'CONTAINED') {
  const user = await cordon.createUser(name);
  const thisCase = await caseOf(user);
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe(end);
  return { user, thisCase };
}

const rollBack = ({ caseId }: CaseUnderTest) =>
  cordon.as('erin', `/v1/cases/${caseId}/rollback`, { reason: 'It was the owner' });
const rollbackOf = ({ caseId }: CaseUnderTest) => cordon.temporal.workflow.getHandle(secondPlanWorkflowId(caseId));

async function deny(thisCase: CaseUnderTest): Promise<void> {
  const { planDigest } = (await thisCase.record()) ?? {};
  const decision = { planDigest, decision: 'deny', reason: 'I misread the name' };
  expect((await cordon.as('dana', `/v1/cases/${thisCase.caseId}/decisions`, decision)).status).toBe(200);
}

async function told(...texts: readonly string[]): Promise<string> {
  const isIt = (message: unknown) => texts.every((text) => JSON.stringify(message).includes(text));
  return JSON.stringify(await cordon.person('dana').waitForMessage(isIt, 60_000));
}

test('nothing is put back while another case of the identity is open, whether it was when asked for or only when approved', async () => {
  const { user, thisCase } = await contained('mona');
  await rollBack(thisCase);
  await thisCase.asked();
  const key = await cordon.stage.newKey(user.principal.name);
  const next = await caseOf(user);
  await next.asked();
  const before = await cordon.account();
  await thisCase.approve();
  expect(await rollbackOf(thisCase).result()).toBe('CONTAINED');
  await rollBack(thisCase);
  expect(await rollbackOf(thisCase).result()).toBe('CONTAINED');
  expect(differences(before, await cordon.account())).toEqual([]);
  expect(await told('No rollback now', 'mona')).toContain(next.caseId);
  const lines = (await thisCase.record())?.timeline ?? [];
  expect(
    lines.filter(({ detail }) => detail.includes(`Case ${next.caseId} of the same identity is open`)),
  ).toHaveLength(2);

  await deny(next);
  expect(await next.handle.result()).toBe('REJECTED');
  const UserName = user.principal.name;
  await cordon.stage.admin.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: key.accessKeyId }));
  await rollBack(thisCase);
  await thisCase.approve();
  expect(await rollbackOf(thisCase).result(), 'once that one is decided').toBe('ROLLED_BACK');
});

test('an alert that comes while an earlier case is being rolled back never ends as "already so"', async () => {
  // Without a mark of the case in it, so that for another case everything is so.
  await cordon.restart({ aws: { actions: ['deactivate-access-keys'] } });
  const { user, thisCase } = await contained('nils', 'PARTIAL');
  const record = await thisCase.record();
  if (!record) throw new Error('The case is recorded.');
  const state = 'ROLLING_BACK' as const;
  const line = { at: new Date().toISOString(), state, step: 'Roll back', detail: 'Approved by erin' };
  await cordon.store.cases.save({ ...record, state, timeline: [...record.timeline, line] });
  const next = await caseOf(user);
  await expect.poll(() => next.state(), WAIT).toBe('FAILED');
  expect(await told('Needs a person: FAILED', 'nils')).toContain(`case ${thisCase.caseId} is just being rolled back`);
});
