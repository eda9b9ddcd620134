import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { restoreDiagnosticSettings } from '../../../src/providers/azure/actions/restore-diagnostic-settings/index.ts';
import { createAzureClients } from '../../../src/providers/azure/clients.ts';
import { leastPrivilegeRole } from '../../../src/providers/azure/index.ts';
import { heldToken } from '../../support/azure/clients.ts';
import type { Stage } from './stage.ts';
import { ALL, buildStage, CASE, chosen, deleteSetting, letLink } from './stage.ts';

const ID = 'restore-diagnostic-settings';
let stage: Stage;
beforeEach(async () => void (stage = await buildStage()));
afterEach(() => stage.azure.stop());

const path = () => `${stage.setting}?api-version=2021-05-01-preview`;
const as = async (objectId: string) => heldToken(await stage.azure.issueToken({ objectId }));

/** The request that is proposed from what the logs tell. */
async function restore() {
  const now = stage.azure.clock().getTime();
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  const facts = await stage.provider.activity(stage.alice, { from: at(30), to: at(0) }, { from: at(60), to: at(30) });
  const { requests } = stage.provider.propose(stage.alice, facts, CASE, ALL);
  const request = requests.find(({ action }) => action === ID);
  const action = stage.provider.actions[ID];
  if (!request || !action) throw new Error('not proposed');
  return { action, request };
}

describe('a log that the principal switched off', () => {
  it('is sent where it was sent before, and a rollback leaves it as the principal had', async () => {
    await deleteSetting(stage);
    const snapshot = stage.azure.snapshot();
    const { action, request } = await restore();
    const { calls, prior, caveats, obstacles } = await action.preflight(request);
    expect(calls).toMatchObject([
      { operation: `PUT ${request.target}`, parameters: { properties: { workspaceId: stage.workspace } } },
    ]);
    expect({ caveats, obstacles }).toEqual({ caveats: [], obstacles: [] });
    const { result } = await action.apply(request, prior);
    expect(JSON.stringify(stage.azure.snapshot())).toContain(`"workspaceId":"${stage.workspace}"`);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, caveats: [] });
    await action.revert(request, prior, result);
    expect(stage.azure.snapshot()).toEqual(snapshot);
  });

  it('is left as it is where the log does not say what it was, and the plan says so', async () => {
    await stage.clients.call(await as(stage.alice.uniqueId), 'DELETE', path());
    const snapshot = stage.azure.snapshot();
    const { action, request } = await restore();
    const { calls, prior, caveats = [] } = await action.preflight(request);
    expect(calls).toEqual([]);
    expect(caveats.join()).toContain('a person must restore it');
    const { result } = await action.apply(request, prior);
    await action.revert(request, prior, result);
    expect(stage.azure.snapshot()).toEqual(snapshot);
  });

  // Where an entry has no claims, only `caller` tells who it was, and anyone may give an application a colleague's name.
  it('is restored as a colleague wrote it, whose name the application of the suspect has', async () => {
    const properties = { workspaceId: stage.workspace };
    await stage.clients.call(await as(stage.alice.uniqueId), 'PUT', path(), { properties });
    stage.azure.advance(1000);
    await stage.clients.call(await as(stage.pipeline.uniqueId), 'DELETE', path());
    const withoutClaims: PipelinePolicy = {
      name: 'withoutClaims',
      async sendRequest(request, next) {
        const response = await next(request);
        return { ...response, bodyAsText: response.bodyAsText?.replaceAll('"claims":{', '"nothing":{') ?? null };
      },
    };
    const clients = createAzureClients(stage.settings, [withoutClaims]);
    const action = restoreDiagnosticSettings.create(clients, stage.settings);
    const { request } = chosen(stage, ID, { ...stage.pipeline, name: stage.alice.name });
    expect(await action.preflight(request)).toMatchObject({ prior: { wanted: properties } });
  });
});

describe('a destination that Cordon may not link to', () => {
  beforeEach(async () => {
    await stage.azure.stop();
    stage = await buildStage(ALL.filter((id) => id !== ID));
    const { roleDefinition } = leastPrivilegeRole(ALL, { subscriptions: stage.settings.subscriptions });
    const { roleName } = stage.azure.build.addCustomRole('whole', [stage.subscription], roleDefinition.Actions);
    stage.azure.build.assignRole(stage.cordon.servicePrincipal.id, roleName, stage.subscription);
    await deleteSetting(stage);
  });

  it('is named before anyone is asked, with the permission, and is none once that is granted there', async () => {
    const { action, request } = await restore();
    const { obstacles } = await action.preflight(request);
    expect(obstacles).toEqual([
      expect.stringMatching(
        new RegExp(
          `Microsoft.OperationalInsights/workspaces/sharedKeys/action on ${stage.workspace},.*grant it there`,
          'u',
        ),
      ),
    ]);
    letLink(stage.azure, stage.cordon, stage.workspace);
    expect(await action.preflight(request)).toMatchObject({ obstacles: [] });
  });

  it('is named by the failure too, not the permission that Cordon has', async () => {
    const { action, request } = await restore();
    const { prior } = await action.preflight(request);
    const failure = await action.apply(request, prior).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'AccessDenied' });
    expect(String(failure)).toContain(`sharedKeys/action on ${stage.workspace}`);
    expect(String(failure)).not.toContain('diagnosticSettings/write');
  });

  it('is asked for nowhere else: keys of a whole subscription are no part of the role', () => {
    const { roleDefinition, notes } = leastPrivilegeRole([ID], { subscriptions: stage.settings.subscriptions });
    expect(roleDefinition.Actions.join()).not.toMatch(/keys/iu);
    for (const name of ['workspaces/sharedKeys', 'storageAccounts/listKeys', 'authorizationRules/listkeys'])
      expect(notes.join()).toContain(name);
  });
});
