import { describe, expect, it } from 'vitest';

import { CordonFailure } from '../../../src/contracts/failures.ts';
import {
  ALL,
  CASE,
  atTheMoment,
  build,
  chosen,
  ministack,
  stage,
  useCaseOfAlice,
  withoutSecrets,
  writes,
} from './case-of-alice.ts';

useCaseOfAlice();

describe.each(['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions', 'rotate-access-key'])('%s', (id) => {
  it('calls exactly what its preflight showed', async () => {
    const { action, request } = chosen(id);
    const { calls, prior, obstacles, alreadySo } = await action.preflight(request);
    expect({ obstacles, alreadySo }).toEqual({ obstacles: [], alreadySo: false });
    expect(calls.length).toBeGreaterThan(0);
    stage.calls.length = 0;
    await action.apply(request, prior);
    expect(writes(stage.calls)).toEqual(atTheMoment(withoutSecrets(calls), prior));
  });

  it('writes nothing in its preflight, and asks for no permission that it did not declare', async () => {
    const { action, request } = chosen(id);
    stage.calls.length = 0;
    const { prior } = await action.preflight(request);
    expect(writes(stage.calls)).toEqual([]);
    const { result } = await action.apply(request, prior);
    await action.verify(request, result);
    await action.revert(request, prior, result);
    const declared = action.permissions.map(({ name }) => name);
    const used = new Set(stage.calls.map(({ service, operation }) => `${service}:${operation}`));
    expect(declared).toEqual(expect.arrayContaining([...used]));
  });

  it('holds after it was applied, and reverts to exactly what was there', async () => {
    const { action, request } = chosen(id);
    const snapshot = await stage.snapshot();
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    expect(await stage.snapshot()).not.toEqual(snapshot);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    const preview = action.previewRevert(request, prior, result);
    stage.calls.length = 0;
    await action.revert(request, prior, result);
    expect(writes(stage.calls)).toEqual(preview);
    expect(await stage.snapshot()).toEqual(snapshot);
    stage.calls.length = 0;
    await action.revert(request, prior, result);
    expect(await stage.snapshot()).toEqual(snapshot);
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('refuses a target that is not plainly its own', async () => {
    const { action, request } = chosen(id);
    const account = ministack.accountId;
    const kind = id === 'revoke-role-sessions' ? 'role' : 'user';
    for (const target of [
      '',
      '*',
      `arn:aws:iam::${account}:${kind}/*`,
      `arn:aws:iam::${account}:${kind}/`,
      `arn:aws:iam::210987654321:${kind}/alice`,
      `arn:aws:iam::${account}:root`,
    ]) {
      const wrong = { ...request, target };
      stage.calls.length = 0;
      await expect(action.preflight(wrong)).rejects.toMatchObject({ type: 'TargetRefused' });
      await expect(action.apply(wrong, {})).rejects.toBeInstanceOf(CordonFailure);
      expect(writes(stage.calls)).toEqual([]);
    }
  });
});

describe.each(['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions'])('%s, twice', (id) => {
  it('equals once, with the same result', async () => {
    const { action, request } = chosen(id);
    const { prior } = await action.preflight(request);
    const first = await action.apply(request, prior);
    const snapshot = await stage.snapshot();
    expect(await action.apply(request, prior)).toEqual(first);
    expect(await stage.snapshot()).toEqual(snapshot);
  });
});

// Not of sessions: a revocation of before says nothing of those that were minted since.
describe.each(['deny-principal', 'deactivate-access-keys', 'rotate-access-key'])('%s', (id) => {
  it('is already so the second time', async () => {
    const { action, request } = chosen(id);
    await action.apply(request, (await action.preflight(request)).prior);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [], obstacles: [] });
  });
});

describe("Cordon's own permissions", () => {
  it('are exactly enough: every one that is declared is granted', async () => {
    const all = Object.values(stage.provider.actions).flatMap(({ permissions }) => permissions);
    const wanted = [...all, ...stage.provider.evidencePermissions];
    expect(await stage.provider.missingPermissions(wanted, ministack.accountId)).toEqual([]);
  });

  it('name what is missing, at the doctor and at the call', async () => {
    await build(['deny-principal']);
    const { action, request } = chosen('deactivate-access-keys');
    const missing = await stage.provider.missingPermissions(action.permissions, ministack.accountId);
    expect(missing.map(({ name }) => name)).toEqual(['iam:UpdateAccessKey']);
    const { prior } = await action.preflight(request);
    const failure = await action.apply(request, prior).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'AccessDenied', final: true });
    expect(String(failure)).toContain('iam:UpdateAccessKey');
  });

  it('do not let it change itself, whatever the plan says', async () => {
    const self = await stage.provider.self();
    expect(self).toMatchObject({ arn: stage.cordonArn });
    for (const request of stage.provider.propose(self, null, CASE, ALL).requests) {
      const snapshot = await stage.snapshot();
      const failure = stage.provider.actions[request.action]!.apply(request, { keys: [] });
      await expect(failure).rejects.toMatchObject({ type: 'AccessDenied' });
      expect(await stage.snapshot()).toEqual(snapshot);
    }
  });
});
