import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { applyAction } from '../../src/containment/apply.ts';
import { planContainment } from '../../src/containment/plan.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import { approval } from '../faults/suspect.ts';
import type { PaperCase, Thing } from './paper-cloud.ts';
import { CORDON, openCase, roleArn, SUSPECT, UNREAD } from './paper-cloud.ts';

let one: PaperCase;
beforeEach(async () => void (one = await openCase()));
afterEach(() => one.close());

const DENY = SUSPECT.arn;
const [ODD, LAST] = [roleArn('odd'), roleArn('last')];
const BREAK_GLASS = roleArn('break-glass');

const targets = ({ actions }: { actions: readonly { request: { target: string } }[] }) =>
  actions.map(({ request }) => request.target);

/** Of one thing among others, each of which a suspect can bring about. */
const ODDITIES: readonly (readonly [string, Partial<Thing>, string])[] = [
  ['an obstacle', { obstacles: ['Its policies are full.'] }, 'Its policies are full.'],
  ['what is left to a person', { odd: true, caveats: ['It was made anew.'] }, 'It was made anew.'],
  ['what has nothing to be called', { odd: true }, 'nothing to call'],
  ['a target that is gone', { unreadable: new CordonFailure('NotFound', 'It is gone.') }, 'It is gone.'],
  ['another under its name', { unreadable: new CordonFailure('TargetRefused', 'A namesake.') }, 'A namesake.'],
  ["what would take something from Cordon's own identity", { affected: [CORDON.arn] }, 'Cordon itself'],
];

describe('a plan', () => {
  it.each(ODDITIES)('leaves %s out, says so, and keeps the rest', async (_, thing, said) => {
    one.cloud.add(DENY);
    one.cloud.add(ODD, thing);
    one.cloud.add(LAST);
    const plan = await one.plan();
    expect(plan).toMatchObject({ obstacles: [], caveats: [expect.stringContaining(said)] });
    expect(targets(plan)).toEqual([DENY, LAST]);
    expect(plan.leftOut?.map(({ target }) => target)).toEqual([ODD]);
    expect(await one.carryOut(plan)).toEqual(['applied', 'applied']);
  });

  it.each(ODDITIES)('is a person’s where nothing is left to do but %s', async (_, thing, said) => {
    one.cloud.add(DENY, { on: false });
    one.cloud.add(ODD, thing);
    const plan = await one.plan();
    expect(plan).toMatchObject({ obstacles: [expect.stringContaining(said)], caveats: [] });
    await expect(one.carryOut(plan)).rejects.toMatchObject({ type: 'ApprovalInvalid' });
    expect(one.cloud.writes).toEqual([]);
  });

  it('leaves a protected role of the suspect alone, and says why', async () => {
    one.cloud.add(DENY);
    one.cloud.add(BREAK_GLASS);
    const subject = { caseId: one.caseId, principal: SUSPECT, alertIds: one.alertIds };
    const plan = await planContainment(subject, one.protecting(BREAK_GLASS));
    expect(targets(plan)).toEqual([DENY]);
    expect(plan).toMatchObject({
      obstacles: [],
      caveats: [expect.stringMatching(/break-glass is left alone: .*prot/u)],
    });
  });

  it('waits for a log that may answer in a moment, and only then does without it, and says so', async () => {
    one.cloud.add(DENY);
    one.cloud.logFails = new CordonFailure('Throttled', 'Too many look-ups.');
    const subject = { caseId: one.caseId, principal: SUSPECT, alertIds: one.alertIds };
    const attempt = (count: number) => planContainment(subject, one.dependencies, count);
    for (const count of [1, 2]) await expect(attempt(count)).rejects.toMatchObject({ type: 'Throttled' });
    expect(await attempt(3)).toMatchObject({ obstacles: [], caveats: [UNREAD] });
    one.cloud.logFails = new CordonFailure('AccessDenied', 'Cordon lacks cloudtrail:LookupEvents.');
    expect(await attempt(1)).toMatchObject({ obstacles: [], caveats: [UNREAD] });
  });

  it('is not made without the permission to read: an operator mends that for all of it', async () => {
    one.cloud.add(DENY);
    one.cloud.add(ODD, { unreadable: new CordonFailure('AccessDenied', 'Cordon lacks iam:GetRole.') });
    await expect(one.plan()).rejects.toMatchObject({ type: 'AccessDenied' });
  });

  it('is never emptied by the obstacles of single actions', async () => {
    const thing = fc.constantFrom<Partial<Thing>>({}, { on: false }, ...ODDITIES.map(([, odd]) => odd));
    await fc.assert(
      fc.asyncProperty(fc.array(thing, { minLength: 1, maxLength: 6 }), async (things) => {
        const fresh = await openCase();
        things.forEach((each, index) => fresh.cloud.add(roleArn(`role${index}`), { ...each }));
        const { actions, obstacles, leftOut = [] } = await fresh.plan();
        const toDo = things.filter((each) => Object.keys(each).length === 0).length;
        expect(actions.filter(({ alreadySo }) => !alreadySo)).toHaveLength(toDo);
        expect(actions.length + leftOut.length, 'nothing is lost on the way').toBe(things.length);
        expect(obstacles, 'only where nothing is left to do').toHaveLength(toDo > 0 ? 0 : leftOut.length);
        await fresh.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('right before the change', () => {
  it('refuses what would take something from a protected identity since the plan was made', async () => {
    const role = one.cloud.add(ODD);
    const plan = await one.plan();
    role.affected = [BREAK_GLASS];
    const input = { planDigest: plan.digest, sequence: 0, decisions: [await approval(plan, one.office.signer)] };
    await expect(applyAction(input, one.protecting(BREAK_GLASS))).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(one.cloud.writes).toEqual([]);
    const types = (await one.office.store.ledger.ofCase(one.caseId)).map(({ type }) => type);
    expect(types).toEqual(['plan', 'refusal']);
    expect(await one.carryOut(plan)).toEqual(['applied']);
  });
});
