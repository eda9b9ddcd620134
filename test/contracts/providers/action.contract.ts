import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CordonFailure, type FailureType } from '../../../src/contracts/failures.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../src/domain/plan.ts';
import { isResourceName } from '../../../src/domain/resource-name.ts';
import type { Action, Applied, Provider } from '../../../src/providers/port.ts';
import { carriedOutInCase } from './in-case.ts';

/**
 * What becomes of every write from now on. `lost`: it takes effect, and the answer is lost. `gone`: what is changed was deleted right
 * after it was read. `late`: the answer comes after the time that a call may take.
 */
export const WRITE_FAULTS = ['throttled', 'unavailable', 'denied', 'conflict', 'gone', 'cut', 'lost', 'late'] as const;
export type WriteFault = (typeof WRITE_FAULTS)[number];
/** For a world that breaks calls before they are sent; the time limit of each cloud's clients is tested beside them. */
export const OFF_THE_WIRE = WRITE_FAULTS.filter((fault) => fault !== 'late');
export type FaultOffTheWire = (typeof OFF_THE_WIRE)[number];

export function offTheWire(fault: WriteFault): FaultOffTheWire {
  if (fault === 'late') throw new Error('This world can not answer late.');
  return fault;
}

/** A small cloud with a suspect in it, and Cordon with the rights that it generates for itself. */
export interface ActionWorld {
  readonly provider: Provider;
  /** The account as `missingPermissions` wants it. */
  readonly accountId: string;
  /** The request that a proposal makes for the action. `callTimeoutMs`: an action that waits no longer for an answer. */
  choose(id: string, callTimeoutMs?: number): { readonly action: Action; readonly request: ActionRequest };
  /** Everything that a caller could change, without times: equal before and after an exact rollback. */
  snapshot(): Promise<unknown>;
  /** Forgets the calls that Cordon made so far. */
  forgetCalls(): void;
  /** Calls since that changed something, in the order in which they were made, in whatever form compares with `asMade`. */
  writes(): readonly unknown[];
  /** Permissions that the calls since needed. Absent where the cloud tells it of a call only when it refuses. */
  permissionsUsed?(): readonly string[];
  /** Calls of a plan in that form. What only the moment of the change decides comes from `prior`; what nobody may know is left out. */
  asMade(calls: readonly PlannedCall[], prior: JsonObject): readonly unknown[];
  /** Targets of the same form that are not plainly the request's own, and such as are no target at all. */
  wrongTargets(id: string, request: ActionRequest): readonly string[];
  /** Every write from now on; null lets them through again. */
  breakWrites(fault: WriteFault | null): void;
  /** Somebody else changes what is to be changed, right before the next write of Cordon's. Answers whether that stands. */
  compete?(): () => boolean;
  /** The administrator deletes what the request would change. */
  remove?(request: ActionRequest): Promise<void>;
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
  /**
   * Permissions that it declares and is not seen using: for targets of another kind, for tags that go along with a creation, where
   * the world does not watch. All others must be used.
   */
  readonly idle?: readonly string[];
  /** It writes with the etag of its read. */
  readonly etag?: true;
  /** What it changes may be deleted by others, for example an account; not so a policy, which is there as long as its project. */
  readonly deletable?: true;
}

export interface ContractOptions {
  /** Of the writes, those that the world can make. */
  readonly faults?: readonly WriteFault[];
}

/** What a failure may be called, by what went wrong. */
const CALLED: Readonly<Record<WriteFault, readonly FailureType[]>> = {
  throttled: ['Throttled'],
  unavailable: ['Unavailable'],
  denied: ['AccessDenied'],
  conflict: ['Conflict'],
  gone: ['NotFound', 'TargetRefused'],
  late: ['TimedOut'],
  cut: ['Unavailable', 'TimedOut'],
  // `Conflict`: the SDK's own retry met the effect of the first try.
  lost: ['Unavailable', 'TimedOut', 'Conflict'],
};

/** What every action of every cloud must keep. `build` gets the ids that Cordon has rights for, and the id that will be chosen. */
export function actionContract(
  cloud: string,
  actions: readonly ActionUnderContract[],
  build: (rightsFor: readonly string[], id: string) => Promise<ActionWorld>,
  { faults = WRITE_FAULTS }: ContractOptions = {},
): void {
  describe.each(actions.map((under) => [under.id, under] as const))(`${cloud} %s`, (id, under) => {
    let world: ActionWorld;
    beforeEach(async () => void (world = await build([id], id)));
    afterEach(() => world.stop());

    previewing(() => world, under);
    applying(() => world, under);
    if (under.reversible) reverting(() => world, id);
    targeting(() => world, id);
    withoutRights(id, build);
    if (under.repeatable) failing(() => world, id, faults);
    if (under.etag) competing(() => world, id);
    if (under.deletable) deleting(() => world, id);
  });
}

async function read(world: ActionWorld, id: string) {
  const { action, request } = world.choose(id);
  const { prior, caveats = [] } = await action.preflight(request);
  return { action, request, prior, caveats, result: {} };
}

