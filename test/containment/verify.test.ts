import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { planContainment } from '../../src/containment/plan.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import { verifyContainment } from '../../src/containment/verify.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { LogProof } from '../../src/providers/port.ts';
import type { PaperCase } from './paper-cloud.ts';
import { openCase, roleArn, SUSPECT } from './paper-cloud.ts';

let one: PaperCase;
beforeEach(async () => {
  one = await openCase();
  one.cloud.add(DENY);
  one.cloud.add(DEV, { caveats: [IN_A_GROUP] });
});
afterEach(() => one.close());

const DENY = SUSPECT.arn;
const [DEV, DEV_PROD] = [roleArn('dev'), roleArn('dev-prod')];
const IN_A_GROUP = 'It also holds Reader through a group.';
const SINCE = '2026-01-01T00:00:00.000Z';

function check({ digest: planDigest }: Plan, requireLog = true) {
  return verifyContainment({ planDigest, since: SINCE, requireLog, alertIds: one.alertIds }, one.dependencies);
}

const contained = async () => {
  const plan = await one.plan();
  await one.carryOut(plan);
  return plan;
};

describe('a check of a containment', () => {
  it('is clean, with the gaps that the plan told of, while nothing else comes up', async () => {
    one.cloud.caveats = ['Tokens of other accounts live on.'];
    const { status, gaps, lines } = await check(await contained());
    expect(status).toBe('clean');
    expect(gaps).toEqual(['Tokens of other accounts live on.', IN_A_GROUP]);
    for (const gap of gaps ?? []) expect(lines.join('\n')).toContain(`Not covered by the plan: ${gap}`);
    const entries = await one.office.store.ledger.ofCase(one.caseId);
    expect(entries.at(-1)).toMatchObject({ type: 'verification', body: { status: 'clean', gaps } });
  });

  it.each<[string, RegExp, () => void]>([
    [
      'assumed a role of another account',
      /approved plan: A role of account/u,
      () => (one.cloud.caveats = ['A role of account 999999999999 was assumed.']),
    ],
    [
      'got another role through a group',
      /approved plan: It holds Owner too/u,
      () => Object.assign(one.cloud.things[DEV] ?? {}, { caveats: [IN_A_GROUP, 'It holds Owner too.'] }),
    ],
    ['came upon another role', /approved plan: turn-off on .*dev-prod$/u, () => one.cloud.add(DEV_PROD)],
    [
      'made another key for a user whose keys the plan takes',
      /approved plan: turn-off on /u,
      () => Object.assign(one.cloud.things[DEV] ?? {}, { parameters: { keys: ['another'] } }),
    ],
    ['undid it', /is on\.$/u, () => one.cloud.write(DENY, true)],
  ])('is not, once the suspect %s after the plan was made', async (_, said, comesUp) => {
    const plan = await contained();
    expect(await check(plan)).toMatchObject({ status: 'clean' });
    comesUp();
    const { status, lines } = await check(plan);
    expect(status).toBe('drifted');
    expect(lines.filter((line) => said.test(line))).toHaveLength(1);
  });

  it('takes for known what the plan left out, and nothing whose name only begins like it', async () => {
    const subject = { caseId: one.caseId, principal: SUSPECT, alertIds: one.alertIds };
    const plan = await planContainment(subject, one.protecting(DEV));
    expect(plan.leftOut?.map(({ target }) => target)).toEqual([DEV]);
    await one.carryOut(plan);
    expect(await check(plan)).toMatchObject({ status: 'clean', gaps: plan.caveats });
    delete one.cloud.things[DEV];
    one.cloud.add(roleArn('d'));
    expect(await check(plan)).toMatchObject({ status: 'drifted' });
  });

  it('is asked again where what the suspect did can not be read just now', async () => {
    const plan = await contained();
    one.cloud.logFails = new CordonFailure('Unavailable', 'CloudTrail does not answer.');
    await expect(check(plan)).rejects.toMatchObject({ type: 'Unavailable' });
    one.cloud.logFails = new CordonFailure('AccessDenied', 'Cordon lacks cloudtrail:LookupEvents.');
    expect(await check(plan)).toMatchObject({ status: 'unproven' });
  });

  it('reads only', async () => {
    const plan = await contained();
    const before = [...one.cloud.writes];
    await check(plan);
    expect(one.cloud.writes).toEqual(before);
  });
});

describe('the log', () => {
  const quiet = { calls: [], logComplete: true };
  const late = { calls: [], logComplete: false };
  it.each<[string, LogProof, boolean, string, RegExp]>([
    ['is complete and quiet', quiet, true, 'clean', /complete and shows no successful call/u],
    ['is complete and quiet, unasked', quiet, false, 'clean', /complete and shows no successful call/u],
    ['is not complete yet, and must be', late, true, 'Unavailable', /not complete yet/u],
    ['is not complete yet, and need not be', late, false, 'clean', /not complete yet/u],
    ['shows a call', { ...quiet, calls: ['s3:GetObject'] }, true, 'drifted', /s3:GetObject/u],
    ['shows a call before it is complete', { ...late, calls: ['s3:GetObject'] }, false, 'drifted', /s3:GetObject/u],
    ['does not tell of a call', { ...quiet, unclear: ['s3:GetObject'] }, true, 'unproven', /s3:GetObject/u],
    ['never becomes complete', { ...late, gap: 'Its trail was cut.' }, true, 'unproven', /Its trail was cut/u],
    ['never does, unasked', { ...late, gap: 'Its trail was cut.' }, false, 'unproven', /Its trail was cut/u],
    ['is of one region', { ...quiet, scope: 'CloudTrail of eu-west-1' }, true, 'clean', /CloudTrail of eu-west-1/u],
  ])('%s', async (_, log, requireLog, status, said) => {
    one.cloud.add(DEV);
    const plan = await contained();
    expect(plan.caveats).toEqual([]);
    one.cloud.log = log;
    if (status === 'Unavailable') {
      await expect(check(plan, requireLog)).rejects.toMatchObject({
        type: status,
        message: expect.stringMatching(said),
      });
      return;
    }
    const checked = await check(plan, requireLog);
    expect(checked).toMatchObject({ status, gaps: [] });
    expect(checked.lines.join('\n')).toMatch(said);
  });

  it('that never becomes complete is one gap more of a plan that does not promise all', async () => {
    const plan = await contained();
    one.cloud.log = { ...late, gap: 'Data Access logs are off.' };
    expect(await check(plan)).toMatchObject({ status: 'clean', gaps: [IN_A_GROUP, 'Data Access logs are off.'] });
  });
});
