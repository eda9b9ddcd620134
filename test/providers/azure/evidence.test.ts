import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PrincipalClue } from '../../../src/domain/alert.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import { createAzureProvider } from '../../../src/providers/azure/index.ts';
import { heldToken } from '../../support/azure/clients.ts';
import type { Stage } from './stage.ts';
import { applied, buildStage, VM } from './stage.ts';

let stage: Stage;
beforeEach(async () => void (stage = await buildStage()));
afterEach(() => stage.azure.stop());

const clue = (form: PrincipalClue['form'], value: string): PrincipalClue => ({ form, value });
const windows = () => {
  const at = (minutes: number) => new Date(stage.azure.clock().getTime() + minutes * 60_000).toISOString();
  return [
    { from: at(-15), to: at(1) },
    { from: at(-60), to: at(-15) },
  ] as const;
};

describe('resolve', () => {
  it.each<[string, () => PrincipalClue[], () => unknown]>([
    ['an object id', () => [clue('object-id', stage.pipeline.uniqueId.toUpperCase())], () => stage.pipeline],
    ['an app id', () => [clue('app-id', stage.app.appId)], () => stage.pipeline],
    ['an app id in a column of names', () => [clue('user-name', stage.app.appId)], () => stage.pipeline],
    ['an id in a column of principals', () => [clue('principal-id', stage.alice.uniqueId)], () => stage.alice],
    ['a user principal name', () => [clue('user-principal-name', 'Alice@Contoso.onmicrosoft.com')], () => stage.alice],
    [
      'a name that is one',
      () => [clue('user-name', stage.alice.name), clue('object-id', stage.alice.uniqueId)],
      () => stage.alice,
    ],
    ['a managed identity', () => [clue('object-id', stage.identity.uniqueId)], () => stage.identity],
    ['a resource name', () => [clue('resource-name', resourceOf(stage.pipeline))], () => stage.pipeline],
  ])('finds by %s', async (_, clues, principal) => {
    for (const account of [undefined, stage.settings.tenantId, stage.settings.subscriptions[0]]) {
      expect(await stage.provider.resolve(clues(), account)).toEqual({ status: 'resolved', principal: principal() });
    }
  });

  it.each<[string, () => PrincipalClue[], string]>([
    ['nothing', () => [], 'unresolved'],
    ['a display name', () => [clue('user-name', 'pipeline')], 'unresolved'],
    [
      'a display name beside an id',
      () => [clue('object-id', stage.pipeline.uniqueId), clue('user-name', 'pipeline')],
      'unresolved',
    ],
    ['an id that nobody has', () => [clue('object-id', crypto.randomUUID())], 'unresolved'],
    ['an app id as an object id', () => [clue('object-id', stage.app.appId)], 'unresolved'],
    ['the object id of the application', () => [clue('object-id', stage.app.application.id)], 'unresolved'],
    ['a name that nobody has', () => [clue('user-principal-name', 'mallory@contoso.onmicrosoft.com')], 'unresolved'],
    ['a wildcard', () => [clue('user-principal-name', '*@contoso.onmicrosoft.com')], 'unresolved'],
    ['a template', () => [clue('user-name', '{{caller}}')], 'unresolved'],
    ['a path', () => [clue('user-principal-name', '../servicePrincipals')], 'unresolved'],
    [
      'a resource of another tenant',
      () => [clue('resource-name', `/tenants/${crypto.randomUUID()}/users/${stage.alice.uniqueId}`)],
      'unresolved',
    ],
    [
      'a resource of another kind',
      () => [clue('resource-name', `/tenants/${stage.settings.tenantId}/users/${stage.pipeline.uniqueId}`)],
      'unresolved',
    ],
    ['two identities', () => [clue('object-id', stage.alice.uniqueId), clue('app-id', stage.app.appId)], 'ambiguous'],
  ])('picks no target from %s', async (_, clues, status) => {
    expect(await stage.provider.resolve(clues(), undefined)).toMatchObject({ status });
  });

  it('takes no alert about another tenant or subscription', async () => {
    const clues = [clue('object-id', stage.alice.uniqueId)];
    expect(await stage.provider.resolve(clues, crypto.randomUUID())).toMatchObject({ status: 'unresolved' });
  });
});

