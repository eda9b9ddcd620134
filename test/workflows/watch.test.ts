import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { differences, type Snapshot } from '../../demo/snapshot.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { stateQuery } from '../../src/contracts/messages.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import { tries } from '../providers/aws/stage.ts';
import { CaseUnderTest, startCordon, type Cordon, type User } from '../support/cordon.ts';
import { Adversary } from './adversary.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const SECOND = 1 / 60;
const LONG = { hours: 0.5, everyMinutes: 2 * SECOND };
let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon({ watch: LONG })));
afterAll(() => cordon?.stop());

interface Watched extends User {
  readonly thisCase: CaseUnderTest;
  readonly before: Snapshot;
}

async function watched(name: string): Promise<Watched> {
  const user = await cordon.createUser(name);
  const before = await cordon.account();
  const thisCase = new CaseUnderTest(cordon, user.principal, await cordon.alertOn(user.principal));
  await thisCase.approve();
  await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING');
  return { ...user, thisCase, before };
}

async function paged(...texts: readonly string[]): Promise<string> {
  const isIt = (message: unknown) => texts.every((text) => JSON.stringify(message).includes(text));
  return JSON.stringify(await cordon.person('dana').waitForMessage(isIt, 60_000));
}

const steps = async ({ thisCase }: Watched) => (await thisCase.record())?.timeline.map(({ state }) => state) ?? [];

describe('what is seen in the watch reopens the case, pages people, and changes nothing without a new approval:', () => {
  const drifts: readonly [string, string, (watched: Watched) => Promise<unknown>, RegExp][] = [
    [
      'the deny was removed',
      'paul',
      ({ principal }) => remover(principal.name).removesDeny(),
      /CordonDeny-\S+ .*gone/u,
    ],
    [
      'a key is active again',
      'quinn',
      ({ principal }) => remover(principal.name).turnsKeysOn(),
      /Active again or new/u,
    ],
    [
      'a new key was made, and a call succeeded with it',
      'rosa',
      async ({ principal }) => {
        const adversary = remover(principal.name);
        await adversary.removesDeny();
        await adversary.makesKeyWork();
        const [key] = adversary.made;
        if (key) await cordon.stage.as(key).ec2.send(new DescribeInstancesCommand({}));
      },
      /still succeeded since/u,
    ],
  ];
  test.each(drifts)('%s', async (_name, userName, undo, says) => {
    const one = await watched(userName);
    const { thisCase, key } = one;
    await undo(one);
    const found = await paged('REOPENED', userName, 'new plan');
    expect(found).toMatch(says);
    await expect.poll(() => thisCase.state(), WAIT).toBe('AWAITING_APPROVAL');
    const drifted = await cordon.account();
    const plans = (await cordon.ledger(thisCase.caseId))
      .filter(({ type }) => type === 'plan')
      .map((entry) => entry.key);
    expect(new Set(plans).size).toBe(2);
    expect(await thisCase.handle.query(stateQuery)).toMatchObject({ approvals: 0, planDigest: plans[1] });
    expect(differences(drifted, await cordon.account()), 'nobody approved yet').toEqual([]);

    await thisCase.approve();
    await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING');
    expect(await tries(cordon.stage, key)).not.toBe('accepted');
    expect(await steps(one)).toEqual(expect.arrayContaining(['MONITORING', 'REOPENED', 'APPROVED', 'CONTAINED']));
    await thisCase.handle.terminate('The test is over');
  });

  const remover = (name: string) => new Adversary(cordon.stage, name);
});

