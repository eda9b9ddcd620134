import { afterAll, beforeAll, expect, test } from 'vitest';

import { caseWorkflowId } from '../../src/contracts/ids.ts';
import finding from '../../src/sources/guardduty/fixtures/event-iam-user.json' with { type: 'json' };
import { CaseUnderTest, startCordon, type Cordon, type User } from '../support/cordon.ts';

let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon()));
afterAll(() => cordon?.stop());

const DIFFERENT = 8;
const TIMES_THE_SAME = 4;

test('many alerts at once on one principal, one of them again and again, from two sources: one case, one plan, one approval', async () => {
  const user = await cordon.createUser('crowded');
  const { principal } = user;
  const found = findingAbout(user);
  const sent = await Promise.all([
    ...Array.from({ length: DIFFERENT }, () => cordon.alertOn(principal)),
    ...Array.from({ length: TIMES_THE_SAME }, () => cordon.alertOn(principal, { id: 'the-same' })),
    ...Array.from({ length: TIMES_THE_SAME }, () => cordon.sendFinding(found)),
  ]);
  const alerts = [...new Set(sent)];
  expect(alerts, 'what is sent again is the same alert').toHaveLength(DIFFERENT + 2);
  expect(await Promise.all(alerts.map((id) => cordon.verdictOn(id)))).toEqual(alerts.map(() => 'contain'));

  const cases = (await cordon.store.cases.list({ limit: 100 })).filter(
    ({ workflowId }) => workflowId === caseWorkflowId(principal),
  );
  expect(cases, 'one case').toHaveLength(1);
  const caseId = cases[0]?.caseId ?? '';
  const opening = alerts.find((id) => new CaseUnderTest(cordon, principal, id).caseId === caseId);
  const thisCase = new CaseUnderTest(cordon, principal, opening ?? '');
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe('CONTAINED');

  const { alertIds = [] } = (await thisCase.record()) ?? {};
  expect(alertIds.toSorted(), 'each alert is in the case, once').toEqual(alerts.toSorted());
  for (const id of alerts) expect(await cordon.store.alerts.get(id)).toMatchObject({ verdict: 'contain', caseId });
  const entries = await cordon.ledger(caseId);
  const count = (type: string) => entries.filter((entry) => entry.type === type).length;
  expect({ plans: count('plan'), decisions: count('decision') }).toEqual({ plans: 1, decisions: 1 });
  const made = entries.filter(({ type, body }) => type === 'outcome' && body['status'] !== 'already-so');
  expect(count('intent'), 'no change is made twice').toBe(made.length);
  const asked = (await cordon.person('dana').messages()).filter((message) => JSON.stringify(message).includes(caseId));
  expect(asked, 'people have one message').toHaveLength(1);
  expect((await cordon.store.ledger.verify()).status).toBe('intact');
});

/** As GuardDuty sends it. */
function findingAbout({ principal, key }: User): object {
  const { accessKeyId } = key;
  const accessKeyDetails = {
    accessKeyId,
    principalId: principal.uniqueId,
    userName: principal.name,
    userType: 'IAMUser',
  };
  const now = new Date().toISOString();
  const { detail } = finding;
  const service = { ...detail.service, eventFirstSeen: now, eventLastSeen: now };
  return {
    ...finding,
    detail: { ...detail, severity: 9, resource: { ...detail.resource, accessKeyDetails }, service },
  };
}
