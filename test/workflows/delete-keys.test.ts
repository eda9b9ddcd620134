import { ListAccessKeysCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { HAND_OVER } from '../../src/domain/case.ts';
import { tries } from '../providers/aws/stage.ts';
import { CaseUnderTest, startCordon, type Cordon, type User } from '../support/cordon.ts';

const DAY_MS = 24 * 3_600_000;
let cordon: Cordon;
beforeAll(async () => {
  cordon = await startCordon({ aws: { actions: ['deny-principal', 'deactivate-access-keys', 'delete-access-keys'] } });
});
afterAll(async () => {
  vi.useRealTimers();
  await cordon?.stop();
});

/** By Cordon's clock, which goes on; Temporal and AWS keep their own. */
function later(days: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * DAY_MS, shouldAdvanceTime: true });
}

interface Contained extends User {
  readonly thisCase: CaseUnderTest;
}

async function contained(name: string, beforeApproval = async () => {}): Promise<Contained> {
  const user = await cordon.createUser(name);
  const thisCase = new CaseUnderTest(cordon, user.principal, await cordon.alertOn(user.principal));
  await thisCase.asked();
  await beforeApproval();
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe('CONTAINED');
  return { ...user, thisCase };
}

const ask = ({ thisCase }: Contained, what: 'key-deletion' | 'rollback') =>
  cordon.as('erin', `/v1/cases/${thisCase.caseId}/${what}`, { reason: 'The owner has the new key' });
const ended = ({ thisCase }: Contained): Promise<unknown> =>
  cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId)).result();

async function keysOf(UserName: string): Promise<readonly string[]> {
  const { AccessKeyMetadata = [] } = await cordon.stage.admin.iam.send(new ListAccessKeysCommand({ UserName }));
  return AccessKeyMetadata.map(({ AccessKeyId, Status }) => `${AccessKeyId} ${Status}`);
}

const turn = ({ principal, key }: User, Status: 'Active' | 'Inactive') =>
  cordon.stage.admin.iam.send(
    new UpdateAccessKeyCommand({ UserName: principal.name, AccessKeyId: key.accessKeyId, Status }),
  );

/** A change that is final takes two people. */
async function approveByBoth({ thisCase }: Contained): Promise<void> {
  const request = await thisCase.asked();
  expect(JSON.stringify(request)).toContain('Can NOT be undone');
  await cordon.person('dana').click(request, 'cordon.approve');
  await cordon.person('erin').click(request, 'cordon.approve');
}

async function shown({ thisCase }: Contained, text: string): Promise<string> {
  const isIt = (message: unknown) =>
    JSON.stringify(message).includes(text) && JSON.stringify(message).includes(thisCase.caseId);
  return JSON.stringify(await cordon.person('dana').waitForMessage(isIt, 60_000));
}

async function cancelled(one: Contained, says: string): Promise<void> {
  await cordon.temporal.workflow.getHandle(secondPlanWorkflowId(one.thisCase.caseId)).cancel();
  await expect(ended(one)).rejects.toThrow(/cancel/iu);
  expect((await timelineOf(one)).at(-1)?.detail).toContain(says);
}

const timelineOf = async ({ thisCase }: Contained) => (await thisCase.record())?.timeline ?? [];

test('a key that the suspect makes between plan and approval never comes back by a rollback, which names it', async () => {
  let late: User['key'] | undefined;
  const mary = await contained('mary', async () => void (late = await cordon.stage.newKey('mary')));
  expect((await keysOf('mary')).toSorted()).toEqual(
    [mary.key, late].map((one) => `${one?.accessKeyId} Inactive`).toSorted(),
  );
  await ask(mary, 'rollback');
  const request = JSON.stringify(await mary.thisCase.asked());
  expect(request).toContain(`Access key ${late?.accessKeyId} of user mary was not active when the plan was made`);
  expect(request).not.toContain(`AccessKeyId=${late?.accessKeyId}`);
  await mary.thisCase.approve();
  expect(await ended(mary)).toBe('ROLLED_BACK');
  expect(await tries(cordon.stage, mary.key)).toBe('accepted');
  expect(late && (await tries(cordon.stage, late))).not.toBe('accepted');
  expect((await timelineOf(mary)).at(-1)?.detail).toContain('it stays inactive');
});

