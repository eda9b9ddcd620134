import { describe, expect, it } from 'vitest';

import { chosen, stage, useStage } from './stage.ts';

useStage();

const ON_THE_ACCOUNT = ['disable-service-account-keys', 'disable-service-account', 'remove-iam-bindings'];

describe.each(ON_THE_ACCOUNT)('%s', (id) => {
  it('refuses a namesake that was made since the plan', async () => {
    const { action, request } = chosen(id);
    const principal = { ...stage.deployer, uniqueId: '100000000000000000009' };
    await expect(action.preflight({ ...request, principal })).rejects.toMatchObject({ type: 'TargetRefused' });
    await expect(action.apply({ ...request, principal }, {})).rejects.toMatchObject({ type: 'TargetRefused' });
  });
});

describe("Cordon's own permissions", () => {
  it('are exactly enough: every one that is declared is granted', async () => {
    const all = Object.values(stage.provider.actions).flatMap(({ permissions }) => permissions);
    const wanted = [...all, ...stage.provider.evidencePermissions];
    expect(await stage.provider.missingPermissions(wanted, 'shop-prod')).toEqual([]);
  });
});
