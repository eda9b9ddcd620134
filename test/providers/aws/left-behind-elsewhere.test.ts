import { describe, expect, it } from 'vitest';

import { CASE, alice, key, stage, useCaseOfAlice, writes } from './case-of-alice.ts';
import { leaveBehind, PERSISTENCE, type Persistence, proposed } from './persistence.ts';

useCaseOfAlice();

const propose = (enabled: readonly string[]) =>
  proposed(stage, alice, ['deny-principal', 'revoke-role-sessions', ...enabled], CASE);

async function measure({ action: id }: Persistence) {
  const { requests, caveats } = await propose([id]);
  const [request, more] = requests.filter(({ action }) => action === id);
  const action = stage.provider.actions[id];
  if (!request || !action || more) throw new Error(`not one ${id}: ${caveats.join(' ')}`);
  return { action, request, caveats };
}

describe.each(PERSISTENCE.map((one) => [one.name, one] as const))('%s', (_, one) => {
  it('is one line of the plan; with it gone all is as before the thief, and a rollback is exact', async () => {
    await one.prepare(stage);
    await stage.ministack.ageLog(10);
    const before = await stage.snapshot();
    expect(await one.gives?.(stage)).not.toBe('accepted');
    await one.leave(stage, key);
    const left = await stage.snapshot();
    if (one.gives) expect(await one.gives(stage)).toBe('accepted');

    const { action, request, caveats } = await measure(one);
    expect(caveats).toEqual([]);
    const { prior, calls, alreadySo, obstacles, mayBreak, caveats: doubts } = await action.preflight(request);
    expect({ alreadySo, obstacles, doubts: doubts ?? [] }).toEqual({ alreadySo: false, obstacles: [], doubts: [] });
    expect([calls.length, mayBreak.length > 0]).toEqual([1, true]);
    stage.calls.length = 0;
    const { result } = await action.apply(request, prior);
    expect(writes(stage.calls)).toEqual(calls);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    if (one.gives) expect(await one.gives(stage)).not.toBe('accepted');
    // A version of a policy is not deleted: it stands without effect.
    if (one.action !== 'restore-policy-version') expect(await stage.snapshot()).toEqual(before);

    if (action.reversibility !== 'exact') return;
    await action.revert(request, prior, result);
    expect(await stage.snapshot()).toEqual(left);
    if (one.gives) expect(await one.gives(stage)).toBe('accepted');
    expect((await action.preflight(request)).prior).toEqual(prior);
  });

  it('is a caveat where the action is not enabled, and never a success', async () => {
    await leaveBehind(stage, key, one);
    const { requests, caveats } = await propose([]);
    expect(requests.filter(({ action }) => action === one.action)).toEqual([]);
    expect(caveats.join('\n')).toContain(`${one.action} is not enabled`);
  });
});
