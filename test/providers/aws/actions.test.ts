import { describe, expect, it } from 'vitest';

import { ALL, build, CASE, chosen, ministack, stage, useCaseOfAlice } from './case-of-alice.ts';

useCaseOfAlice();

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
    const [self] = await stage.provider.selves();
    expect(self).toMatchObject({ arn: stage.cordonArn });
    for (const request of stage.provider.propose(self, null, CASE, ALL).requests) {
      const snapshot = await stage.snapshot();
      const failure = stage.provider.actions[request.action]!.apply(request, { keys: [] });
      await expect(failure).rejects.toMatchObject({ type: 'AccessDenied' });
      expect(await stage.snapshot()).toEqual(snapshot);
    }
  });
});
