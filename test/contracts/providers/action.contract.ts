import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CordonFailure, type FailureType } from '../../../src/contracts/failures.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../src/domain/plan.ts';
import type { Action, Provider } from '../../../src/providers/port.ts';

/** What becomes of every write from now on. `lost`: it takes effect, and the answer is lost. */
export const WRITE_FAULTS = ['throttled', 'unavailable', 'denied', 'conflict', 'cut', 'lost'] as const;
export type WriteFault = (typeof WRITE_FAULTS)[number];

/** A small cloud with a suspect in it, and Cordon with the rights that it generates for itself. */
export interface ActionWorld {
  readonly provider: Provider;
  /** The account as `missingPermissions` wants it. */
  readonly accountId: string;
  /** The request that a proposal makes for the action. */
  choose(id: string): { readonly action: Action; readonly request: ActionRequest };
  /** Everything that a caller could change, without times: equal before and after an exact rollback. */
  snapshot(): Promise<unknown>;
  /** Forgets the calls that Cordon made so far. */
  forgetCalls(): void;
  /** Calls since that changed something, in the order in which they were made, in whatever form compares with `asMade`. */
  writes(): readonly unknown[];
  /** Permissions that the calls since needed, where the cloud's calls tell it. */
  permissionsUsed(): readonly string[];
  /** Calls of a plan in that form. What only the moment of the change decides comes from `prior`; what nobody may know is left out. */
  asMade(calls: readonly PlannedCall[], prior: JsonObject): readonly unknown[];
  /** Targets of the same form that are not plainly the request's own, and such as are no target at all. */
  wrongTargets(id: string, request: ActionRequest): readonly string[];
  /** Every write from now on; null lets them through again. */
  breakWrites(fault: WriteFault | null): void;
  stop(): Promise<void>;
}

export interface ActionUnderContract {
  readonly id: string;
  /** `none`: a change that can't be undone has no revert to be tested. */
  readonly reversible: boolean;
  /** False where a second run is a change of its own: sessions minted since are revoked anew. */
  readonly alreadySoAfterwards: boolean;
  /** False for creating actions, which are reconciled instead of repeated. */
  readonly repeatable: boolean;
  /** Absent: all of them. */
  readonly faults?: readonly WriteFault[];
}

/** What a failure may be called, by what went wrong. */
const CALLED: Readonly<Record<WriteFault, readonly FailureType[]>> = {
  throttled: ['Throttled'],
  unavailable: ['Unavailable'],
  denied: ['AccessDenied'],
  conflict: ['Conflict'],
  cut: ['Unavailable', 'TimedOut'],
  // `Conflict`: the SDK's own retry met the effect of the first try.
  lost: ['Unavailable', 'TimedOut', 'Conflict'],
};

/** What every action of every cloud must keep. `build` gets the ids that Cordon has rights for, and the id that will be chosen. */
export function actionContract(
  cloud: string,
  actions: readonly ActionUnderContract[],
  build: (rightsFor: readonly string[], id: string) => Promise<ActionWorld>,
): void {
  describe.each(actions.map((under) => [under.id, under] as const))(`${cloud} %s`, (id, under) => {
    let world: ActionWorld;
    beforeEach(async () => void (world = await build([id], id)));
    afterEach(() => world.stop());

    previewing(() => world, id);
    applying(() => world, under);
    if (under.reversible) reverting(() => world, id);
    targeting(() => world, id);
    withoutRights(id, build);
    failing(() => world, under);
  });
}

async function applied(world: ActionWorld, id: string) {
  const { action, request } = world.choose(id);
  const { prior } = await action.preflight(request);
  const { result } = await action.apply(request, prior);
  return { action, request, prior, result };
}

