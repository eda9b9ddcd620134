import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { reconcileAction } from '../../src/containment/apply.ts';
import { planRollback } from '../../src/containment/rollback.ts';
import { refuseLaterRound } from '../../src/containment/rounds.ts';
import type { Plan, PlannedAction } from '../../src/domain/plan.ts';
import type { PaperCase } from './paper-cloud.ts';
import { openCase, roleArn, SUSPECT } from './paper-cloud.ts';

let one: PaperCase;
beforeEach(async () => {
  one = await openCase();
  one.cloud.add(DENY);
  one.cloud.add(ROLE);
});
afterEach(() => one.close());

const DENY = SUSPECT.arn;
const ROLE = roleArn('dev');
const SUPERSEDED = { type: 'ApprovalInvalid', message: expect.stringContaining('a newer plan') };
const ledger = () => one.office.store.ledger;
const rollback = () => planRollback({ caseId: one.caseId }, one.dependencies);
const switched = (on: boolean) => one.office.store.killSwitch.set(on, 'erin', 'drill');

/** As every plan is written down by whoever made it. */
const madePlan = (kind: Plan['kind'], digest: string) =>
  ledger().append({ type: 'plan', caseId: one.caseId, key: digest, body: { kind, digest, actions: [] } });

describe('an approval', () => {
  it('of a containment no longer counts once its case was rolled back, also in the first round', async () => {
    const plan = await one.plan();
    await one.carryOut(plan, 0);
    await switched(true);
    await expect(one.carryOut(plan, 1)).rejects.toMatchObject({ type: 'Stopped' });
    await switched(false);
    const undo = await rollback();
    await one.carryOut(undo);
    expect(one.cloud.things[DENY]?.on).toBe(true);
    const before = [...one.cloud.writes];
    await expect(one.carryOut(plan, 1)).rejects.toMatchObject(SUPERSEDED);
    expect(one.cloud.writes).toEqual(before);
    expect((await ledger().ofCase(one.caseId)).at(-1)).toMatchObject({ type: 'refusal' });
    expect(await one.carryOut(plan, 0), 'what has its outcome is answered, and not done again').toEqual(['applied']);
    expect(one.cloud.writes).toEqual(before);
  });

  it('of a containment counts on while a rollback is only proposed', async () => {
    const plan = await one.plan();
    await one.carryOut(plan, 0);
    await rollback();
    expect(await one.carryOut(plan, 1)).toEqual(['applied']);
  });

  it('of a containment no longer counts once the case has another', async () => {
    const [plan, newer] = [await one.plan(), await one.plan(1)];
    await expect(one.carryOut(plan)).rejects.toMatchObject(SUPERSEDED);
    expect(await one.carryOut(newer)).toEqual(['applied', 'applied']);
  });

  it.each(['containment', 'rollback', 'deletion'] as const)(
    'of a rollback that never began no longer counts once the case has another plan, a %s',
    async (kind) => {
      await one.carryOut(await one.plan());
      const called = await rollback();
      await madePlan(kind, 'f'.repeat(64));
      await expect(one.carryOut(called)).rejects.toMatchObject(SUPERSEDED);
      expect(one.cloud.writes).toHaveLength(2);
      const again = await rollback();
      expect(again.digest, 'made again, it is the same plan').toBe(called.digest);
      expect(await one.carryOut(again)).toEqual(['reverted', 'reverted']);
    },
  );
});

describe('a later round', () => {
  const planned = { idempotencyKey: 'key', effect: 'declarative' } as PlannedAction;
  it.each<[string, Partial<PlannedAction>, number, string | null]>([
    ['the first', {}, 1, null],
    ['the first of a creating action', { effect: 'creating' }, 1, null],
    ['the second after an outcome of the first', { idempotencyKey: 'done' }, 2, null],
    ['the second without an outcome of the first', {}, 2, 'The round before this one has no outcome.'],
    ['the third after an outcome of the first', { idempotencyKey: 'done' }, 3, 'The round before'],
    ['the second of a creating action', { idempotencyKey: 'done', effect: 'creating' }, 2, 'has one round'],
    ['one beyond the last', { idempotencyKey: 'done' }, 4, 'rounds 1 to 3'],
    ['the zeroth', {}, 0, 'rounds 1 to 3'],
    ['one and a half', {}, 1.5, 'rounds 1 to 3'],
  ])('%s', async (_, changed, round, refused) => {
    await ledger().append({ type: 'outcome', caseId: one.caseId, key: 'done', body: {} });
    const end = await refuseLaterRound({ ...planned, ...changed }, round, ledger()).catch((error: unknown) => error);
    if (refused === null) expect(end).toBeUndefined();
    else expect(end).toMatchObject({ type: 'ValidationFailed', message: expect.stringContaining(refused) });
  });
});

describe('after the answer to a creating call was lost', () => {
  it('nothing is looked for or removed while the kill switch is on, and what stands stays unknown', async () => {
    const made = `${ROLE}/made`;
    one.cloud.add(made, { lost: true });
    const plan = await one.plan();
    const sequence = plan.actions.findIndex(({ effect }) => effect === 'creating');
    await expect(one.carryOut(plan, sequence)).rejects.toMatchObject({ type: 'TimedOut' });
    await switched(true);
    const sought = () => reconcileAction({ planDigest: plan.digest, sequence }, one.dependencies);
    await expect(sought()).rejects.toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringMatching(/Stopped by/u),
    });
    expect(one.cloud.writes).toEqual([made]);
    await switched(false);
    expect(await sought()).toMatchObject({ status: 'not-made' });
  });
});
