import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { respondWorkflowId, secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { planQuery, stateQuery, timelineQuery } from '../../src/contracts/messages.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import { resourceOf } from '../../src/domain/principal.ts';
import { tries } from '../providers/aws/stage.ts';
import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';

const WAIT = { timeout: 60_000, interval: 50 };
let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon()));
afterAll(() => cordon?.stop());

test('two alerts on alice: one message, one plan, one containment, which is proved and can be undone to the letter', async () => {
  const { principal, key } = await cordon.createUser('alice');
  const second = await cordon.stage.newKey('alice');
  const before = await cordon.account();
  const opening = await cordon.alertOn(principal);
  const thisCase = new CaseUnderTest(cordon, principal, opening);
  const message = await thisCase.asked();
  const joining = await cordon.alertOn(principal);
  await expect
    .poll(() => thisCase.handle.query(stateQuery), WAIT)
    .toMatchObject({
      caseId: thisCase.caseId,
      state: 'AWAITING_APPROVAL',
      alertIds: [opening, joining],
      approvals: 0,
    });
  expect(differences(before, await cordon.account()), 'asking changes nothing').toEqual([]);
  expect(await tries(cordon.stage, key)).toBe('accepted');
  const plan = await thisCase.handle.query(planQuery);
  expect(plan?.actions.map(({ request, alreadySo }) => `${request.action}${alreadySo ? ' (already so)' : ''}`)).toEqual(
    [
      'deny-principal',
      'deactivate-access-keys',
      'deactivate-ssh-public-keys (already so)',
      'deactivate-signing-certificates (already so)',
      'deactivate-service-specific-credentials (already so)',
    ],
  );

  await cordon.person('dana').click(message, 'cordon.approve');
  expect(await thisCase.handle.result()).toBe('CONTAINED');
  for (const credentials of [key, second]) expect(await tries(cordon.stage, credentials)).not.toBe('accepted');

  const messages = await cordon.person('dana').messages();
  expect(messages, 'two alerts, one message').toHaveLength(1);
  expect(messages[0]?.ts).toBe(message.ts);
  expect(JSON.stringify(messages), 'it is locked, and says who').toMatch(/CONTAINED.*dana/u);
  expect(JSON.stringify(messages)).not.toContain('cordon.approve');
  const entries = await cordon.ledger(thisCase.caseId);
  expect(entries.filter(({ type }) => type === 'plan')).toHaveLength(1);
  expect(entries.filter(({ type }) => type === 'intent')).toHaveLength(2);
  expect(entries.filter(({ type }) => type === 'outcome')).toHaveLength(5);

  const timeline = await thisCase.handle.query(timelineQuery);
  expect([...new Set(timeline.map(({ state }) => state))]).toEqual([
    'RECEIVED',
    'ENRICHING',
    'NEEDS_APPROVAL',
    'AWAITING_APPROVAL',
    'APPROVED',
    'CONTAINING',
    'VERIFYING',
    'CONTAINED',
  ]);
  expect(timeline.filter(({ step }) => step === 'Alert')).toHaveLength(2);
  const { typedSearchAttributes } = await thisCase.handle.describe();
  expect(typedSearchAttributes.get(SEARCH_ATTRIBUTES.state)).toBe('CONTAINED');
  const alert = await cordon.temporal.workflow.getHandle(respondWorkflowId(opening)).describe();
  expect(alert.typedSearchAttributes.get(SEARCH_ATTRIBUTES.technique)).toEqual(['T1580']);
  expect(alert.typedSearchAttributes.get(SEARCH_ATTRIBUTES.state)).toBe('contain');
  expect((await thisCase.record())?.alertIds).toEqual([opening, joining]);
  for (const alertId of [opening, joining]) {
    const shown = await (await cordon.as('dana', `/v1/alerts/${alertId}`)).json();
    expect(shown).toMatchObject({ verdict: 'contain', caseId: thisCase.caseId });
    expect(shown).toHaveProperty('reasons.0.text');
  }

  await rollBack(thisCase);
  expect(differences(before, await cordon.account()), 'the account is as it was').toEqual([]);
  expect(await tries(cordon.stage, key)).toBe('accepted');
  expect(await cordon.store.ledger.verify()).toMatchObject({ status: 'intact' });
});

async function rollBack(thisCase: CaseUnderTest): Promise<void> {
  const contained = await cordon.account();
  const asking = await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'A drill' });
  expect(asking.status).toBe(202);
  const request = await thisCase.asked();
  expect(differences(contained, await cordon.account()), 'asking for a rollback undoes nothing').toEqual([]);
  await cordon.person('dana').click(request, 'cordon.approve');
  const handle = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
  expect(await handle.result()).toBe('ROLLED_BACK');
  expect(await thisCase.state()).toBe('ROLLED_BACK');
}

test('a denied plan changes nothing, and its reason stands in the case', async () => {
  const { principal } = await cordon.createUser('denis');
  const before = await cordon.account();
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  const dana = cordon.person('dana');
  const click = await dana.click(await thisCase.asked(), 'cordon.deny');
  await dana.submit(await vi.waitFor(() => dana.openedView(click), WAIT), { reason: 'It is the yearly drill' });
  expect(await thisCase.handle.result()).toBe('REJECTED');
  expect(differences(before, await cordon.account())).toEqual([]);
  expect(JSON.stringify(await thisCase.record())).toContain('It is the yearly drill');
});

describe('never contained, and a person is told why:', () => {
  const account = 'arn:aws:iam::123456789012';
  const cases: readonly [string, () => Promise<object> | object, RegExp][] = [
    ['nobody of that name', () => ({ principal: { arn: `${account}:user/nobody` } }), /No identity to act on/u],
    ['no clue at all', () => ({ principal: {} }), /No identity to act on/u],
    [
      'two principals in one alert',
      async () => {
        const [one, other] = [await cordon.createUser('tweedledum'), await cordon.createUser('tweedledee')];
        return { principal: { arn: resourceOf(one.principal), accessKeyId: other.key.accessKeyId } };
      },
      /Several identities/u,
    ],
    ["Cordon's own identity", () => ({ principal: { arn: cordon.stage.cordonArn } }), /Cordon itself/u],
    ['the root user', () => ({ principal: { arn: `${account}:root` } }), /root/u],
    ['another account', () => ({ principal: { arn: 'arn:aws:iam::999999999999:user/alice' } }), /account/u],
  ];
  test.each(cases)('%s', async (_name, change, why) => {
    const wanted = await change();
    const before = await cordon.account();
    const unused = {
      cloud: 'aws',
      kind: 'iam-user',
      accountId: '123456789012',
      name: 'unused',
      arn: `${account}:user/unused`,
    } as const;
    const open = (await cordon.store.cases.list({ limit: 200 })).length;
    const alertId = await cordon.alertOn(unused, { ...wanted, title: `Alert ${why.source}` });
    expect(await cordon.verdictOn(alertId)).toBe('park');
    expect((await cordon.store.alerts.get(alertId))?.verdict).toBe('park');
    const told = await cordon.person('dana').waitForMessage((message) => JSON.stringify(message).includes(alertId));
    expect(JSON.stringify(told)).toMatch(why);
    expect(JSON.stringify(told)).not.toContain('cordon.approve');
    expect(await cordon.store.cases.list({ limit: 200 })).toHaveLength(open);
    expect(differences(before, await cordon.account())).toEqual([]);
  });
});