function previewing(world: () => ActionWorld, id: string): void {
  it('writes nothing in its preflight, and then calls exactly what it showed', async () => {
    const { action, request } = world().choose(id);
    world().forgetCalls();
    const { calls, prior, obstacles, alreadySo, mayBreak } = await action.preflight(request);
    expect(world().writes()).toEqual([]);
    expect({ obstacles, alreadySo }).toEqual({ obstacles: [], alreadySo: false });
    expect(calls.length).toBeGreaterThan(0);
    expect(mayBreak.length).toBeGreaterThan(0);
    await action.apply(request, prior);
    expect(world().writes()).toEqual(world().asMade(calls, prior));
  });

  it('asks for no permission that it did not declare', async () => {
    world().forgetCalls();
    const { action, request, prior, result } = await applied(world(), id);
    await action.verify(request, result);
    if (['exact', 'partial'].includes(action.reversibility)) await action.revert(request, prior, result);
    expect(action.permissions.map(({ name }) => name)).toEqual(expect.arrayContaining([...world().permissionsUsed()]));
    expect(await world().provider.missingPermissions(action.permissions, world().accountId)).toEqual([]);
  });
}

function applying(world: () => ActionWorld, { id, repeatable, alreadySoAfterwards }: ActionUnderContract): void {
  it('changes the cloud, and an independent read says so', async () => {
    const before = await world().snapshot();
    const { action, request, result } = await applied(world(), id);
    expect(await world().snapshot()).not.toEqual(before);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });

  it.runIf(repeatable)('twice equals once, with the same result', async () => {
    const { action, request, prior, result } = await applied(world(), id);
    const once = await world().snapshot();
    expect(await action.apply(request, prior)).toEqual({ result });
    expect(await world().snapshot()).toEqual(once);
  });

  it.runIf(alreadySoAfterwards)('is already so the second time, and would change nothing', async () => {
    const { action, request } = await applied(world(), id);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [], obstacles: [] });
  });
}

function reverting(world: () => ActionWorld, id: string): void {
  it('reverts by the calls it showed to exactly what was there, and a second time changes nothing', async () => {
    const before = await world().snapshot();
    const { action, request, prior, result } = await applied(world(), id);
    const preview = action.previewRevert(request, prior, result);
    world().forgetCalls();
    await action.revert(request, prior, result);
    expect(world().writes()).toEqual(world().asMade(preview, prior));
    expect(await world().snapshot()).toEqual(before);
    await action.revert(request, prior, result);
    expect(await world().snapshot()).toEqual(before);
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });
}

function targeting(world: () => ActionWorld, id: string): void {
  it('refuses a target that is not plainly its own, and changes nothing', async () => {
    const { action, request } = world().choose(id);
    for (const target of ['', '*', ...world().wrongTargets(id, request)]) {
      world().forgetCalls();
      await expect(action.preflight({ ...request, target }), target).rejects.toMatchObject({ type: 'TargetRefused' });
      await expect(action.apply({ ...request, target }, {}), target).rejects.toBeInstanceOf(CordonFailure);
      expect(world().writes()).toEqual([]);
    }
  });
}

function withoutRights(id: string, build: (rightsFor: readonly string[], id: string) => Promise<ActionWorld>): void {
  it('names the missing permission, before the call and at it', async () => {
    const world = await build([], id);
    try {
      const { action, request } = world.choose(id);
      const missing = await world.provider.missingPermissions(action.permissions, world.accountId);
      expect(missing.length).toBeGreaterThan(0);
      const failure: unknown = await applied(world, id).catch((error: unknown) => error);
      expect(failure).toMatchObject({ type: 'AccessDenied', final: true });
      expect(missing.filter(({ name }) => String(failure).includes(name))).not.toEqual([]);
      expect(request.action).toBe(id);
    } finally {
      await world.stop();
    }
  });
}

function failing(world: () => ActionWorld, { id, repeatable, faults = WRITE_FAULTS }: ActionUnderContract): void {
  it.runIf(repeatable).each(faults)(
    'with every write %s it says so, and the next try finishes the work',
    async (fault) => {
      const { action, request } = world().choose(id);
      const { prior } = await action.preflight(request);
      world().breakWrites(fault);
      const failure: unknown = await action.apply(request, prior).then(
        () => null,
        (error: unknown) => error,
      );
      world().breakWrites(null);
      // A lost answer may have been found out about by a read; every other fault leaves no way to succeed.
      if (fault !== 'lost') expect(failure).not.toBeNull();
      if (failure !== null) {
        expect(failure).toBeInstanceOf(CordonFailure);
        expect(CALLED[fault]).toContain((failure as CordonFailure).type);
      }
      const { result } = await action.apply(request, prior);
      expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    },
  );
}
