import { afterAll, beforeAll, expect, test } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { stateQuery } from '../../src/contracts/messages.ts';
import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const SLACK_DOWN = () => ({ status: 503 });
let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon({ approval: { fallbackMinutes: 0.01 } })));
afterAll(() => cordon?.stop());

const posts = () => cordon.slack.front.calls.filter(({ method }) => method === 'chat.postMessage').length;
const decisions = ({ caseId }: CaseUnderTest) => `/v1/cases/${caseId}/decisions`;

test('with Slack away the request is retried, the log shows it, and it is decided on the command line', async () => {
  cordon.slack.front.fault = SLACK_DOWN;
  const { principal } = await cordon.createUser('wanda');
  const before = await cordon.account();
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await expect.poll(() => cordon.log(), WAIT).toContain(`cordon case approve ${thisCase.caseId}`);
  await expect.poll(posts, WAIT).toBeGreaterThan(2);
  expect(await thisCase.handle.query(stateQuery), 'no silence approves').toMatchObject({
    state: 'AWAITING_APPROVAL',
    approvals: 0,
  });
  expect(differences(before, await cordon.account())).toEqual([]);

  const { planDigest } = (await thisCase.record()) ?? {};
  const other = await cordon.as('dana', decisions(thisCase), { planDigest: 'f'.repeat(64), decision: 'approve' });
  expect(other.status, 'another plan than the open one').toBe(404);
  const answer = await cordon.as('dana', decisions(thisCase), { planDigest, decision: 'approve' });
  expect(answer.status).toBe(200);
  await expect.poll(() => thisCase.state(), { ...WAIT, message: 'recorded while Slack is away' }).toBe('CONTAINED');
  cordon.slack.front.fault = undefined;
  expect(await thisCase.handle.result()).toBe('CONTAINED');
  const told = await cordon.person('dana').messages();
  expect(JSON.stringify(told), 'no button of a decided case').not.toContain('cordon.approve');
  expect(JSON.stringify(told)).toContain('CONTAINED');
});

test('a request that nobody answers expires: recorded, told, and nobody is contained', async () => {
  await cordon.restart({ approval: { fallbackMinutes: 0.01, deadlineMinutes: 0.05 } });
  cordon.slack.front.fault = SLACK_DOWN;
  const { principal } = await cordon.createUser('edgar');
  const before = await cordon.account();
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await expect.poll(() => thisCase.state(), WAIT).toBe('EXPIRED');
  const { planDigest } = (await thisCase.record()) ?? {};
  const late = await cordon.as('dana', decisions(thisCase), { planDigest, decision: 'approve' });
  expect(late.status, 'a late approval').toBe(409);
  await expect
    .poll(() => cordon.log(), { ...WAIT, message: 'the page is in the log' })
    .toContain('Needs a person: EXPIRED');
  const next = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  expect(next.caseId, 'an alert that comes while people are still being told').not.toBe(thisCase.caseId);
  cordon.slack.front.fault = undefined;
  await expect.poll(() => next.state(), { ...WAIT, message: 'opens the next case' }).toBe('EXPIRED');
  expect(await thisCase.handle.result()).toBe('EXPIRED');
  expect((await thisCase.record())?.alertIds).toHaveLength(1);
  expect(differences(before, await cordon.account())).toEqual([]);
  const types = (await cordon.ledger(thisCase.caseId)).map(
    ({ type, body }) => `${type} ${JSON.stringify(body['state'])}`,
  );
  expect(types).toContain('state "EXPIRED"');
  expect(types.join()).not.toMatch(/intent|outcome|decision|CONTAIN/u);
  await cordon.person('dana').waitForMessage(({ text }) => text.includes('EXPIRED'));

  const pages = async () =>
    (await cordon.person('dana').messages()).filter(({ text }) => text.includes('No rollback')).length;
  for (const asked of [1, 2]) {
    await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: `Try ${asked}` });
    await cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId)).result();
    expect(await pages(), 'each try has a page of its own').toBe(asked);
  }
});