let hana: Contained;
let made: User['key'];

test('a new key is handed over in words, and the old one is not deleted before its day', async () => {
  await cordon.restart({
    aws: { actions: ['deny-principal', 'deactivate-access-keys', 'rotate-access-key', 'delete-access-keys'] },
  });
  hana = await contained('hana');
  const { thisCase } = hana;
  const secretId = `cordon/access-keys/${thisCase.caseId}`;
  const { SecretString = '', ARN = '' } = await cordon.stage.admin.secrets.send(
    new GetSecretValueCommand({ SecretId: secretId }),
  );
  made = JSON.parse(SecretString) as User['key'];
  const handOver = (await timelineOf(hana)).filter(({ step }) => step === HAND_OVER);
  expect(handOver).toHaveLength(1);
  const closed = await shown(hana, 'secretsmanager:GetSecretValue');
  for (const told of [handOver[0]?.detail ?? '', closed]) {
    for (const part of [made.accessKeyId, ARN, 'us-east-1', `cordon case delete-keys ${thisCase.caseId}`])
      expect(told).toContain(part);
    expect(told).not.toContain(made.secretAccessKey);
  }

  const early = await ask(hana, 'key-deletion');
  expect(early.status).toBe(409);
  const deactivated = (await cordon.ledger(thisCase.caseId)).find(
    ({ type, body }) => type === 'outcome' && body['action'] === 'deactivate-access-keys',
  );
  const from = new Date(Date.parse(deactivated?.at ?? '') + 30 * DAY_MS).toISOString();
  expect(await early.text()).toContain(`Not before ${from}`);
});

