import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createAzureProvider } from '../../../src/providers/azure/index.ts';
import type { Stage } from './stage.ts';
import { applied, buildStage, chosen, writes } from './stage.ts';

const ID = 'remove-eligible-roles';
const HOUR = 3_600_000;
let stage: Stage;
beforeEach(async () => {
  stage = await buildStage();
  stage.azure.behaviour.tokenLifetimeSeconds = 86_400;
});
afterEach(() => stage.azure.stop());

const inHours = (hours: number) => new Date(stage.azure.clock().getTime() + hours * HOUR).toISOString();
const eligible = () => stage.azure.snapshot()['eligibilities'];

describe('an active role that has ended by the time of a rollback', () => {
  beforeEach(
    () => void stage.azure.build.addActiveSchedule(stage.alice.uniqueId, 'Contributor', stage.group, inHours(2)),
  );

  it('is not given again, which the preview says, and everything else is', async () => {
    const before = eligible();
    const { action, request, prior, result } = await applied(stage, ID);
    expect(action.previewRevert(request, prior, result)).toHaveLength(2);
    expect(action.restores?.(prior, result, [])).toEqual({ prior, left: [] });
    stage.azure.advance(3 * HOUR);
    const preview = action.previewRevert(request, prior, result);
    expect(preview).toHaveLength(1);
    const from = stage.azure.requests.length;
    await action.revert(request, prior, result);
    expect(writes(stage, from)).toEqual(preview);
    expect(eligible()).toEqual(before);
    const restored = action.restores?.(prior, result, []);
    expect(restored?.left.join()).toMatch(
      /active role Contributor .* has ended since: a rollback does not give it again/u,
    );
    const { prior: now } = await action.preflight(request);
    expect({ ...now, round: prior['round'] }).toEqual(restored?.prior);
  });

  it('is given again, to its end, while that is to come', async () => {
    const { action, request, prior, result } = await applied(stage, ID);
    stage.azure.advance(HOUR);
    await action.revert(request, prior, result);
    const { prior: now } = await action.preflight(request);
    expect({ ...now, round: prior['round'] }).toEqual(prior);
  });
});

describe('what begins later', () => {
  it.each(['eligible', 'active'] as const)(
    'is said where it is %s, the same before and after, and not touched',
    async (of) => {
      const [from, to] = [inHours(24), inHours(48)];
      const { build } = stage.azure;
      if (of === 'eligible') build.addEligibleSchedule(stage.alice.uniqueId, 'Owner', stage.group, to, from);
      else build.addActiveSchedule(stage.alice.uniqueId, 'Owner', stage.group, to, from);
      const { action, request } = chosen(stage, ID);
      const { caveats, prior, calls } = await action.preflight(request);
      expect(caveats).toEqual([
        expect.stringContaining(`gets the ${of} role Owner at ${stage.group} until ${to} from ${from} on`),
      ]);
      expect(calls).toHaveLength(1);
      const { result } = await action.apply(request, prior);
      expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
      expect(await action.preflight(request)).toMatchObject({ alreadySo: true, caveats });
    },
  );

  it('is seen through a group too', async () => {
    const { id } = stage.azure.build.addGroup('admins', [{ id: stage.alice.uniqueId }]);
    stage.azure.build.addEligibleSchedule(id, 'Owner', stage.group, null, inHours(24));
    const { action, request } = chosen(stage, ID);
    expect((await action.preflight(request)).caveats?.join()).toContain('Owner');
  });
});

describe('a request under a name that is taken', () => {
  it('is done where the lists still show what it removed', async () => {
    stage.azure.behaviour.scheduleLagMs = HOUR;
    const { action, request, prior, result } = await applied(stage, ID);
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
    expect(await action.apply(request, prior)).toEqual({ result });
    stage.azure.advance(HOUR + 1);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });

  it('is done where the answer was lost and the list lags', async () => {
    stage.azure.behaviour.scheduleLagMs = HOUR;
    const { action, request } = chosen(stage, ID);
    const { prior } = await action.preflight(request);
    stage.azure.faults.add({ match: /^PUT/u, kind: 'drop-after' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Unavailable' });
    await action.apply(request, prior);
    expect(eligible()).toEqual([]);
  });

  it('is refused where none stands under it: Azure refused the request itself', async () => {
    const { action, request, prior, result } = await applied(stage, ID);
    const [role] = prior['roles'] as [object];
    const unknown = {
      ...prior,
      roles: [{ ...role, roleDefinitionId: `${stage.subscription}/x/roleDefinitions/none` }],
    };
    await expect(action.revert(request, unknown, result)).rejects.toMatchObject({ type: 'ValidationFailed' });
  });
});

describe('a list of schedules that is not found', () => {
  const elsewhere = crypto.randomUUID();

  it('is never "nothing to activate": the subscription may be mistyped', async () => {
    const settings = { ...stage.settings, subscriptions: [...stage.settings.subscriptions, elsewhere] };
    const action = createAzureProvider(settings).actions[ID];
    const { request } = chosen(stage, ID);
    for (const asked of [action?.preflight(request), action?.verify(request, {})])
      await expect(asked).rejects.toMatchObject({ type: 'NotFound' });
  });
});
