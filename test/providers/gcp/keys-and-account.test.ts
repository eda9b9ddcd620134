import { describe, expect, it } from 'vitest';

import { bearer, credentialsOf } from '../../support/gcp/index.ts';
import { apply, chosen, clientOf, outcomeOf, stage, tries, useStage } from './stage.ts';

useStage();

/** A token that the thief got before anyone acted. */
async function earlierToken(): Promise<string> {
  const { token } = await credentialsOf(stage.key).getAccessToken();
  if (!token) throw new Error('no token');
  return token;
}

describe('disable-service-account-keys', () => {
  it('takes every key, and one that appeared after the plan; a rollback gives back only what the plan knew', async () => {
    const second = await stage.gcp.addKey(stage.deployer.name);
    const { action, request } = chosen('disable-service-account-keys');
    const { prior } = await action.preflight(request);
    const late = await stage.gcp.addKey(stage.deployer.name);
    const others = await stage.gcp.addKey(stage.billing.email);
    const { result } = await action.apply(request, prior);
    for (const key of [stage.key, second, late]) expect(await tries(key)).toBe('400');
    expect(await tries(others)).toBe('accepted');
    await action.revert(request, prior, result);
    expect([await tries(stage.key), await tries(second), await tries(late)]).toEqual(['accepted', 'accepted', '400']);
  });

  it('leaves tokens alive that were given out before, which is why the account is disabled too', async () => {
    const token = clientOf(bearer(await earlierToken()));
    await apply('disable-service-account-keys');
    expect(await outcomeOf(token)).toBe('accepted');
    await apply('disable-service-account');
    expect(await outcomeOf(token)).toBe('401');
    expect(await tries(await stage.gcp.addKey(stage.billing.email))).toBe('accepted');
  });

  it('neither counts as its own, nor ever enables, a key that Google has found in public', async () => {
    const exposed = await stage.gcp.addKey(stage.deployer.name);
    stage.gcp.exposeKey(exposed.private_key_id, 'https://github.example/leak');
    const { action, request } = chosen('disable-service-account-keys');
    const { prior, calls } = await action.preflight(request);
    expect(calls).toHaveLength(1);
    const { result } = await action.apply(request, prior);
    await action.revert(request, prior, result);
    expect([await tries(stage.key), await tries(exposed)]).toEqual(['accepted', '400']);
  });

  it('refuses to enable one that Google found since, and enables the others', async () => {
    const second = await stage.gcp.addKey(stage.deployer.name);
    const undo = await apply('disable-service-account-keys');
    stage.gcp.exposeKey(stage.key.private_key_id, 'https://github.example/leak');
    await expect(undo()).rejects.toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining(stage.key.private_key_id),
    });
    expect([await tries(stage.key), await tries(second)]).toEqual(['400', 'accepted']);
  });

  it('after a try that broke off half-way, still knows all keys that it changed', async () => {
    const second = await stage.gcp.addKey(stage.deployer.name);
    const { action, request } = chosen('disable-service-account-keys');
    const { prior } = await action.preflight(request);
    const last = [stage.key.private_key_id, second.private_key_id].toSorted().at(-1);
    stage.gcp.faults.add({ match: new RegExp(`${last}:disable`, 'u'), kind: 'drop-after' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Unavailable' });
    const { result } = await action.apply(request, prior);
    expect(result['disabled']).toEqual([stage.key.private_key_id, second.private_key_id].toSorted());
  });

  it('says that the outcome is not known, where a refusal comes after a change', async () => {
    const second = await stage.gcp.addKey(stage.deployer.name);
    const { action, request } = chosen('disable-service-account-keys');
    const { prior } = await action.preflight(request);
    const last = [stage.key.private_key_id, second.private_key_id].toSorted().at(-1);
    stage.gcp.faults.add({ match: new RegExp(`${last}:disable`, 'u'), kind: '403' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringContaining('iam.serviceAccountKeys.disable'),
    });
  });

  it('says drifted when the suspect made itself another key', async () => {
    const { action, request } = chosen('disable-service-account-keys');
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    const another = await stage.gcp.addKey(stage.deployer.name);
    const verification = await action.verify(request, result);
    expect(verification).toMatchObject({ status: 'drifted', detail: expect.stringContaining(another.private_key_id) });
  });
});

describe('disable-service-account', () => {
  it('stops keys and tokens, and a rollback brings both back', async () => {
    const token = clientOf(bearer(await earlierToken()));
    const undo = await apply('disable-service-account');
    expect([await tries(stage.key), await outcomeOf(token)]).toEqual(['400', '401']);
    await undo();
    expect([await tries(stage.key), await outcomeOf(token)]).toEqual(['accepted', 'accepted']);
  });

  it('leaves an account disabled that somebody had disabled before', async () => {
    const undo = await apply('disable-service-account');
    const again = await apply('disable-service-account');
    await again();
    expect(await tries(stage.key)).toBe('400');
    await undo();
    expect(await tries(stage.key)).toBe('accepted');
  });

  it('tells whose workloads act as it', async () => {
    const workload = 'serviceAccount:shop-prod.svc.id.goog[shop/deployer]';
    stage.gcp.bind(
      `projects/shop-prod/serviceAccounts/${stage.deployer.name}`,
      'roles/iam.serviceAccountUser',
      workload,
    );
    const { action, request } = chosen('disable-service-account');
    expect((await action.preflight(request)).mayBreak.join(' ')).toContain(workload);
  });
});
