import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { planRollback, revertAction, verifyRollback } from '../../src/containment/rollback.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import { approval } from '../faults/suspect.ts';
import type { PaperCase } from './paper-cloud.ts';
import { openCase, roleArn, SUSPECT } from './paper-cloud.ts';

let one: PaperCase;
beforeEach(async () => {
  one = await openCase();
  one.cloud.add(DENY);
  one.cloud.add(ROLE);
  await one.carryOut(await one.plan());
});
afterEach(() => one.close());

const DENY = SUSPECT.arn;
const ROLE = roleArn('shared');
const rollback = () => planRollback({ caseId: one.caseId }, one.dependencies);
const proof = ({ digest: planDigest }: { digest: string }) => verifyRollback({ planDigest }, one.dependencies);
const isOn = () => [one.cloud.things[DENY]?.on, one.cloud.things[ROLE]?.on];
const typesOf = async () => (await one.office.store.ledger.ofCase(one.caseId)).map(({ type }) => type);

describe('the identity of the case', () => {
  it.each([
    ['is gone', { status: 'unresolved', reason: 'No such user.' }],
    ['is ambiguous', { status: 'ambiguous', reason: 'Two of them.', candidates: [] }],
    ['is a namesake', { status: 'resolved', principal: { ...SUSPECT, uniqueId: 'AIDAOTHER' } }],
  ] as const)('%s: nothing is put back on it, and on another target only where that can be told', async (_, now) => {
    const plan = await rollback();
    one.cloud.identity = now;
    const [role, user] = plan.actions.map(({ request, sequence }) => ({ target: request.target, sequence }));
    expect([role?.target, user?.target]).toEqual([ROLE, DENY]);
    await expect(one.carryOut(plan, user?.sequence)).rejects.toMatchObject({ type: 'TargetRefused' });
    const other = await one.carryOut(plan, role?.sequence).catch((error: unknown) => error);
    expect(other).toMatchObject(now.status === 'unresolved' ? ['reverted'] : { type: 'TargetRefused' });
    expect(isOn()).toEqual([false, now.status === 'unresolved']);
  });

  it('is protected by now: what was taken from it is given back', async () => {
    const plan = await rollback();
    const decisions = [await approval(plan, one.office.signer)];
    for (const { sequence } of plan.actions)
      await revertAction({ planDigest: plan.digest, sequence, decisions }, one.protecting(DENY, ROLE));
    expect(isOn()).toEqual([true, true]);
  });

  it('is gone: what it left elsewhere is still contained', async () => {
    const fresh = await openCase();
    fresh.cloud.add(DENY);
    fresh.cloud.add(ROLE);
    const plan = await fresh.plan();
    fresh.cloud.identity = { status: 'unresolved', reason: 'No such user.' };
    await expect(fresh.carryOut(plan, 0)).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await fresh.carryOut(plan, 1)).toEqual(['applied']);
    await fresh.close();
  });
});

describe('a rollback', () => {
  it('is not approved while it is unknown whether a change stands', async () => {
    const fresh = await openCase();
    fresh.cloud.add(DENY);
    fresh.cloud.add(ROLE, { lost: true });
    await expect(fresh.carryOut(await fresh.plan())).rejects.toMatchObject({ type: 'TimedOut' });
    const plan = await planRollback({ caseId: fresh.caseId }, fresh.dependencies);
    expect(plan.obstacles).toEqual([expect.stringMatching(/is unknown; look at the target first/u)]);
    await expect(fresh.carryOut(plan)).rejects.toMatchObject({ type: 'ApprovalInvalid' });
    expect(fresh.cloud.writes).toEqual([DENY, ROLE]);
    await fresh.close();
  });

  it('is told to be done only after what it wrote was read back', async () => {
    const plan = await rollback();
    const role = one.cloud.things[ROLE];
    if (role) role.stale = 1;
    await expect(one.carryOut(plan, 0)).rejects.toMatchObject({ type: 'Unavailable' });
    expect(await typesOf()).not.toContain('rollback-outcome');
    expect(await one.carryOut(plan, 0)).toEqual(['reverted']);
  });

  it('goes on where somebody else changes it at once, and is not proved then', async () => {
    const plan = await rollback();
    const write = one.cloud.write.bind(one.cloud);
    one.cloud.write = (target, on) => write(target, target === ROLE ? false : on);
    const decisions = [await approval(plan, one.office.signer)];
    const attempt = (count: number) =>
      revertAction({ planDigest: plan.digest, sequence: 0, decisions }, one.dependencies, count);
    for (const count of [1, 4]) await expect(attempt(count)).rejects.toMatchObject({ type: 'Unavailable' });
    expect(await attempt(5)).toMatchObject({ status: 'reverted', detail: expect.stringContaining('another') });
    expect(await one.carryOut(plan, 1)).toEqual(['reverted']);
    await expect(proof(plan)).rejects.toMatchObject({ type: 'Unavailable' });
  });

  it('is not told to have changed nothing when what it wrote can not be read back for good', async () => {
    const plan = await rollback();
    const role = one.cloud.things[ROLE];
    const write = one.cloud.write.bind(one.cloud);
    one.cloud.write = (target, on) => {
      write(target, on);
      if (role) role.unreadable = new CordonFailure('AccessDenied', 'Cordon lacks iam:GetRole.');
    };
    await expect(one.carryOut(plan, 0)).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  });

  it('leaves alone what a third party changed, puts back the rest, and can be asked for again', async () => {
    const plan = await rollback();
    const role = one.cloud.things[ROLE];
    if (role) role.stuck = new CordonFailure('Conflict', 'It was changed since.');
    await expect(one.carryOut(plan, 0)).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await one.carryOut(plan, 1)).toEqual(['reverted']);
    expect(await proof(plan)).toMatchObject({ status: 'drifted', lines: [expect.stringContaining('not undone')] });
    const again = await rollback();
    expect(again.actions.map(({ request }) => request.target)).toEqual([ROLE]);
  });

  it('is proved by a read of everything that the case put back, whichever plan did', async () => {
    const first = await rollback();
    await one.carryOut(first, 0);
    const second = await rollback();
    await one.carryOut(second);
    one.cloud.write(ROLE, false);
    await expect(proof(second)).rejects.toMatchObject({ type: 'Unavailable' });
    one.cloud.write(ROLE, true);
    expect(await proof(second)).toEqual({ status: 'clean', lines: [] });
  });

  it('whose proof failed is asked for again: it is read, put back where it is another, and proved', async () => {
    const plan = await rollback();
    await one.carryOut(plan);
    one.cloud.write(DENY, false);
    await expect(proof(plan)).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringContaining('another'),
    });
    const again = await rollback();
    expect(again.actions.map(({ title }) => title)).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^Undo again where it is not as before/u)),
    );
    const before = one.cloud.writes.length;
    expect(await one.carryOut(again)).toEqual(['reverted', 'reverted']);
    expect(one.cloud.writes.slice(before), 'only what is another').toEqual([DENY]);
    expect(await proof(again)).toEqual({ status: 'clean', lines: [] });
    expect((await rollback()).actions, 'a proved one has nothing left').toEqual([]);
  });
});
