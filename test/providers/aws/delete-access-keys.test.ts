import { UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';

import { deletionOfKeys } from '../../../src/providers/aws/actions/delete-access-keys/request.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import {
  ALL,
  CASE,
  alice,
  apply,
  build,
  faults,
  key,
  keysOfAlice,
  ministack,
  stage,
  useCaseOfAlice,
  writes,
} from './case-of-alice.ts';

useCaseOfAlice();

const PAST = '2026-01-01T00:00:00.000Z';
const FUTURE = '2999-01-01T00:00:00.000Z';
let second: string;

function deletion(ids: readonly string[] = [key.accessKeyId, second], notBefore = PAST) {
  const action = stage.provider.actions['delete-access-keys'];
  if (!action) throw new Error('no delete-access-keys');
  const { cloud, accountId } = alice;
  const of = { cloud, accountId, principal: alice, target: resourceOf(alice) };
  return { action, request: deletionOfKeys(of, ids, { deactivatedAt: PAST, notBefore }) };
}
const setStatus = (AccessKeyId: string, Status: 'Active' | 'Inactive') =>
  stage.admin.iam.send(new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId, Status }));

beforeEach(async () => {
  second = (await stage.newKey('alice')).accessKeyId;
  await apply('deactivate-access-keys');
});

describe('delete-access-keys', () => {
  it('calls exactly what its preflight showed, and is already so the second time', async () => {
    const { action, request } = deletion();
    const { calls, prior, obstacles } = await action.preflight(request);
    expect({ obstacles, count: calls.length }).toEqual({ obstacles: [], count: 2 });
    stage.calls.length = 0;
    const first = await action.apply(request, prior);
    expect(writes(stage.calls)).toEqual(calls);
    expect(await keysOfAlice()).toEqual([]);
    expect(await action.verify(request, first.result)).toMatchObject({ status: 'holds' });
    expect(await action.apply(request, prior)).toEqual(first);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [], obstacles: [] });
  });

  it('touches no key that is not named', async () => {
    const { action, request } = deletion([second]);
    await action.apply(request, (await action.preflight(request)).prior);
    expect(await keysOfAlice()).toEqual([key.accessKeyId]);
  });

  it('refuses where one of them is active again, and deletes none, even when it woke after the plan', async () => {
    const { action, request } = deletion();
    const { prior } = await action.preflight(request);
    await setStatus(second, 'Active');
    expect(await action.preflight(request)).toMatchObject({ calls: [], obstacles: [expect.stringContaining(second)] });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await keysOfAlice()).toHaveLength(2);
    expect(await action.verify(request, {})).toMatchObject({ status: 'drifted' });
  });

  const usedAt = (LastUsedDate: Date) =>
    faults.set('GetAccessKeyLastUsed', async (proceed) => {
      const answer = (await proceed()) as { output: object };
      return { ...answer, output: { ...answer.output, AccessKeyLastUsed: { LastUsedDate } } };
    });

  it('refuses where one was used after it was deactivated, and deletes none: somebody turned it on meanwhile', async () => {
    const { action, request } = deletion();
    usedAt(new Date(Date.parse(PAST) + 60_000));
    const { obstacles, calls, prior } = await action.preflight(request);
    expect({ calls, obstacles }).toEqual({
      calls: [],
      obstacles: Array(2).fill(expect.stringContaining('2026-01-01T00:01:00.000Z')),
    });
    expect(obstacles.join()).toContain(second);
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await keysOfAlice()).toHaveLength(2);
    usedAt(new Date(Date.parse(PAST) - 60_000));
    expect(await action.preflight(request)).toMatchObject({ obstacles: [] });
  });

  it('refuses before its day', async () => {
    const { action, request } = deletion(undefined, FUTURE);
    const { obstacles, prior } = await action.preflight(request);
    expect(obstacles).toEqual([expect.stringContaining(FUTURE)]);
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await keysOfAlice()).toHaveLength(2);
  });

  it.each([[[]], [['*']], [['AKIA*']]])('refuses to delete %j', async (ids) => {
    const { action, request } = deletion(ids);
    await expect(action.preflight(request)).rejects.toMatchObject({ type: 'ValidationFailed' });
    await expect(action.apply(request, {})).rejects.toMatchObject({ type: 'ValidationFailed' });
    expect(await keysOfAlice()).toHaveLength(2);
  });

  it('never passes a refusal after the first deletion for "nothing was done"', async () => {
    const { action, request } = deletion();
    let deletions = 0;
    faults.set('DeleteAccessKey', async (proceed) => {
      if (++deletions >= 2) throw Object.assign(new Error('no'), { name: 'AccessDenied' });
      return proceed();
    });
    await expect(action.apply(request, {})).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    expect(await keysOfAlice()).toHaveLength(1);
  });

  it('never pretends to undo it', async () => {
    const { action, request } = deletion();
    expect(action.reversibility).toBe('none');
    expect(action.previewRevert(request, {}, {})).toEqual([]);
    await expect(action.revert(request, {}, {})).rejects.toMatchObject({ final: true });
  });

  it('is in no containment, whatever is enabled', () => {
    const { requests } = stage.provider.propose(alice, null, CASE, ALL);
    expect(requests.map(({ action }) => action)).not.toContain('delete-access-keys');
  });

  it('names the permission that it lacks', async () => {
    await build(['deactivate-access-keys']);
    await apply('deactivate-access-keys');
    const { action, request } = deletion([key.accessKeyId]);
    const missing = await stage.provider.missingPermissions(action.permissions, ministack.accountId);
    expect(missing.map(({ name }) => name)).toEqual(['iam:DeleteAccessKey']);
    const { prior } = await action.preflight(request);
    const failure = action.apply(request, prior);
    await expect(failure).rejects.toMatchObject({
      type: 'AccessDenied',
      message: expect.stringContaining('iam:DeleteAccessKey'),
    });
  });
});