async function applied(world: ActionWorld, id: string) {
  const { action, request, prior } = await read(world, id);
  const { result } = await action.apply(request, prior);
  return { action, request, prior, result };
}

function previewing(world: () => ActionWorld, { id, idle = [] }: ActionUnderContract): void {
  it('writes nothing in its preflight, and then calls exactly what it showed', async () => {
    const { action, request } = world().choose(id);
    world().forgetCalls();
    const { calls, prior, obstacles, alreadySo, mayBreak, affected = [] } = await action.preflight(request);
    expect(world().writes()).toEqual([]);
    expect({ obstacles, alreadySo }).toEqual({ obstacles: [], alreadySo: false });
    expect(affected.filter((one) => !isResourceName(one))).toEqual([]);
    expect(calls.length).toBeGreaterThan(0);
    expect(mayBreak.length).toBeGreaterThan(0);
    await action.apply(request, prior);
    expect(world().writes()).toEqual(world().asMade(calls, prior));
  });

  it('needs the permissions that it declares, and no others', async () => {
    world().forgetCalls();
    const { action, request, prior, result } = await applied(world(), id);
    await action.verify(request, result);
    if (['exact', 'partial'].includes(action.reversibility)) await action.revert(request, prior, result);
    const used = world().permissionsUsed?.();
    expect(await world().provider.missingPermissions(action.permissions, world().accountId)).toEqual([]);
    if (!used) return;
    const declared = [...new Set(action.permissions.map(({ name }) => name))];
    expect(used.filter((name) => !declared.includes(name))).toEqual([]);
    expect(declared.filter((name) => !used.includes(name)).toSorted()).toEqual(idle.toSorted());
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

  it.runIf(alreadySoAfterwards)('is already so the second time: recorded, not carried out, not undone', async () => {
    const { caveats: before } = await read(world(), id);
    const { action, request } = await applied(world(), id);
    const { caveats: after = [], ...now } = await action.preflight(request);
    expect(now).toMatchObject({ alreadySo: true, calls: [], obstacles: [] });
    // One that the plan did not have would say that something came up since.
    expect(after.filter((one) => !before.includes(one))).toEqual([]);
    const snapshot = await world().snapshot();
    world().forgetCalls();
    expect(await carriedOutInCase(world().provider, request)).toEqual({
      status: 'already-so',
      recorded: [['plan'], ['outcome', 'already-so']],
      // The ledger holds no change of this case.
      rollback: 'NotFound',
    });
    expect(world().writes()).toEqual([]);
    expect(await world().snapshot()).toEqual(snapshot);
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

/** Of a call that is answered late. Shorter than that for all others, which a busy machine may keep waiting. */
const LIMIT_MS = 500;
export const LATE_MS = 3 * LIMIT_MS;

function failing(world: () => ActionWorld, id: string, faults: readonly WriteFault[]): void {
  it.each(faults)('with every write %s it says so, and the next try finishes the work', async (fault) => {
    const { action, request, prior } = await read(world(), id);
    world().breakWrites(fault);
    const trying = fault === 'late' ? world().choose(id, LIMIT_MS).action : action;
    const tried = await trying.apply(request, prior).catch((error: unknown) => error);
    world().breakWrites(null);
    if (tried instanceof Error) {
      expect(tried).toBeInstanceOf(CordonFailure);
      expect(CALLED[fault]).toContain((tried as CordonFailure).type);
    } else {
      // A lost answer may have been found out about by a read, and what is gone need not be changed: else there is no way to succeed.
      expect(['lost', 'gone']).toContain(fault);
      const status = fault === 'lost' ? 'holds' : 'drifted';
      expect(await action.verify(request, (tried as Applied).result)).toMatchObject({ status });
    }
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });
}

function competing(world: () => ActionWorld, id: string): void {
  it('keeps what somebody else writes between its read and its write', async ({ skip }) => {
    const { action, request, prior } = await read(world(), id);
    const stands = world().compete?.() ?? skip('Nobody else works in this account.');
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    expect(stands()).toBe(true);
    world().breakWrites(null);
  });
}

function deleting(world: () => ActionWorld, id: string): void {
  it.for(['planned', 'carried out'] as const)(
    'of what is gone since it was %s nothing is left to change, and nothing is said to be left',
    async (when, { skip }) => {
      const { action, request, prior, result } = await (when === 'planned' ? read : applied)(world(), id);
      await (world().remove?.(request) ?? skip('Nothing of this account is to be deleted.'));
      const snapshot = await world().snapshot();
      world().forgetCalls();
      if (when === 'planned') {
        const tried = await action.apply(request, prior).catch((error: unknown) => error);
        if (tried instanceof Error) expect(tried).toMatchObject({ type: 'NotFound' });
      } else expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
      const { caveats = [], ...now } = await action.preflight(request);
      expect({ ...now, caveats }).toMatchObject({ alreadySo: true, calls: [], obstacles: [], caveats: [] });
      expect(world().writes()).toEqual([]);
      expect(await world().snapshot()).toEqual(snapshot);
    },
  );
}
