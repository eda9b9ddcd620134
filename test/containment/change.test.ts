import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { applyAction } from '../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import { planRollback, revertAction } from '../../src/containment/rollback.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { approval } from '../faults/suspect.ts';
import type { PaperCase } from './paper-cloud.ts';
import { openCase, SUSPECT } from './paper-cloud.ts';

let one: PaperCase;
beforeEach(async () => {
  one = await openCase();
  one.cloud.add(DENY);
});
afterEach(() => one.close());

const DENY = SUSPECT.arn;
const stop = () => one.office.store.killSwitch.set(true, 'erin', 'drill');
const firstOf = async (plan: Plan) => ({
  planDigest: plan.digest,
  sequence: 0,
  decisions: [await approval(plan, one.office.signer)],
});

/** The switch is turned once the intent stands: after the permit, and before the change. */
function stoppedAtTheIntent(): ContainmentDependencies {
  const { ledger } = one.office.store;
  const append = async (entry: Parameters<typeof ledger.append>[0]) => {
    const written = await ledger.append(entry);
    if (entry.type.endsWith('intent')) await stop();
    return written;
  };
  return { ...one.dependencies, store: { ...one.office.store, ledger: { ...ledger, append } } };
}

describe('the kill switch, turned between the permit and the change', () => {
  it('keeps the change from being made, and the ledger says so', async () => {
    const input = await firstOf(await one.plan());
    await expect(applyAction(input, stoppedAtTheIntent())).rejects.toMatchObject({ type: 'Stopped' });
    expect(one.cloud.writes).toEqual([]);
    const entries = await one.office.store.ledger.ofCase(one.caseId);
    expect(entries.find(({ type }) => type === 'outcome')?.body).toMatchObject({ status: 'not-made' });
  });

  it('keeps what was changed from being put back', async () => {
    await one.carryOut(await one.plan());
    const input = await firstOf(await planRollback({ caseId: one.caseId }, one.dependencies));
    await expect(revertAction(input, stoppedAtTheIntent())).rejects.toMatchObject({ type: 'Stopped' });
    expect(one.cloud.writes).toEqual([DENY]);
    const types = (await one.office.store.ledger.ofCase(one.caseId)).map(({ type }) => type);
    expect(types).not.toContain('rollback-outcome');
  });
});

describe('a change whose answer was lost, and whose next try is refused for good', () => {
  it.each<[string, () => unknown]>([
    ['by the kill switch', stop],
    ['because the identity is gone', () => (one.cloud.identity = { status: 'unresolved', reason: 'No such user.' })],
    ['because the case has a newer plan', () => one.plan(1)],
    [
      'because the permission to read it back was withdrawn',
      () => {
        const thing = one.cloud.things[DENY];
        if (thing) thing.unreadable = new CordonFailure('AccessDenied', 'Cordon lacks iam:GetUserPolicy.');
      },
    ],
  ])('%s is never told to have changed nothing', async (_, refuse) => {
    const plan = await one.plan();
    const thing = one.cloud.things[DENY];
    if (thing) thing.lost = true;
    await expect(one.carryOut(plan)).rejects.toMatchObject({ type: 'TimedOut' });
    await refuse();
    await expect(one.carryOut(plan)).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    expect(one.cloud.things[DENY]?.on, 'it stands').toBe(false);
    const types = (await one.office.store.ledger.ofCase(one.caseId)).map(({ type }) => type);
    expect(types).not.toContain('outcome');
  });
});
