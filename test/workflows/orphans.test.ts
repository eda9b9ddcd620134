import { PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { ScheduleNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { SWEEP_SCHEDULE_ID } from '../../src/contracts/ids.ts';
import type { Orphan, OrphanReport } from '../../src/domain/orphan.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { scheduleSweep } from '../../worker/sweep-schedule.ts';
import { cordon as command } from '../cli/cordon.ts';
import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const STRANGER = `ca_${'0'.repeat(32)}`;
let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon({ watch: { hours: 1, everyMinutes: 60 } })));
afterAll(() => cordon?.stop());

const schedule = () => cordon.temporal.schedule.getHandle(SWEEP_SCHEDULE_ID);

/** As `cordon orphans` asks for it. */
async function sweep(): Promise<OrphanReport> {
  const answer = await cordon.as('dana', '/v1/orphans/sweep', {});
  expect(answer.status).toBe(202);
  await expect.poll(async () => (await asked()).status, WAIT).not.toBe('running');
  const { status, report } = await asked();
  if (!report) throw new Error(`The sweep is ${status}.`);
  return report;
}

const asked = async () =>
  (await (await cordon.as('dana', '/v1/orphans')).json()) as { status: string; report?: OrphanReport };
const paged = async (...texts: readonly string[]) =>
  JSON.stringify(
    await cordon
      .person('dana')
      .waitForMessage((message) => texts.every((text) => JSON.stringify(message).includes(text)), 60_000),
  );
const about = (report: OrphanReport, text: string): readonly Orphan[] =>
  report.orphans.filter(({ name }) => name.includes(text));
const told = async () => (await cordon.store.ledger.ofCase('')).filter(({ type }) => type === 'orphan');

function putPolicy(UserName: string, PolicyName: string, Action = '*'): Promise<unknown> {
  const statement = { Effect: 'Deny', Action, Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  return cordon.stage.admin.iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
}

async function open(name: string): Promise<CaseUnderTest> {
  const { principal } = await cordon.createUser(name);
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await thisCase.asked();
  return thisCase;
}

test('the schedule is there once a worker runs, however many start at once, and as the configuration says', async () => {
  const { spec, policies, action } = await schedule().describe();
  expect(spec.intervals).toMatchObject([{ every: 24 * 3_600_000 }]);
  expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 3_600_000 });
  expect(action).toMatchObject({ workflowType: 'sweepOrphans', taskQueue: 'cordon-decide' });

  await schedule().pause('An operator wants it so');
  await Promise.all([6, 6, 6].map((hours) => scheduleSweep(cordon.temporal, hours)));
  const changed = await schedule().describe();
  expect(changed.spec.intervals).toMatchObject([{ every: 6 * 3_600_000 }]);
  expect(changed.state).toMatchObject({ paused: true, note: 'An operator wants it so' });
  await schedule().unpause();

  await cordon.restart({ sweep: { everyHours: 0 }, watch: { hours: 1, everyMinutes: 60 } });
  await expect(schedule().describe()).rejects.toBeInstanceOf(ScheduleNotFoundError);
  await Promise.all([scheduleSweep(cordon.temporal, 0), scheduleSweep(cordon.temporal, 0)]);
  await cordon.restart({ watch: { hours: 1, everyMinutes: 60 } });
  await Promise.all([24, 24].map((hours) => scheduleSweep(cordon.temporal, hours)));
  expect((await schedule().describe()).state.paused).toBe(false);
});

test('where nothing is left, nothing is told; the schedule starts the same sweep', async () => {
  expect(await asked()).toEqual({ status: 'none' });
  const report = await sweep();
  expect(report).toMatchObject({ orphans: [], untold: [] });
  expect(report.places).toEqual([{ cloud: 'aws', accountId: cordon.stage.ministack.accountId, marks: 0 }]);
  expect(await told()).toEqual([]);

  await schedule().trigger();
  const started = async () => (await schedule().describe()).info.recentActions.at(-1)?.action.workflow.workflowId;
  await expect.poll(started, WAIT).toBeDefined();
  const scheduled = cordon.temporal.workflow.getHandle((await started()) ?? '');
  const { sweptAt: _, ...rest } = (await scheduled.result()) as OrphanReport;
  expect(report).toMatchObject(rest);
});