describe('31 days later', () => {
  const others = new Map<string, Contained>();
  beforeAll(async () => {
    for (const name of ['ivan', 'jane', 'karl', 'lena']) others.set(name, await contained(name));
    later(31);
  });
  function one(name: string): Contained {
    const found = others.get(name);
    if (!found) throw new Error(`${name} is not contained.`);
    return found;
  }

  test('the old key is deleted and that is proved; no rollback claims to bring it back', async () => {
    const { thisCase, key } = hana;
    const before = await cordon.account();
    expect((await ask(hana, 'key-deletion')).status).toBe(202);
    await thisCase.asked();
    expect(differences(before, await cordon.account()), 'asking deletes nothing').toEqual([]);
    await approveByBoth(hana);
    expect(await ended(hana), 'the case stays where it was').toBe('CONTAINED');
    expect(await keysOf('hana')).toEqual([`${made.accessKeyId} Active`]);
    expect(await shown(hana, 'The keys are gone')).toMatch(/Deletion of keys: .*proved by the cloud itself/u);
    expect((await timelineOf(hana)).at(-1)).toMatchObject({
      state: 'CONTAINED',
      step: 'Deletion of keys',
      detail: expect.stringContaining('The keys are gone'),
    });

    const entries = await cordon.ledger(thisCase.caseId);
    const plan = entries.findLast(({ type }) => type === 'plan');
    expect(plan?.body).toMatchObject({ kind: 'deletion', actions: ['delete-access-keys'] });
    const since = entries.filter(({ sequence }) => sequence > (plan?.sequence ?? Infinity));
    expect(since.filter(({ type }) => type !== 'state').map(({ type }) => type)).toEqual([
      'decision',
      'decision',
      'intent',
      'outcome',
      'verification',
    ]);
    expect(since.find(({ type }) => type === 'intent')?.body).toMatchObject({
      prior: { keys: [{ accessKeyId: key.accessKeyId, active: false }] },
    });

    expect((await ask(hana, 'rollback')).status).toBe(202);
    const request = JSON.stringify(await thisCase.asked());
    expect(request).toContain(`Access key ${key.accessKeyId} of user hana was deleted: it can't be turned on again`);
    expect(request, 'nothing that it can not do').not.toContain('UpdateAccessKey');
    await thisCase.approve();
    expect(await ended(hana)).toBe('ROLLED_BACK');
    expect((await timelineOf(hana)).at(-1)?.detail).toContain(`${key.accessKeyId} of user hana was deleted`);
    expect(await keysOf('hana'), 'a rollback takes the new key back').toEqual([]);
    expect(await cordon.store.ledger.verify()).toMatchObject({ status: 'intact' });

    expect((await ask(hana, 'key-deletion')).status).toBe(202);
    expect(await ended(hana)).toBe('ROLLED_BACK');
    expect(await shown(hana, 'No deletion of keys')).toContain('left no deactivated key');
  });

  test('no key is deleted when the plan is denied', async () => {
    const ivan = one('ivan');
    await ask(ivan, 'key-deletion');
    await ivan.thisCase.asked();
    const { planDigest } = (await ivan.thisCase.record()) ?? {};
    const before = await cordon.account();
    const deny = { planDigest, decision: 'deny', reason: 'The owner still needs it' };
    expect((await cordon.as('dana', `/v1/cases/${ivan.thisCase.caseId}/decisions`, deny)).status).toBe(200);
    expect(await ended(ivan)).toBe('CONTAINED');
    expect(differences(before, await cordon.account())).toEqual([]);
    expect((await timelineOf(ivan)).at(-1)?.detail).toBe('Denied by dana. No key was deleted.');
    expect(await shown(ivan, 'Deletion of keys')).toContain('they stay inactive');
  });

  test('no key is deleted when somebody turned it on before it was planned: nobody is asked, and people are told who must look', async () => {
    const jane = one('jane');
    await turn(jane, 'Active');
    expect((await ask(jane, 'key-deletion')).status).toBe(202);
    expect(await ended(jane)).toBe('CONTAINED');
    const told = await shown(jane, 'No deletion of keys');
    expect(told).toContain(`Access key ${jane.key.accessKeyId} is active again`);
    expect(told).not.toContain('cordon.approve');
    expect(await keysOf('jane')).toContain(`${jane.key.accessKeyId} Active`);
  });

  test('no key is deleted when somebody turns it on between plan and approval; asked again later, it is', async () => {
    const karl = one('karl');
    await ask(karl, 'key-deletion');
    await karl.thisCase.asked();
    await turn(karl, 'Active');
    await approveByBoth(karl);
    expect(await ended(karl)).toBe('CONTAINED');
    expect(await shown(karl, 'Keys not deleted for certain')).toContain('is active again');
    expect(await keysOf('karl')).toContain(`${karl.key.accessKeyId} Active`);

    await turn(karl, 'Inactive');
    expect((await ask(karl, 'key-deletion')).status).toBe(202);
    await approveByBoth(karl);
    expect(await ended(karl)).toBe('CONTAINED');
    expect((await keysOf('karl')).join()).not.toContain(karl.key.accessKeyId);
  });

  test('no key is deleted while a rollback is asked for, nor the other way round', async () => {
    const lena = one('lena');
    expect((await ask(lena, 'rollback')).status).toBe(202);
    const refused = await ask(lena, 'key-deletion');
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining('A rollback of this case is under way'),
    ]);
    await cancelled(lena, 'Nothing was rolled back.');

    expect((await ask(lena, 'key-deletion')).status).toBe(202);
    const other = await ask(lena, 'rollback');
    expect([other.status, await other.text()]).toEqual([
      409,
      expect.stringContaining('A deletion of its keys of this case is under way'),
    ]);
    await cancelled(lena, 'No key was deleted.');
    expect(await keysOf('lena')).toContain(`${lena.key.accessKeyId} Inactive`);
  });
});