describe("Cordon's own identity", () => {
  it('is known from its token', async () => {
    const { servicePrincipal, appId } = stage.cordon;
    const [self] = await stage.provider.selves();
    expect(self).toMatchObject({ kind: 'service-principal', uniqueId: servicePrincipal.id, appId });
    expect(await stage.provider.resolve([clue('resource-name', resourceOf(self))], undefined)).toMatchObject({
      status: 'resolved',
    });
  });

  it.each([
    ['a wrong secret', () => ({ clientId: stage.cordon.appId, clientSecret: 'wJalrXUtnFEMI' })],
    ['no such application', () => ({ clientId: crypto.randomUUID(), clientSecret: 'wJalrXUtnFEMI' })],
  ])('with %s is refused in words that an operator can act on, without the secret', async (_, credentials) => {
    const provider = createAzureProvider({ ...stage.settings, credentials: credentials() });
    const failure = (await provider.selves().catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ type: 'AccessDenied' });
    expect(failure.message).toMatch(/Cordon's own credentials.*AADSTS/u);
    expect(`${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain('wJalrXUtnFEMI');
  });
});

describe('activity', () => {
  it('counts what the principal did and where it came from, and nobody else', async () => {
    const path = `${stage.group}/providers/${VM}/web-2?api-version=2024-07-01`;
    for (const one of [stage.app, stage.neighbour])
      await stage.clients.call(stage.clients.credential(one), 'PUT', path, {});
    const [around, before] = windows();
    const facts = await stage.provider.activity(stage.pipeline, around, before);
    expect(facts.around).toMatchObject({ denied: 0, truncated: false, addresses: ['127.0.0.1'], regions: ['prod'] });
    expect(facts.around.apis).toEqual(['entra:sign-in', 'microsoft.compute:virtualmachines/write']);
    expect(facts.before).toMatchObject({ calls: 0 });
    expect(facts.changesByPrincipal).toEqual([]);
  });

  it('shows changes of identities by the principal, of the principal, and refusals', async () => {
    const cordon = stage.clients.credential(stage.cordon);
    await stage.clients.call(cordon, 'POST', `/v1.0/applications/${stage.app.application.id}/addPassword`, {});
    const assignment = `${stage.subscription}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}?api-version=2022-04-01`;
    expect(
      (await stage.clients.call(stage.clients.credential(stage.app), 'PUT', assignment, { properties: {} })).status,
    ).toBe(403);
    const { changesByPrincipal, changesOfPrincipal, around } = await stage.provider.activity(
      stage.pipeline,
      ...windows(),
    );
    expect(changesByPrincipal).toMatchObject([
      { eventName: 'microsoft.authorization/roleassignments/write', denied: true },
    ]);
    expect(changesOfPrincipal).toMatchObject([{ target: stage.app.application.id, denied: false }]);
    expect(around.denied).toBe(1);
  });

  it('counts discovery where the log has it, by the names of the detection', async () => {
    stage.azure.behaviour.logsReads = true;
    const token = heldToken(await stage.azure.issueToken({ objectId: stage.pipeline.uniqueId }));
    const paths = [
      `${stage.subscription}/providers/${VM}`,
      `${stage.subscription}/resources`,
      `${stage.subscription}/resourceGroups`,
    ];
    for (const path of paths) await stage.clients.call(token, 'GET', `${path}?api-version=2024-07-01`);
    await stage.clients.call(token, 'GET', `${stage.subscription}/providers/${VM}?api-version=2024-07-01`);
    const { around } = await stage.provider.activity(stage.pipeline, ...windows());
    expect(around).toMatchObject({ calls: 4, discoveryCalls: 4, distinctDiscoveryApis: 3 });
  });

  it('follows every page', async () => {
    stage.azure.behaviour.pageSize = 2;
    const token = heldToken(await stage.azure.issueToken({ objectId: stage.pipeline.uniqueId }));
    for (let index = 0; index < 5; index++)
      await stage.clients.call(token, 'PUT', `${stage.group}/providers/${VM}/new-${index}?api-version=2024-07-01`, {});
    const { around } = await stage.provider.activity(stage.pipeline, ...windows());
    expect(around.calls).toBe(5);
  });
});

describe('successful calls since', () => {
  it('shows each, and calls the log complete only when it is old enough', async () => {
    const since = stage.azure.clock().toISOString();
    await stage.clients.call(
      stage.clients.credential(stage.app),
      'DELETE',
      `${stage.group}/providers/${VM}/web-1?api-version=2024-07-01`,
    );
    const seen = await stage.provider.successfulCallsSince(stage.pipeline, since);
    expect(seen.calls.join()).toMatch(/entra:sign-in at .*microsoft\.compute:virtualmachines\/delete at/u);
    expect(seen.logComplete).toBe(false);
  });

  it('is empty after a containment, however the thief tries', async () => {
    for (const id of ['disable-service-principal', 'remove-role-assignments']) await applied(stage, id);
    stage.azure.advance(1000);
    const since = stage.azure.clock().toISOString();
    const old = heldToken(await stage.azure.issueToken({ objectId: stage.pipeline.uniqueId }));
    const path = `${stage.group}/providers/${VM}/web-1?api-version=2024-07-01`;
    await stage.clients.call(old, 'DELETE', path);
    await expect(stage.clients.call(stage.clients.credential(stage.app), 'DELETE', path)).rejects.toThrow(
      /AADSTS7000112/u,
    );
    stage.azure.advance(61_000);
    expect(await stage.provider.successfulCallsSince(stage.pipeline, since)).toEqual({ calls: [], logComplete: true });
  });
});

describe('credentials', () => {
  it('are all of the application and of its service principal', async () => {
    const { accessKeys, consolePassword, quarantinedByCloud } = await stage.provider.credentials(stage.pipeline);
    expect(accessKeys).toHaveLength(6);
    expect(accessKeys.every(({ active }) => active)).toBe(true);
    expect({ consolePassword, quarantinedByCloud }).toEqual({ consolePassword: false, quarantinedByCloud: false });
    await applied(stage, 'remove-application-credentials');
    expect((await stage.provider.credentials(stage.pipeline)).accessKeys).toEqual([]);
  });

  it('of a user are read, or unknown where Cordon may not', async () => {
    expect(await stage.provider.credentials(stage.alice)).toMatchObject({ consolePassword: true, accessKeys: [] });
    stage.azure.faults.add({ match: /authentication\/methods/u, kind: '403' });
    await expect(stage.provider.credentials(stage.alice)).rejects.toThrow(/UserAuthenticationMethod\.Read\.All/u);
  });
});
