import { afterAll, beforeAll, expect, test } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { stateQuery } from '../../src/contracts/messages.ts';
import { CaseUnderTest, startCordon, type Cordon, type User } from '../support/cordon.ts';
import { Adversary } from './adversary.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const EVERY = 1 / 30;
/** Keys alone: the sessions minted with them live on, so no plan can promise all. */
const KEYS_ALONE = { actions: ['deactivate-access-keys'] } as const;
let cordon: Cordon;
beforeAll(async () => {
  cordon = await startCordon({ aws: { actions: [...KEYS_ALONE.actions] }, watch: { hours: 0.5, everyMinutes: EVERY } });
});
afterAll(() => cordon?.stop());

interface InPart extends User {
  readonly thisCase: CaseUnderTest;
}

async function watchedInPart(name: string): Promise<InPart> {
  const user = await cordon.createUser(name);
  const thisCase = new CaseUnderTest(cordon, user.principal, await cordon.alertOn(user.principal));
  await thisCase.approve();
  await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING_PARTIAL');
  return { ...user, thisCase };
}

async function told(...texts: readonly string[]): Promise<string> {
  const isIt = (message: unknown) => texts.every((text) => JSON.stringify(message).includes(text));
  return JSON.stringify(await cordon.person('dana').waitForMessage(isIt, 60_000));
}

const states = async (thisCase: CaseUnderTest) => {
  const { timeline = [] } = (await thisCase.record()) ?? {};
  return timeline.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
};

/** Neither of the case nor to anyone: it never was contained. */
async function expectNeverContained(thisCase: CaseUnderTest): Promise<void> {
  const said = await states(thisCase);
  for (const claim of ['CONTAINED', 'MONITORING']) expect(said).not.toContain(claim);
  expect(JSON.stringify(await cordon.person('dana').messages())).not.toMatch(/"CONTAINED|"MONITORING: | proved by/u);
}

test('a plan that promises only a part pages at once, is proved by both checks, watched, and reopened on drift', async () => {
  const { thisCase, principal } = await watchedInPart('ines');
  const page = await told('Needs a person: PARTIAL', 'ines');
  expect(page).toContain('what the plan did holds and is watched');
  expect(page, 'what is left to the person').toContain('deny-principal is not enabled');
  await told('MONITORING PARTIAL', 'What the plan did holds and is watched');
  expect((await states(thisCase)).slice(-3)).toEqual(['VERIFYING', 'PARTIAL', 'MONITORING_PARTIAL']);
  const checks = (await cordon.ledger(thisCase.caseId)).filter(({ type }) => type === 'verification');
  expect(checks.map(({ key }) => key.split(':')[1])).toEqual(expect.arrayContaining(['reads']));
  expect(checks.length).toBeGreaterThanOrEqual(2);

  await new Adversary(cordon.stage, principal.name).turnsKeysOn();
  expect(await told('REOPENED', 'ines', 'new plan')).toMatch(/Active again or new/u);
  await expect.poll(() => thisCase.state(), WAIT).toBe('AWAITING_APPROVAL');
  await thisCase.approve();
  await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING_PARTIAL');

  const joined = await cordon.alertOn(principal);
  expect(await told('REOPENED', joined)).toContain('ines');
  await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING_PARTIAL');
  expect(await thisCase.handle.query(stateQuery), 'nobody is asked again').toMatchObject({ approvals: 1 });
  await expectNeverContained(thisCase);
  await thisCase.handle.terminate('The test is over');
});

test('a rollback that is approved ends that watch too, and puts everything back', async () => {
  const before = await cordon.account();
  const { thisCase, principal } = await watchedInPart('jorge');
  await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'It was the owner' });
  await thisCase.approve();
  const rollback = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
  expect(await rollback.result()).toBe('ROLLED_BACK');
  expect(await thisCase.handle.result()).toBe('CLOSED');
  const others = (path: string) => !path.includes(principal.name);
  expect(differences(before, await cordon.account()).filter(others)).toEqual([]);
  await expectNeverContained(thisCase);
});

test('a quiet watch of a part ends as it began: PARTIAL, with a page that nobody watches any more', async () => {
  await cordon.restart({ aws: { actions: [...KEYS_ALONE.actions] }, watch: { hours: 6 / 3600, everyMinutes: EVERY } });
  const { thisCase } = await watchedInPart('karin');
  expect(await thisCase.handle.result()).toBe('PARTIAL');
  expect(await thisCase.state()).toBe('PARTIAL');
  expect(await told('Needs a person: PARTIAL', 'karin', 'Nobody watches any more')).toContain('deny-principal');
  expect((await states(thisCase)).slice(-3)).toEqual(['PARTIAL', 'MONITORING_PARTIAL', 'PARTIAL']);
  await expectNeverContained(thisCase);
});
