import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Clients, heldToken } from './clients.ts';
import { startAzure, type AddedApplication, type AzureDouble } from './index.ts';

const CONTRIBUTOR = 'b24988ac-6180-42a0-ab88-20f7382dd24c';
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const VM = 'Microsoft.Compute/virtualMachines';

let azure: AzureDouble;
let clients: Clients;
let subscription: string;
let subscriptionId: string;
let group: string;
let vm: string;
let admin: AddedApplication;
let suspect: AddedApplication;

beforeEach(async () => {
  azure = await startAzure();
  clients = new Clients(azure);
  const { build } = azure;
  build.addManagementGroup('contoso');
  subscription = build.addSubscription({ managementGroup: 'contoso' });
  subscriptionId = subscription.split('/')[2]!;
  group = build.addResourceGroup(subscription, 'prod');
  vm = build.addResource(group, VM, 'web-1');
  admin = build.addApplication('responder');
  build.assignRole(admin.servicePrincipal.id, 'Owner', '/providers/Microsoft.Management/managementGroups/contoso');
  suspect = build.addApplication('pipeline');
});
afterEach(() => azure.stop());

const client = () => clients.authorization(clients.credential(admin), subscriptionId);
const asAdmin = (method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
  clients.call(clients.credential(admin), method, path, body);
const asSuspect = (method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: unknown) =>
  clients.call(clients.credential(suspect), method, path, body);
const role = (guid: string) => `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${guid}`;
async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

describe('role assignments by the SDK', () => {
  it('makes one in the documented shape, again under the same name, and not twice under another', async () => {
    const wanted = {
      roleDefinitionId: role(READER),
      principalId: suspect.servicePrincipal.id,
      principalType: 'ServicePrincipal',
    };
    const name = '05c5a614-a7d6-4502-b150-c2fb455033ff';
    const made = await client().roleAssignments.create(subscription, name, wanted);
    expect(made).toMatchObject({
      ...wanted,
      scope: subscription,
      id: `${subscription}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      type: 'Microsoft.Authorization/roleAssignments',
      name,
    });
    const before = azure.snapshot();
    expect(await client().roleAssignments.create(subscription, name, wanted)).toMatchObject({
      name,
      createdOn: made.createdOn,
    });
    expect(azure.snapshot()).toEqual(before);
    const elsewhere = client().roleAssignments.create(subscription, crypto.randomUUID(), wanted);
    await expect(elsewhere).rejects.toMatchObject({ statusCode: 409, code: 'RoleAssignmentExists' });
    const different = client().roleAssignments.create(subscription, name, {
      ...wanted,
      roleDefinitionId: role(CONTRIBUTOR),
    });
    await expect(different).rejects.toMatchObject({ statusCode: 409, code: 'RoleAssignmentUpdateNotPermitted' });
    expect(azure.snapshot()).toEqual(before);
  });

  it('refuses a principal and a role that do not exist', async () => {
    const { id: principalId } = suspect.servicePrincipal;
    const put = (roleDefinitionId: string, id: string) =>
      client().roleAssignments.create(subscription, crypto.randomUUID(), { roleDefinitionId, principalId: id });
    await expect(put(role(READER), crypto.randomUUID())).rejects.toMatchObject({ code: 'PrincipalNotFound' });
    await expect(put(role(crypto.randomUUID()), principalId)).rejects.toMatchObject({
      code: 'RoleDefinitionDoesNotExist',
    });
  });

  it('deletes, after which reading finds nothing and deleting again answers 204', async () => {
    const made = azure.build.assignRole(suspect.servicePrincipal.id, 'Reader', group, "@Resource[x] StringEquals 'y'");
    expect(await client().roleAssignments.getById(made.id)).toMatchObject({
      condition: made.condition,
      conditionVersion: '2.0',
    });
    expect(await client().roleAssignments.deleteById(made.id)).toMatchObject({ id: made.id });
    await expect(client().roleAssignments.getById(made.id)).rejects.toMatchObject({ statusCode: 404 });
    expect((await asAdmin('DELETE', `${made.id}?api-version=2022-04-01`)).status).toBe(204);
  });

  it('lists at, above and below the scope, and by principal with and without groups', async () => {
    const { id } = suspect.servicePrincipal;
    const team = azure.build.addGroup('team', [azure.build.addGroup('inner', [{ id }])]);
    const direct = azure.build.assignRole(id, 'Reader', group);
    const through = azure.build.assignRole(
      team.id,
      'Contributor',
      '/providers/Microsoft.Management/managementGroups/contoso',
    );
    const names = async (scope: string, filter?: string) =>
      (await all(client().roleAssignments.listForScope(scope, filter ? { filter } : {}))).map(({ name }) => name);
    expect(await names(subscription, `principalId eq '${id}'`)).toEqual([direct.name]);
    expect(new Set(await names(subscription, `assignedTo('${id}')`))).toEqual(new Set([direct.name, through.name]));
    expect(await names(subscription, `atScope() and assignedTo('${id}')`)).toEqual([through.name]);
    expect(await names(group)).toHaveLength(3);
  });

  it('comes in pages that the SDK follows', async () => {
    azure.behaviour.pageSize = 2;
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      azure.build.assignRole(azure.build.addManagedIdentity(name).id, 'Reader', subscription);
    expect(await all(client().roleAssignments.listForSubscription())).toHaveLength(6);
  });

  it('knows the roles with what they permit', async () => {
    const custom = azure.build.addCustomRole('VM restarter', [subscription], [`${VM}/restart/action`]);
    const rows = await all(client().roleDefinitions.list(subscription));
    expect(rows.map(({ roleName }) => roleName)).toEqual(
      expect.arrayContaining(['Owner', 'Contributor', 'Reader', 'User Access Administrator', 'VM restarter']),
    );
    expect(await client().roleDefinitions.get(subscription, custom.name)).toMatchObject({
      roleName: 'VM restarter',
      roleType: 'CustomRole',
      permissions: [{ actions: [`${VM}/restart/action`] }],
    });
    const found = await all(client().roleDefinitions.list('', { filter: "roleName eq 'Contributor'" }));
    expect(found.map(({ name }) => name)).toEqual([CONTRIBUTOR]);
  });
});

describe('what a role permits', () => {
  const list = () => asSuspect('GET', `${subscription}/providers/${VM}?api-version=2024-07-01`);
  const tag = () =>
    asSuspect('PUT', `${vm}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01`, {
      properties: { tags: { owner: 'me' } },
    });
  const grant = () =>
    asSuspect(
      'PUT',
      `${subscription}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}?api-version=2022-04-01`,
      {
        properties: { roleDefinitionId: role(READER), principalId: admin.servicePrincipal.id },
      },
    );

  it.each([
    ['no role', null, [403, 403, 403]],
    ['Reader', 'Reader', [200, 403, 403]],
    ['Contributor', 'Contributor', [200, 200, 403]],
    ['User Access Administrator', 'User Access Administrator', [200, 403, 201]],
    ['Owner', 'Owner', [200, 200, 201]],
  ])('%s: listing, writing, granting', async (_, name, expected) => {
    if (name) azure.build.assignRole(suspect.servicePrincipal.id, name, subscription);
    expect([(await list()).status, (await tag()).status, (await grant()).status]).toEqual(expected);
  });

  it('says who may not do what, where', async () => {
    const { status, body } = await list();
    expect(status).toBe(403);
    expect(body.error).toEqual({
      code: 'AuthorizationFailed',
      message: `The client '${suspect.appId}' with object id '${suspect.servicePrincipal.id}' does not have authorization to perform action '${VM}/read' over scope '${subscription}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    });
  });

  it('holds below its scope only, and through groups', async () => {
    const other = azure.build.addResourceGroup(subscription, 'test');
    const team = azure.build.addGroup('team', [suspect.servicePrincipal]);
    azure.build.assignRole(team.id, 'Contributor', group);
    const write = (scope: string) =>
      asSuspect('PUT', `${scope}/providers/${VM}/new?api-version=2024-07-01`, { location: 'westeurope' });
    expect((await write(group)).status).toBe(201);
    expect((await write(other)).status).toBe(403);
    expect((await list()).status).toBe(403);
  });

  it('binds and ends late by the propagation time', async () => {
    azure.behaviour.propagationMs = 300_000;
    const name = crypto.randomUUID();
    const wanted = { roleDefinitionId: role(READER), principalId: suspect.servicePrincipal.id };
    await client().roleAssignments.create(subscription, name, wanted);
    expect((await list()).status).toBe(403);
    azure.advance(300_001);
    expect((await list()).status).toBe(200);
    await client().roleAssignments.delete(subscription, name);
    expect((await list()).status).toBe(200);
    azure.advance(300_001);
    expect((await list()).status).toBe(403);
  });

  it('is told by the permissions of the caller', async () => {
    azure.build.assignRole(suspect.servicePrincipal.id, 'Reader', group);
    const asked = clients.authorization(clients.credential(suspect), subscriptionId);
    expect(await all(asked.permissions.listForResourceGroup('prod'))).toMatchObject([{ actions: ['*/read'] }]);
  });

  it('lets an intruder look at everything a Reader sees', async () => {
    azure.build.assignRole(suspect.servicePrincipal.id, 'Reader', subscription);
    const types = [
      VM,
      'Microsoft.Storage/storageAccounts',
      'Microsoft.Sql/servers',
      'Microsoft.Network/virtualNetworks',
      'Microsoft.KeyVault/vaults',
      'Microsoft.ContainerService/managedClusters',
    ];
    for (const type of types.slice(1)) azure.build.addResource(group, type, 'one');
    for (const type of types) {
      const { body } = await asSuspect('GET', `${subscription}/providers/${type}?api-version=2024-01-01`);
      expect(body.value).toMatchObject([{ type }]);
    }
    const { body } = await asSuspect('GET', `${subscription}/resources?api-version=2021-04-01`);
    expect(body.value).toHaveLength(types.length);
    const groups = await asSuspect('GET', `${subscription}/resourcegroups?api-version=2021-04-01`);
    expect(groups.body.value).toMatchObject([{ name: 'prod' }]);
    expect((await asSuspect('GET', '/subscriptions?api-version=2022-12-01')).body.value).toMatchObject([
      { subscriptionId },
    ]);
  });
});

describe('Privileged Identity Management', () => {
  const schedule = {
    startDateTime: '2020-09-09T21:35:27.91Z',
    expiration: { type: 'AfterDuration', endDateTime: null, duration: 'P36500D' },
  };
  const activate = () =>
    asSuspect(
      'PUT',
      `${subscription}/providers/Microsoft.Authorization/roleAssignmentScheduleRequests/${crypto.randomUUID()}?api-version=2020-10-01`,
      {
        properties: {
          principalId: suspect.servicePrincipal.id,
          roleDefinitionId: role(CONTRIBUTOR),
          requestType: 'SelfActivate',
          scheduleInfo: { expiration: { type: 'AfterDuration', duration: 'PT8H' } },
        },
      },
    );

  it('lets its holder activate an eligible role, until both schedules are removed', async () => {
    const { id } = suspect.servicePrincipal;
    azure.build.addEligibleSchedule(id, 'Contributor', subscription);
    const eligible = () =>
      all(client().roleEligibilityScheduleInstances.listForScope(subscription, { filter: `assignedTo('${id}')` }));
    const active = () =>
      all(client().roleAssignmentScheduleInstances.listForScope(subscription, { filter: `assignedTo('${id}')` }));
    expect(await eligible()).toMatchObject([{ principalId: id, memberType: 'Direct', status: 'Provisioned' }]);
    expect(await active()).toEqual([]);
    expect((await activate()).status).toBe(201);
    expect(await active()).toMatchObject([{ assignmentType: 'Activated', status: 'Accepted', scope: subscription }]);
    expect((await asSuspect('GET', `${subscription}/resources?api-version=2021-04-01`)).status).toBe(200);
    const removal = { principalId: id, roleDefinitionId: role(CONTRIBUTOR), requestType: 'AdminRemove' };
    const removed = await client().roleEligibilityScheduleRequests.create(subscription, crypto.randomUUID(), removal);
    expect(removed).toMatchObject({ status: 'Revoked', requestorId: admin.servicePrincipal.id });
    expect((await asSuspect('GET', `${subscription}/resources?api-version=2021-04-01`)).status).toBe(200);
    await client().roleAssignmentScheduleRequests.create(subscription, crypto.randomUUID(), removal);
    expect((await asSuspect('GET', `${subscription}/resources?api-version=2021-04-01`)).status).toBe(403);
    expect((await activate()).status).toBe(404);
    const again = client().roleEligibilityScheduleRequests.create(subscription, crypto.randomUUID(), removal);
    await expect(again).rejects.toMatchObject({ code: 'RoleAssignmentDoesNotExist' });
  });

  it('takes the documented body of AdminAssign and puts back exactly what was removed', async () => {
    const { id } = suspect.servicePrincipal;
    const eligibility = azure.build.addEligibleSchedule(id, 'Contributor', subscription);
    const before = azure.snapshot();
    const create = (properties: object) =>
      client().roleEligibilityScheduleRequests.create(subscription, crypto.randomUUID(), properties);
    const subject = { principalId: id, roleDefinitionId: role(CONTRIBUTOR) };
    await create({ ...subject, requestType: 'AdminRemove' });
    expect(azure.snapshot()).not.toEqual(before);
    const restored = await create({
      ...subject,
      requestType: 'AdminAssign',
      scheduleInfo: { expiration: { type: 'NoExpiration' } },
    });
    expect(restored).toMatchObject({
      status: 'Provisioned',
      scope: subscription,
      roleDefinitionId: role(eligibility.roleName),
    });
    expect(azure.snapshot()).toEqual(before);
    const twice = create({ ...subject, requestType: 'AdminAssign', scheduleInfo: schedule });
    await expect(twice).rejects.toMatchObject({ statusCode: 409, code: 'RoleAssignmentExists' });
  });

  it('takes the documented request of an activation, with the scope written the long way', async () => {
    const { id } = suspect.servicePrincipal;
    const eligibility = azure.build.addEligibleSchedule(id, 'Contributor', subscription);
    const name = 'fea7a502-9a96-4806-a26f-eee560e52045';
    const path = `/providers/Microsoft.Authorization/roleAssignmentScheduleRequests/${name}?api-version=2020-10-01`;
    const scheduleInfo = {
      startDateTime: azure.clock().toISOString(),
      expiration: { ...schedule.expiration, duration: 'PT8H' },
    };
    const properties = {
      principalId: id,
      roleDefinitionId: role(CONTRIBUTOR),
      requestType: 'SelfActivate',
      linkedRoleEligibilityScheduleId: eligibility.name,
      scheduleInfo,
    };
    const { status, body } = await asSuspect('PUT', `/providers/Microsoft.Subscription${subscription}${path}`, {
      properties,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      properties: {
        scope: subscription,
        roleDefinitionId: role(CONTRIBUTOR),
        principalId: id,
        principalType: 'ServicePrincipal',
        requestType: 'SelfActivate',
        status: 'Provisioned',
        scheduleInfo,
        ticketInfo: { ticketNumber: null, ticketSystem: null },
        requestorId: id,
        expandedProperties: { roleDefinition: { displayName: 'Contributor', type: 'BuiltInRole' }, principal: { id } },
      },
      name,
      id: `${subscription}/providers/Microsoft.Authorization/RoleAssignmentScheduleRequests/${name}`,
      type: 'Microsoft.Authorization/RoleAssignmentScheduleRequests',
    });
    expect((await asSuspect('GET', `${subscription}${path}`)).body).toEqual(body);
    expect((await asSuspect('PUT', `${subscription}${path}`, { properties })).status).toBe(400);
  });

  it('ends an active assignment at its time', async () => {
    const end = new Date(Date.now() + 60_000).toISOString();
    azure.build.addActiveSchedule(suspect.servicePrincipal.id, 'Reader', subscription, end);
    const list = () => asSuspect('GET', `${subscription}/resources?api-version=2021-04-01`);
    expect((await list()).status).toBe(200);
    azure.advance(60_001);
    expect((await list()).status).toBe(403);
  });
});

describe('activity log', () => {
  const since = () => new Date(Date.now() - 60_000).toISOString();
  const log = (filter: string) =>
    asAdmin(
      'GET',
      `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(filter)}`,
    );

  it('tells of writes that were made or refused, in the documented shape, and not of reading', async () => {
    azure.build.assignRole(suspect.servicePrincipal.id, 'Contributor', group);
    const { id } = suspect.servicePrincipal;
    await asSuspect('GET', `${group}/providers/${VM}?api-version=2024-07-01`);
    await asSuspect('PUT', `${group}/providers/${VM}/miner?api-version=2024-07-01`, { location: 'westeurope' });
    await asSuspect('PUT', `${subscription}/resourceGroups/mine?api-version=2021-04-01`, { location: 'westeurope' });
    const { body } = await log(`eventTimestamp ge '${since()}' and caller eq '${id}'`);
    expect(body.value).toMatchObject([
      {
        status: { value: 'Failed' },
        subStatus: { value: 'Forbidden' },
        operationName: { value: 'Microsoft.Resources/subscriptions/resourceGroups/write' },
      },
      {
        caller: id,
        status: { value: 'Succeeded' },
        subStatus: { value: 'Created', localizedValue: 'Created (HTTP Status Code: 201)' },
        operationName: { value: `${VM}/write` },
        authorization: { action: `${VM}/write`, scope: `${group}/providers/${VM}/miner` },
        httpRequest: { clientIpAddress: '127.0.0.1', method: 'PUT' },
        resourceGroupName: 'prod',
        subscriptionId,
      },
      {
        status: { value: 'Started' },
        operationName: { value: `${VM}/write` },
        properties: { requestbody: '{"location":"westeurope"}' },
      },
    ]);
    expect(body.value).toHaveLength(3);
  });

  it('shows reads only where it is told to', async () => {
    const read = () => asAdmin('GET', `${subscription}/resources?api-version=2021-04-01`);
    const filter = `eventTimestamp ge '${since()}'`;
    await read();
    expect((await log(filter)).body.value).toEqual([]);
    azure.behaviour.logsReads = true;
    await read();
    expect((await log(filter)).body.value).toMatchObject([
      { operationName: { value: expect.stringMatching(/read$/iu) }, status: { value: 'Succeeded' } },
    ]);
  });

  it('comes late by the delay, and wants to know since when', async () => {
    azure.behaviour.logDelayMs = 600_000;
    await asAdmin('PUT', `${group}/providers/${VM}/late?api-version=2024-07-01`, { location: 'westeurope' });
    const filter = `eventTimestamp ge '${since()}'`;
    expect((await log(filter)).body.value).toEqual([]);
    azure.advance(600_001);
    expect((await log(filter)).body.value).toHaveLength(2);
    azure.ageLogs(3600);
    expect((await log(filter)).body.value).toEqual([]);
    expect((await log("caller eq 'x'")).status).toBe(400);
  });
});

describe('diagnostic settings', () => {
  it('are made, listed and deleted', async () => {
    const settings = `${subscription}/providers/Microsoft.Insights/diagnosticSettings`;
    const version = '?api-version=2021-05-01-preview';
    const properties = {
      workspaceId: `${group}/providers/Microsoft.OperationalInsights/workspaces/soc`,
      logs: [{ category: 'Administrative', enabled: true }],
    };
    azure.build.addDiagnosticSetting(subscription, 'to-soc', properties);
    const before = azure.snapshot();
    expect((await asSuspect('DELETE', `${settings}/to-soc${version}`)).status).toBe(403);
    expect((await asAdmin('GET', `${settings}${version}`)).body.value).toMatchObject([{ name: 'to-soc', properties }]);
    expect((await asAdmin('DELETE', `${settings}/to-soc${version}`)).status).toBe(200);
    expect((await asAdmin('GET', `${settings}/to-soc${version}`)).status).toBe(404);
    expect((await asAdmin('DELETE', `${settings}/to-soc${version}`)).status).toBe(204);
    expect((await asAdmin('PUT', `${settings}/to-soc${version}`, { properties })).status).toBe(200);
    expect(azure.snapshot()).toEqual(before);
  });
});

describe('faults and records', () => {
  const list = () => asAdmin('GET', `${subscription}/resources?api-version=2021-04-01`);

  it.each(['429', '500', '403', '409', '412'] as const)('answers %s as often as told, without effect', async (kind) => {
    azure.faults.add({ match: /^PUT /u, times: 2, kind });
    const before = azure.snapshot();
    const put = () => asAdmin('PUT', `${group}/providers/${VM}/x?api-version=2024-07-01`, {});
    expect([(await put()).status, (await put()).status]).toEqual([Number(kind), Number(kind)]);
    expect(azure.snapshot()).toEqual(before);
    expect((await put()).status).toBe(201);
  });

  it('tells how long to wait when it throttles, and holds a call that is delayed', async () => {
    azure.faults.add({ match: /^GET .*resources$/u, kind: '429', retryAfterSeconds: 7 });
    expect((await list()).headers['retry-after']).toBe('7');
    azure.faults.add({ match: ({ path }) => path.endsWith('/resources'), kind: 'delay', delayMs: 300 });
    const begun = performance.now();
    expect((await list()).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(299);
  });

  it('drops the connection before the effect or after it', async () => {
    const made = azure.build.assignRole(suspect.servicePrincipal.id, 'Reader', group);
    azure.faults.add({ match: /^DELETE /u, kind: 'drop-before' });
    const remove = () => client().roleAssignments.deleteById(made.id);
    await expect(remove()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(client().roleAssignments.getById(made.id)).resolves.toBeTruthy();
    azure.faults.add({ match: /^DELETE /u, kind: 'drop-after' });
    await expect(remove()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(client().roleAssignments.getById(made.id)).rejects.toMatchObject({ statusCode: 404 });
  });

  it('records who called what and how it ended, without secrets', async () => {
    await list();
    expect(azure.requests.at(-1)).toMatchObject({
      method: 'GET',
      path: `${subscription}/resources`,
      callerObjectId: admin.servicePrincipal.id,
      status: 200,
    });
    expect(azure.requests.some(({ path }) => path.endsWith('/oauth2/v2.0/token'))).toBe(true);
    expect(JSON.stringify(azure.requests)).not.toContain(admin.secret);
    expect(JSON.stringify(azure.snapshot())).not.toContain(admin.secret);
  });

  it('knows no other paths, no strange subscription and no caller without a token', async () => {
    expect((await asAdmin('GET', `/subscriptions/${crypto.randomUUID()}/resources`)).body.error.code).toBe(
      'SubscriptionNotFound',
    );
    expect((await asAdmin('GET', `${subscription}/nonsense`)).status).toBe(404);
    expect((await clients.call(heldToken('x.y.z'), 'GET', `${subscription}/resources`)).status).toBe(401);
  });
});