test('a rollback that is asked for in the watch ends the watch when it is approved, not before, and both never fight', async () => {
  const { thisCase, key, before } = await watched('sara');
  const contained = await cordon.account();
  const ask = () => cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'It was the owner' });
  expect((await ask()).status).toBe(202);
  const rollback = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
  const first = await thisCase.asked();
  expect(await thisCase.state()).toBe('MONITORING');
  const { planDigest } = (await thisCase.record()) ?? {};
  expect((await cordon.store.plans.get(planDigest ?? ''))?.kind, 'the record leads to the plan that waits').toBe(
    'rollback',
  );
  const deny = { planDigest, decision: 'deny', reason: 'Not yet' };
  expect((await cordon.as('dana', `/v1/cases/${thisCase.caseId}/decisions`, deny)).status).toBe(200);
  expect(await rollback.result()).toBe('MONITORING');
  expect(differences(contained, await cordon.account())).toEqual([]);
  expect(await thisCase.handle.query(stateQuery), 'it is still watched').toMatchObject({ state: 'MONITORING' });
  await cordon
    .person('dana')
    .waitForMessage(({ ts, blocks }) => ts === first.ts && !JSON.stringify(blocks).includes('cordon.approve'));

  expect((await ask()).status).toBe(202);
  await thisCase.approve();
  expect(await cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId)).result()).toBe('ROLLED_BACK');
  expect(await thisCase.handle.result()).toBe('CLOSED');
  expect(await thisCase.state()).toBe('ROLLED_BACK');
  expect(differences(before, await cordon.account())).toEqual([]);
  expect(await tries(cordon.stage, key)).toBe('accepted');
  const { timeline = [] } = (await thisCase.record()) ?? {};
  expect(timeline.map(({ state }) => state)).not.toContain('REOPENED');
  expect(JSON.stringify(timeline)).toMatch(/Not yet|Denied by dana/u);
});

test('an alert in the watch reopens; where everything holds nobody is asked again, and the watch goes on', async () => {
  const one = await watched('tess');
  const { thisCase, principal } = one;
  const joined = await cordon.alertOn(principal);
  expect(await paged('REOPENED', 'tess')).toContain(joined);
  await expect.poll(() => steps(one), WAIT).toEqual(expect.arrayContaining(['REOPENED', 'ENRICHING']));
  await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING');
  expect((await thisCase.record())?.alertIds).toContain(joined);
  const entries = await cordon.ledger(thisCase.caseId);
  expect(entries.filter(({ type }) => type === 'decision')).toHaveLength(1);
  await new Adversary(cordon.stage, 'tess').removesDeny();
  await expect.poll(() => thisCase.state(), WAIT).toBe('AWAITING_APPROVAL');
  expect((await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'Enough' })).status).toBe(202);
  const rollback = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
  expect(await rollback.result(), 'not while a new plan waits').not.toBe('ROLLED_BACK');
  expect(await thisCase.state()).toBe('AWAITING_APPROVAL');
  await thisCase.handle.terminate('The test is over');
});

describe('a watch in which nothing is seen', () => {
  beforeEach(() => cordon.restart({ watch: { hours: 6 / 3600, everyMinutes: 2 * SECOND } }));

  test('closes the case and says how long; its end can be read everywhere, and it can be undone', async () => {
    const one = await watched('uma');
    const { thisCase, principal, before } = one;
    expect(await thisCase.handle.result()).toBe('CLOSED');
    expect(await thisCase.state()).toBe('CLOSED');
    expect((await thisCase.record())?.timeline.at(-1)?.detail).toMatch(/^Watched [\d.]+ seconds, nothing seen\.$/u);
    const { typedSearchAttributes } = await thisCase.handle.describe();
    expect(typedSearchAttributes.get(SEARCH_ATTRIBUTES.state)).toBe('CLOSED');
    await paged('CLOSED', 'nothing seen');
    const checks = (await cordon.ledger(thisCase.caseId)).filter(({ type }) => type === 'verification');
    expect(checks.length).toBeGreaterThanOrEqual(4);

    const next = await cordon.alertOn(principal);
    const nextCase = new CaseUnderTest(cordon, principal, next);
    await nextCase.asked();
    const { planDigest } = (await nextCase.record()) ?? {};
    const deny = { planDigest, decision: 'deny', reason: 'It is watched already' };
    await cordon.as('dana', `/v1/cases/${nextCase.caseId}/decisions`, deny);
    expect(await nextCase.handle.result(), 'nothing is put back while another case is open').toBe('REJECTED');
    expect((await thisCase.record())?.alertIds, 'an ended case takes no more alerts').not.toContain(next);

    expect((await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'Done' })).status).toBe(202);
    await thisCase.approve();
    const rollback = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
    expect(await rollback.result()).toBe('ROLLED_BACK');
    expect(differences(before, await cordon.account())).toEqual([]);
  });
});