describe('of the changes of a case', () => {
  test('none is an orphan once it has ended: what was contained stays so', async () => {
    await cordon.restart({ watch: { hours: 0 } });
    const thisCase = await open('vera');
    await thisCase.approve();
    expect(await thisCase.handle.result()).toBe('CONTAINED');
    const report = await sweep();
    expect(report.orphans).toEqual([]);
    expect(report.places[0]?.marks).toBe(1);
    await cordon.restart({ watch: { hours: 1, everyMinutes: 60 } });
  });

  test('none is an orphan while it runs; a forged one beside them is told once, with its exact name', async () => {
    const thisCase = await open('walt');
    await thisCase.approve();
    await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING');
    expect((await sweep()).orphans).toEqual([]);

    await cordon.createUser('xena');
    await putPolicy('xena', `CordonDeny-${STRANGER}`);
    await putPolicy('xena', `CordonDeny-${thisCase.caseId}`);
    const before = await cordon.account();
    const report = await sweep();
    expect(report.orphans.map(({ kind, caseId }) => [kind, caseId])).toEqual([
      ['change', undefined],
      ['change', thisCase.caseId],
    ]);
    expect(report.untold).toEqual(report.orphans.map(({ key }) => key));
    const page = await paged('Needs a person', `CordonDeny-${STRANGER} of`, 'user/xena');
    expect(page).toContain('aws iam delete-user-policy --user-name xena');
    expect(await cordon.account(), 'a sweep removes nothing').toEqual(before);
    expect((await told()).map(({ body }) => body['name'])).toEqual([expect.stringContaining('user/xena')]);
    expect((await cordon.ledger(thisCase.caseId)).filter(({ type }) => type === 'orphan')).toHaveLength(1);

    const again = await sweep();
    expect(again.orphans.map(({ key }) => key)).toEqual(report.orphans.map(({ key }) => key));
    expect(again.untold, 'people know of them').toEqual([]);
  });

  test('a key that was made while its owner was held, and that no ledger entry knows, is told', async () => {
    const thisCase = await open('yuri');
    await thisCase.approve();
    await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING');
    expect(about(await sweep(), 'user/yuri')).toEqual([]);
    const { accessKeyId } = await cordon.stage.newKey('yuri');
    const found = about(await sweep(), accessKeyId);
    expect(found).toMatchObject([{ kind: 'credential', caseId: thisCase.caseId }]);
    await paged(accessKeyId, `--access-key-id ${accessKeyId} --status Inactive`);
    await thisCase.handle.terminate('The test is over');
  });
});

describe('a case whose workflow was terminated', () => {
  test('is told with its state and what to do, and once', async () => {
    const thisCase = await open('zoe');
    expect(about(await sweep(), thisCase.caseId), 'it runs').toEqual([]);
    await thisCase.handle.terminate('Somebody did it in the UI');
    const [found, ...others] = about(await sweep(), `case ${thisCase.caseId}`);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ kind: 'case', caseId: thisCase.caseId });
    expect(found?.why).toContain('AWAITING_APPROVAL');
    await paged(thisCase.caseId, 'no workflow runs for it', `cordon case show ${thisCase.caseId}`);
    expect((await sweep()).untold).toEqual([]);
  });

  test('is not taken for alive because a later case of the same identity runs under its workflow id', async () => {
    const first = await open('adam');
    await first.handle.terminate('Somebody did it in the UI');
    const principal = (await first.record())?.principal as unknown as Principal;
    const second = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
    await second.asked();
    const report = await sweep();
    expect(about(report, `case ${first.caseId}`)).toHaveLength(1);
    expect(about(report, `case ${second.caseId}`)).toEqual([]);
    await second.handle.terminate('The test is over');
  });

  test('amid its containment can be rolled back, and is at rest then', async () => {
    const thisCase = await open('cora');
    await thisCase.approve();
    await expect.poll(() => thisCase.state(), WAIT).toBe('MONITORING');
    await thisCase.handle.terminate('Somebody did it in the UI');
    const record = await thisCase.record();
    if (!record) throw new Error('The case is not stored.');
    await cordon.store.cases.save({ ...record, state: 'CONTAINING' });
    const [found] = about(await sweep(), `case ${thisCase.caseId}`);
    expect(found?.remedy).toContain(`cordon case rollback ${thisCase.caseId}`);

    expect((await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'Terminated' })).status).toBe(
      202,
    );
    await expect.poll(async () => (await thisCase.record())?.planDigest, WAIT).not.toBe(record.planDigest);
    await thisCase.approve();
    await expect.poll(() => thisCase.state(), WAIT).toBe('ROLLED_BACK');
    expect(about(await sweep(), thisCase.caseId)).toEqual([]);
  });

  test('leaves an intent without outcome, which is told at once, not after an hour', async () => {
    const thisCase = await open('bela');
    await thisCase.handle.terminate('Somebody did it in the UI');
    const request = { action: 'deny-principal', target: 'arn:aws:iam::123456789012:user/bela' };
    const { caseId } = thisCase;
    await cordon.store.ledger.append({ type: 'intent', caseId, key: 'lost', body: { title: 'Deny bela', request } });
    expect(about(await sweep(), 'Deny bela')).toMatchObject([
      { kind: 'intent', caseId, remedy: expect.stringContaining('user/bela') as string },
    ]);
  });
});

test('an account that can not be read is told in every sweep, and never taken for clean', async () => {
  await putPolicy('cordon', 'no-listing', 'iam:GetAccountAuthorizationDetails');
  for (let time = 0; time < 2; time += 1) {
    const report = await sweep();
    const [blind] = report.orphans.filter(({ kind }) => kind === 'blind');
    expect(blind?.why).toContain('iam:GetAccountAuthorizationDetails');
    expect(report.untold).toContain(blind?.key);
  }
  await putPolicy('cordon', 'no-listing', 'iam:NothingLikeThis');
});

test('cordon orphans asks the server, shows what was found and what to do, and ends with status 1', async () => {
  const env = { CORDON_URL: cordon.url, CORDON_TOKEN: 'token-of-dana-in-tests' };
  const json = await command(['orphans', '--json'], { env });
  expect(json.status, json.stderr).toBe(1);
  const { orphans } = JSON.parse(json.stdout) as OrphanReport;
  expect(orphans.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['change', 'credential', 'case', 'intent']));
  const text = await command(['orphans'], { env });
  expect(text.status).toBe(1);
  expect(text.stdout).toMatch(
    /^change +inline policy CordonDeny-.* of arn:.*user\/xena\n {2}.*\n {2}→ .*delete-user-policy/mu,
  );
  expect((await fetch(`${cordon.url}/v1/orphans`)).status).toBe(401);
});
