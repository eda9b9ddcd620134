import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { heldToken } from '../../support/azure/clients.ts';
import type { Stage } from './stage.ts';
import { ALL, applied, buildStage, chosen, tries } from './stage.ts';

let stage: Stage;
beforeEach(async () => void (stage = await buildStage()));
afterEach(() => stage.azure.stop());

const REVERSIBLE = [
  'disable-service-principal',
  'disable-user',
  'tighten-role-assignments',
  'remove-role-assignments',
  'remove-eligible-roles',
];
const FINAL = ['revoke-sign-in-sessions', 'reset-user-password', 'remove-application-credentials'];

describe.each(REVERSIBLE)('%s', (id) => {
  it('reads after a rollback what it read before', async () => {
    const { action, request, prior, result } = await applied(stage, id);
    await action.revert(request, prior, result);
    const { prior: again } = await action.preflight(request);
    for (const key of action.chosenInPrior ?? []) Object.assign(again, { [key]: prior[key] });
    expect(again).toEqual(prior);
  });

  it('can be contained, rolled back and contained again in one case', async () => {
    const snapshot = stage.azure.snapshot();
    for (let round = 0; round < 2; round++) {
      const { action, request, prior, result } = await applied(stage, id);
      expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
      await action.revert(request, prior, result);
      expect(stage.azure.snapshot()).toEqual(snapshot);
    }
  });

  it('finishes what a try whose answer was lost began', async () => {
    const { action, request } = chosen(stage, id);
    const snapshot = stage.azure.snapshot();
    const { prior } = await action.preflight(request);
    stage.azure.faults.add({ match: /^(?:PUT|PATCH|DELETE)/u, kind: 'drop-after' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ final: false });
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await action.revert(request, prior, result);
    expect(stage.azure.snapshot()).toEqual(snapshot);
  });
});

describe.each(FINAL)('%s', (id) => {
  it('finishes what a try whose answer was lost began', async () => {
    const { action, request } = chosen(stage, id);
    const { prior } = await action.preflight(request);
    stage.azure.advance(1000);
    stage.azure.faults.add({ match: /^(?:PATCH|DELETE|POST \/v1\.0)/u, kind: 'drop-after' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ final: false });
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });

  it('can not be undone, and does not look as if it could', async () => {
    const { action, request, prior, result } = await applied(stage, id);
    expect(action.reversibility).toBe(id === 'revoke-sign-in-sessions' ? 'not-needed' : 'none');
    expect(action.previewRevert(request, prior, result)).toEqual([]);
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'ValidationFailed' });
  });
});

describe('remove-application-credentials', () => {
  const ID = 'remove-application-credentials';

  it('removes everything where one federated credential is a flexible one, without a subject', async () => {
    const { application, appId, servicePrincipal } = stage.azure.build.addApplication('flexible', {
      federated: [{ issuer: 'https://token.actions.example', expression: "claims['sub'] matches 'repo:*'" }],
    });
    const principal = { ...stage.pipeline, name: 'flexible', uniqueId: servicePrincipal.id, appId };
    expect((await stage.provider.credentials(principal)).accessKeys).toHaveLength(2);
    const { action, request } = chosen(stage, ID, principal);
    const { mayBreak, prior } = await action.preflight(request);
    expect(mayBreak.join()).toContain("claims['sub'] matches 'repo:*'");
    await action.apply(request, prior);
    expect([application.passwordCredentials, application.federatedIdentityCredentials]).toEqual([[], []]);
  });

  it('goes on where someone else removes a secret right before it does', async () => {
    const { action, request } = chosen(stage, ID);
    const { prior } = await action.preflight(request);
    const { application } = stage.app;
    stage.azure.faults.interfere(({ path }) => {
      if (path.endsWith('/removePassword')) application.passwordCredentials = [];
      return undefined;
    });
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });

  it('does not take a refusal for "removed by someone else"', async () => {
    const { action, request } = chosen(stage, ID);
    const { prior } = await action.preflight(request);
    const { application } = stage.app;
    const kept = application.passwordCredentials;
    stage.azure.faults.interfere(({ method, path }) => {
      // There for every list, and unknown to each removal.
      application.passwordCredentials = method === 'POST' && path.endsWith('/removePassword') ? [] : kept;
      return undefined;
    });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'ValidationFailed' });
  });
});

it('tells before a user is disabled what to review before it is enabled again, the same afterwards', async () => {
  const { action, request } = chosen(stage, 'disable-user');
  const { mayBreak, prior } = await action.preflight(request);
  expect(mayBreak.join()).toMatch(/authentication methods.*OAuth grants.*inbox rules/u);
  await action.apply(request, prior);
  expect((await action.preflight(request)).mayBreak).toEqual(mayBreak);
});

describe('whoever stole the secret of the application', () => {
  it.each([
    [['disable-service-principal', 'remove-role-assignments'], 'AADSTS7000112', 403],
    [['remove-application-credentials', 'remove-role-assignments'], 'AADSTS7000215', 403],
    [['disable-service-principal', 'tighten-role-assignments'], 'AADSTS7000112', 200],
  ])('after %s is told %s, and reads with the old token: %i', async (actions, refusal, read) => {
    const secret = () => stage.clients.credential(stage.app);
    const old = heldToken(await stage.azure.issueToken({ objectId: stage.pipeline.uniqueId }));
    expect([await tries(stage, secret()), await tries(stage, old)]).toEqual([200, 200]);
    for (const id of actions) await applied(stage, id);
    expect([await tries(stage, secret()), await tries(stage, old)]).toEqual([refusal, read]);
    expect(await tries(stage, old, 'DELETE')).toBe(403);
    expect(await tries(stage, stage.clients.credential(stage.neighbour), 'DELETE')).toBe(200);
  });
});

describe('whoever stole the password of the user', () => {
  const signIn = (password: string) =>
    stage.clients.token({ grant_type: 'password', username: stage.alice.name, password, client_id: 'cli', scope: 'x' });

  it('is refused after each of the actions, with the refresh token too', async () => {
    const { body } = await signIn('Summer-2026!');
    const refresh = () => stage.clients.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token });
    expect((await refresh()).status).toBe(200);
    stage.azure.advance(1000);
    await applied(stage, 'revoke-sign-in-sessions');
    expect((await refresh()).status).toBe(400);
    expect((await signIn('Summer-2026!')).status).toBe(200);
    stage.azure.advance(1000);
    await applied(stage, 'reset-user-password');
    expect((await signIn('Summer-2026!')).status).toBe(400);
    expect(JSON.stringify(stage.azure.requests)).not.toContain('aA1!');
  });

  it('is refused once the user is disabled, and let in again by a rollback', async () => {
    const { action, request, prior, result } = await applied(stage, 'disable-user');
    expect((await signIn('Summer-2026!')).status).toBe(400);
    await action.revert(request, prior, result);
    expect((await signIn('Summer-2026!')).status).toBe(200);
  });
});

describe("Cordon's own permissions", () => {
  it('are exactly enough: every one that is declared is granted', async () => {
    const declared = ALL.flatMap((id) => stage.provider.actions[id]?.permissions ?? []);
    const wanted = [...declared, ...stage.provider.evidencePermissions];
    expect(await stage.provider.missingPermissions(wanted, stage.settings.tenantId)).toEqual([]);
  });
});
