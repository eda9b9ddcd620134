import { afterAll, beforeAll, expect, test } from 'vitest';

import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';
import { Adversary } from './adversary.ts';

const WAIT = { timeout: 60_000, interval: 50 };
let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon({ watch: { hours: 0.5, everyMinutes: 1 / 30 } })));
afterAll(() => cordon?.stop());

test('a reopened case whose new plan is denied says that what was changed before stands, and that nobody watches it', async () => {
  const { principal } = await cordon.createUser('rhea');
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await thisCase.approve();
  await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING');
  await new Adversary(cordon.stage, 'rhea').removesDeny();
  await expect.poll(() => thisCase.state(), WAIT).toBe('AWAITING_APPROVAL');
  // One that is decided before Slack has shown it gets a message of its own, in other words.
  const { planDigest = '' } = (await thisCase.record()) ?? {};
  const asks = (text: string) => text.includes('rhea') && text.includes('?');
  await cordon.person('dana').waitForMessage((one) => asks(one.text) && JSON.stringify(one).includes(planDigest));
  const denial = { planDigest, decision: 'deny', reason: 'We look at it by hand' };
  expect((await cordon.as('dana', `/v1/cases/${thisCase.caseId}/decisions`, denial)).status).toBe(200);
  expect(await thisCase.handle.result()).toBe('REJECTED');

  const isIt = ({ text }: { readonly text: string }) => text.startsWith('REJECTED') && text.includes('rhea');
  const told = JSON.stringify(await cordon.person('dana').waitForMessage(isIt));
  expect(told).toContain('What was changed before it was reopened stands as far as nobody undid it');
  expect(told).toContain('We look at it by hand');
});
