import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Stage } from './stage.ts';
import { buildStage, chosen, writes } from './stage.ts';

let stage: Stage;
beforeEach(async () => void (stage = await buildStage()));
afterEach(() => stage.azure.stop());

const text = () => JSON.stringify(stage.azure.snapshot()['roleAssignments']);

it.each(['tighten-role-assignments', 'remove-role-assignments'])(
  '%s takes all that no lock holds, says for good where one is, and ends it once that is off',
  async (id) => {
    stage.azure.build.addLock(stage.group);
    // The locked one stands between others, by its id.
    const behind = stage.azure.build.addResourceGroup(stage.subscription, 'staging');
    for (const scope of [stage.subscription, behind])
      stage.azure.build.assignRole(stage.pipeline.uniqueId, 'Owner', scope);
    const { action, request } = chosen(stage, id);
    const { prior, calls } = await action.preflight(request);
    const deletes = calls.filter(({ operation }) => operation.startsWith('DELETE'));
    const from = stage.azure.requests.length;
    const failure = await action.apply(request, prior).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'OutcomeUnknown', final: true });
    expect(String(failure)).toContain(`a lock on ${stage.group} forbids it: remove the lock, then try again`);
    expect(String(failure)).toContain(`Only ${calls.length - 1} of ${calls.length}`);
    // Each was tried, and once: a lock does not go by itself.
    expect(writes(stage, from).filter(({ operation }) => operation.startsWith('DELETE'))).toHaveLength(deletes.length);
    expect(await action.verify(request, {})).toEqual({
      status: 'drifted',
      detail: `Held again, or still: Role Based Access Control Administrator at ${stage.group}.`,
    });
    stage.azure.build.removeLocks();
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  },
);

it('is no "another change got in the way" where it holds everything: nothing is changed', async () => {
  stage.azure.build.addLock(stage.subscription);
  const { action, request } = chosen(stage, 'remove-role-assignments');
  const { prior } = await action.preflight(request);
  const before = text();
  await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'ValidationFailed' });
  expect(text()).toBe(before);
});

it('keeps no eligible role, and of an active one the action says what to do', async () => {
  const later = new Date(stage.azure.clock().getTime() + 3_600_000).toISOString();
  stage.azure.build.addActiveSchedule(stage.alice.uniqueId, 'Contributor', stage.group, later);
  stage.azure.build.addLock(stage.group);
  const { action, request } = chosen(stage, 'remove-eligible-roles');
  const { prior } = await action.preflight(request);
  await expect(action.apply(request, prior)).rejects.toThrow(/a lock forbids it: remove the lock/u);
  expect(stage.azure.snapshot()['eligibilities']).toEqual([]);
});
