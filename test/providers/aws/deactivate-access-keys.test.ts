import { UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';

import { apply, chosen, faults, key, stage, useCaseOfAlice } from './case-of-alice.ts';
import { sessionOf, tries } from './stage.ts';

useCaseOfAlice();

describe('deactivate-access-keys', () => {
  it('takes both keys, and one that appeared after the plan; a rollback gives back only what the plan knew', async () => {
    const { action, request } = chosen('deactivate-access-keys');
    const { prior } = await action.preflight(request);
    const late = await stage.newKey('alice');
    const { result } = await action.apply(request, prior);
    expect(await Promise.all([tries(stage, key), tries(stage, late)])).toEqual(['AuthFailure', 'AuthFailure']);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await action.revert(request, prior, result);
    expect(await Promise.all([tries(stage, key), tries(stage, late)])).toEqual(['accepted', 'AuthFailure']);
  });

  it('never wakes a key that was made between plan and change, though it was active right before, and names it', async () => {
    const { action, request } = chosen('deactivate-access-keys');
    const { calls } = await action.preflight(request);
    const late = await stage.newKey('alice');
    const { prior } = await action.preflight(request, calls);
    const { result } = await action.apply(request, prior);
    const { prior: back, left } = action.restores!(prior, result, []);
    expect(left).toEqual([expect.stringContaining(`${late.accessKeyId} of user alice was not active when the plan`)]);
    expect(JSON.stringify(action.previewRevert(request, prior, result))).not.toContain(late.accessKeyId);
    await action.revert(request, prior, result);
    expect(await Promise.all([tries(stage, key), tries(stage, late)])).toEqual(['accepted', 'AuthFailure']);
    const now = (await action.preflight(request)).prior;
    expect(action.restores!(now, result, []).prior, 'what the proof of a rollback compares').toEqual(back);
    await stage.admin.iam.send(
      new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: late.accessKeyId, Status: 'Active' }),
    );
    const woken = (await action.preflight(request)).prior;
    expect(action.restores!(woken, result, []).prior, 'and it sees what is awake').not.toEqual(back);
  });

  it('does not wake a key that was inactive before', async () => {
    const asleep = await stage.newKey('alice');
    const status = { UserName: 'alice', AccessKeyId: asleep.accessKeyId, Status: 'Inactive' as const };
    await stage.admin.iam.send(new UpdateAccessKeyCommand(status));
    const undo = await apply('deactivate-access-keys');
    await undo();
    expect(await Promise.all([tries(stage, key), tries(stage, asleep)])).toEqual(['accepted', 'AuthFailure']);
  });

  it('after a try that broke off half-way, still knows all keys that it changed', async () => {
    const second = await stage.newKey('alice');
    const { action, request } = chosen('deactivate-access-keys');
    const { prior } = await action.preflight(request);
    let updates = 0;
    faults.set('UpdateAccessKey', async (proceed) => {
      if (++updates >= 2) throw Object.assign(new Error('reset'), { code: 'EPIPE' });
      return proceed();
    });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Unavailable' });
    faults.clear();
    const { result } = await action.apply(request, prior);
    expect(result['deactivated']).toEqual([key.accessKeyId, second.accessKeyId].toSorted());
    await action.revert(request, prior, result);
    expect(await Promise.all([tries(stage, key), tries(stage, second)])).toEqual(['accepted', 'accepted']);
  });

  it('says drifted when a key is active again', async () => {
    const { action, request } = chosen('deactivate-access-keys');
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    const status = { UserName: 'alice', AccessKeyId: key.accessKeyId, Status: 'Active' as const };
    await stage.admin.iam.send(new UpdateAccessKeyCommand(status));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('leaves a minted session alive, which is why the deny comes first', async () => {
    const session = sessionOf((await stage.as(key).sts.send(new GetSessionTokenCommand({}))).Credentials);
    await apply('deactivate-access-keys');
    expect(await tries(stage, session)).toBe('accepted');
    await apply('deny-principal');
    expect(await tries(stage, session)).toBe('UnauthorizedOperation');
  });
});
