import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Clients } from './clients.ts';
import { appRoleId, startAzure, type AddedApplication, type AzureDouble } from './index.ts';

let azure: AzureDouble;
let clients: Clients;
let admin: AddedApplication;

beforeEach(async () => {
  azure = await startAzure();
  clients = new Clients(azure);
  admin = azure.build.addApplication('responder', {
    permissions: [
      'User.Read.All',
      'User.EnableDisableAccount.All',
      'User.RevokeSessions.All',
      'User-PasswordProfile.ReadWrite.All',
      'Application.ReadWrite.All',
      'GroupMember.Read.All',
      'DelegatedPermissionGrant.Read.All',
      'AppRoleAssignment.ReadWrite.All',
      'AuditLog.Read.All',
      'Directory.Read.All',
      'Organization.Read.All',
    ],
  });
});
afterEach(() => azure.stop());

type Method = 'GET' | 'PATCH' | 'POST' | 'DELETE';
const as = (app: AddedApplication) => (method: Method, path: string, body?: unknown) =>
  clients.call(clients.credential(app), method, `/v1.0${path}`, body);
const asAdmin = (method: Method, path: string, body?: unknown) => as(admin)(method, path, body);
const filter = (text: string) => `?$filter=${encodeURIComponent(text)}`;

describe('permissions', () => {
  const cases: readonly [permission: string, method: Method, path: string, body?: object][] = [
    ['User.Read.All', 'GET', '/users/USER'],
    ['User.EnableDisableAccount.All', 'PATCH', '/users/USER', { accountEnabled: false }],
    ['User-PasswordProfile.ReadWrite.All', 'PATCH', '/users/USER', { passwordProfile: { password: 'new' } }],
    ['User.RevokeSessions.All', 'POST', '/users/USER/revokeSignInSessions'],
    ['GroupMember.Read.All', 'GET', '/users/USER/transitiveMemberOf'],
    ['UserAuthenticationMethod.Read.All', 'GET', '/users/USER/authentication/methods'],
    ['DelegatedPermissionGrant.Read.All', 'GET', '/users/USER/oauth2PermissionGrants'],
    ['Application.Read.All', 'GET', '/servicePrincipals/SP'],
    ['Application.Read.All', 'GET', '/servicePrincipals/SP/appRoleAssignments'],
    ['Application.ReadWrite.All', 'PATCH', '/servicePrincipals/SP', { accountEnabled: false }],
    ['Application.ReadWrite.All', 'POST', '/applications/APP/addPassword', {}],
    ['AuditLog.Read.All and Directory.Read.All', 'GET', '/auditLogs/signIns'],
    ['Directory.Read.All and AuditLog.Read.All', 'GET', '/auditLogs/directoryAudits'],
    ['Organization.Read.All', 'GET', '/organization'],
  ];

  it.each(cases)('%s lets %s %s, and without it nothing happens', async (permission, method, path, body) => {
    const user = azure.build.addUser({ userPrincipalName: 'alice@contoso.com' });
    const target = azure.build.addApplication('target');
    const wanted = permission.split(' and ');
    const [holder, other] = [
      azure.build.addApplication('a', { permissions: wanted }),
      azure.build.addApplication('b', { permissions: ['Mail.Read', ...wanted.slice(1)] }),
    ];
    const real = path
      .replace('USER', user.id)
      .replace('SP', target.servicePrincipal.id)
      .replace('APP', target.application.id);
    const before = azure.snapshot();
    const refused = await as(other)(method, real, body);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'Authorization_RequestDenied' } } });
    expect(azure.snapshot()).toEqual(before);
    expect((await as(holder)(method, real, body)).status).toBeLessThan(300);
  });

  it('asks for a directory role besides, where the user holds one', async () => {
    const boss = azure.build.addUser({
      userPrincipalName: 'root@contoso.com',
      directoryRoles: ['Global Administrator'],
    });
    const permissions = ['User.EnableDisableAccount.All'];
    const plain = azure.build.addApplication('plain', { permissions });
    const strong = azure.build.addApplication('strong', {
      permissions,
      directoryRoles: ['Privileged Authentication Administrator'],
    });
    expect((await as(plain)('PATCH', `/users/${boss.id}`, { accountEnabled: false })).status).toBe(403);
    expect((await as(strong)('PATCH', `/users/${boss.id}`, { accountEnabled: false })).status).toBe(204);
  });

  it('lets an owner change what it owns', async () => {
    const owner = azure.build.addApplication('owner', { permissions: ['Application.ReadWrite.OwnedBy'] });
    const own = azure.build.addApplication('own', { ownerIds: [owner.servicePrincipal.id] });
    const foreign = azure.build.addApplication('foreign');
    const disable = (app: AddedApplication) =>
      as(owner)('PATCH', `/servicePrincipals/${app.servicePrincipal.id}`, { accountEnabled: false });
    expect((await disable(own)).status).toBe(204);
    expect((await disable(foreign)).status).toBe(403);
  });
});

describe('users', () => {
  it('are read by id and by name, in the documented shape', async () => {
    const user = azure.build.addUser({ userPrincipalName: 'alice@contoso.com', displayName: 'Alice' });
    const { body } = await asAdmin('GET', `/users/${encodeURIComponent('alice@contoso.com')}`);
    expect(body).toMatchObject({
      id: user.id,
      displayName: 'Alice',
      userPrincipalName: 'alice@contoso.com',
      businessPhones: [],
    });
    expect(body).not.toHaveProperty('accountEnabled');
    const chosen = await asAdmin('GET', `/users/${user.id}?$select=id,accountEnabled`);
    expect(chosen.body).toEqual({ '@odata.context': expect.any(String), id: user.id, accountEnabled: true });
    const gone = await asAdmin('GET', `/users/${crypto.randomUUID()}`);
    expect(gone).toMatchObject({
      status: 404,
      body: { error: { code: 'Request_ResourceNotFound', innerError: { 'request-id': expect.any(String) } } },
    });
  });

  it('are disabled and enabled again, exactly', async () => {
    const user = azure.build.addUser({ userPrincipalName: 'alice@contoso.com' });
    const before = azure.snapshot();
    await asAdmin('PATCH', `/users/${user.id}`, { accountEnabled: false });
    expect(azure.snapshot()).not.toEqual(before);
    await asAdmin('PATCH', `/users/${user.id}`, { accountEnabled: true });
    expect(azure.snapshot()).toEqual(before);
  });

  it('get a new password by the documented body, which ends sessions and is written nowhere', async () => {
    const user = azure.build.addUser({ userPrincipalName: 'alice@contoso.com', password: 'old' });
    const password = 'xWwvJ]6NMw+bWH-d';
    const passwordProfile = { forceChangePasswordNextSignIn: false, password };
    expect((await asAdmin('PATCH', `/users/${user.id}`, { passwordProfile })).status).toBe(204);
    const signIn = (typed: string) =>
      clients.token({ grant_type: 'password', username: 'alice@contoso.com', password: typed });
    expect((await signIn('old')).body.error_codes).toEqual([50126]);
    expect((await signIn(password)).status).toBe(200);
    const { body } = await asAdmin('GET', '/auditLogs/directoryAudits');
    expect(JSON.stringify([body, azure.requests, azure.snapshot()])).not.toContain(password);
  });

  it('have groups through groups, directory roles and grants', async () => {
    const user = azure.build.addUser({
      userPrincipalName: 'alice@contoso.com',
      directoryRoles: ['User Administrator'],
    });
    azure.build.addGroup('outer', [azure.build.addGroup('inner', [user])]);
    azure.build.addOAuth2PermissionGrant(admin.servicePrincipal.id, user.id, 'Mail.Read offline_access');
    const names = async (path: string) =>
      (await asAdmin('GET', `/users/${user.id}${path}`)).body.value.map(({ displayName }) => displayName);
    expect(await names('/transitiveMemberOf')).toEqual(['inner', 'outer', 'User Administrator']);
    expect(await names('/transitiveMemberOf/microsoft.graph.group')).toEqual(['inner', 'outer']);
    const grants = await asAdmin('GET', `/users/${user.id}/oauth2PermissionGrants`);
    expect(grants.body.value).toMatchObject([
      { clientId: admin.servicePrincipal.id, consentType: 'Principal', scope: 'Mail.Read offline_access' },
    ]);
  });

  it('come in pages', async () => {
    azure.behaviour.pageSize = 2;
    for (const name of ['a', 'b', 'c']) azure.build.addUser({ userPrincipalName: `${name}@contoso.com` });
    const first = await asAdmin('GET', '/users');
    expect(first.body.value).toHaveLength(2);
    const second = await asAdmin('GET', String(first.body['@odata.nextLink']).replace(`${azure.url}/v1.0`, ''));
    expect(second.body.value).toHaveLength(1);
    expect(second.body).not.toHaveProperty('@odata.nextLink');
  });
});

describe('applications and service principals', () => {
  it('are found by object id, application id and filter', async () => {
    const { appId, application, servicePrincipal } = azure.build.addApplication('pipeline');
    for (const path of [`/servicePrincipals/${servicePrincipal.id}`, `/servicePrincipals(appId='${appId}')`])
      expect((await asAdmin('GET', path)).body).toMatchObject({
        id: servicePrincipal.id,
        appId,
        accountEnabled: true,
        servicePrincipalType: 'Application',
      });
    for (const path of [`/applications/${application.id}`, `/applications(appId='${appId}')`])
      expect((await asAdmin('GET', path)).body).toMatchObject({ id: application.id, appId, displayName: 'pipeline' });
    for (const text of [`appId eq '${appId}'`, "displayName eq 'pipeline'"])
      expect((await asAdmin('GET', `/servicePrincipals${filter(text)}`)).body.value).toMatchObject([
        { id: servicePrincipal.id },
      ]);
    expect((await asAdmin('GET', `/servicePrincipals/${application.id}`)).status).toBe(404);
  });

  it('tell a new secret once, and remove only one that exists', async () => {
    const { application } = azure.build.addApplication('pipeline', { passwords: [] });
    const path = `/applications/${application.id}`;
    const added = await asAdmin('POST', `${path}/addPassword`, {
      passwordCredential: { displayName: 'Password friendly name' },
    });
    expect(added.body).toMatchObject({
      displayName: 'Password friendly name',
      keyId: expect.any(String),
      secretText: expect.any(String),
    });
    const { passwordCredentials } = (await asAdmin('GET', path)).body;
    expect(passwordCredentials).toMatchObject([
      { keyId: added.body.keyId, secretText: null, hint: added.body.secretText.slice(0, 3) },
    ]);
    const missing = await asAdmin('POST', `${path}/removePassword`, { keyId: 'f0b0b335-1d71-4883-8f98-567911bfdca6' });
    expect(missing).toMatchObject({
      status: 400,
      body: { error: { code: 'Request_BadRequest', message: 'No password credential found with keyId.' } },
    });
    expect((await asAdmin('POST', `${path}/removePassword`, { keyId: added.body.keyId })).status).toBe(204);
  });

  it('have certificates that are replaced as a list, and come back exactly if their key was read before', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((value) => generate([{ name: 'commonName', value }], { keyType: 'ec', algorithm: 'sha256' })),
    );
    const { application } = azure.build.addApplication('pipeline', { certificates: [one!.cert, two!.cert] });
    const path = `/applications/${application.id}`;
    const before = azure.snapshot();
    expect((await asAdmin('GET', path)).body.keyCredentials).toMatchObject([{ key: null }, { key: null }]);
    const { keyCredentials } = (await asAdmin('GET', `${path}?$select=keyCredentials`)).body;
    expect(keyCredentials[0]!['key']).toEqual(expect.any(String));
    const { key: _, ...kept } = keyCredentials[0]!;
    expect((await asAdmin('PATCH', path, { keyCredentials: [kept] })).status).toBe(204);
    expect(application.keyCredentials).toHaveLength(1);
    const withoutKey = await asAdmin('PATCH', path, { keyCredentials: [kept, { ...keyCredentials[1], key: null }] });
    expect(withoutKey.status).toBe(400);
    expect((await asAdmin('PATCH', path, { keyCredentials })).status).toBe(204);
    expect(azure.snapshot()).toEqual(before);
  });

  it('have federated credentials, owners and permissions', async () => {
    const owner = azure.build.addUser({ userPrincipalName: 'owner@contoso.com' });
    const federated = [{ issuer: 'https://ci.example', subject: 'repo:x' }];
    const { application, servicePrincipal } = azure.build.addApplication('pipeline', {
      federated,
      ownerIds: [owner.id],
      permissions: ['User.Read.All'],
    });
    const path = `/applications/${application.id}/federatedIdentityCredentials`;
    const { body } = await asAdmin('GET', path);
    expect(body.value).toMatchObject([{ ...federated[0], audiences: ['api://AzureADTokenExchange'] }]);
    expect((await asAdmin('DELETE', `${path}/${String(body.value[0]!['id'])}`)).status).toBe(204);
    expect(
      (await asAdmin('POST', path, { name: 'workload', ...federated[0], audiences: ['api://AzureADTokenExchange'] }))
        .status,
    ).toBe(201);
    expect((await asAdmin('GET', `/applications/${application.id}/owners`)).body.value).toMatchObject([
      { '@odata.type': '#microsoft.graph.user', id: owner.id },
    ]);
    const held = `/servicePrincipals/${servicePrincipal.id}/appRoleAssignments`;
    const [assignment] = (await asAdmin('GET', held)).body.value;
    expect(assignment).toMatchObject({
      principalId: servicePrincipal.id,
      appRoleId: appRoleId('User.Read.All'),
      resourceDisplayName: 'Microsoft Graph',
    });
    expect((await asAdmin('DELETE', `${held}/${String(assignment!['id'])}`)).status).toBe(204);
    expect((await asAdmin('GET', held)).body.value).toEqual([]);
  });
});

describe('logs', () => {
  it('tell who changed what, late by the delay', async () => {
    const { servicePrincipal } = azure.build.addApplication('pipeline');
    azure.behaviour.logDelayMs = 120_000;
    await asAdmin('PATCH', `/servicePrincipals/${servicePrincipal.id}`, { accountEnabled: false });
    const read = () =>
      asAdmin('GET', `/auditLogs/directoryAudits${filter(`targetResources/any(t: t/id eq '${servicePrincipal.id}')`)}`);
    expect((await read()).body.value).toEqual([]);
    azure.advance(120_001);
    expect((await read()).body.value).toMatchObject([
      {
        activityDisplayName: 'Update service principal',
        result: 'success',
        initiatedBy: { app: { servicePrincipalId: admin.servicePrincipal.id, displayName: 'responder' } },
        targetResources: [{ id: servicePrincipal.id, type: 'ServicePrincipal' }],
      },
    ]);
  });

  it('tell of sign-ins, refused ones too, by kind', async () => {
    const user = azure.build.addUser({ userPrincipalName: 'alice@contoso.com', password: 'right' });
    for (const password of ['wrong', 'right'])
      await clients.token({ grant_type: 'password', username: 'alice@contoso.com', password });
    const errorCodes = async (text: string) =>
      (await clients.call(clients.credential(admin), 'GET', `/beta/auditLogs/signIns${filter(text)}`)).body.value.map(
        ({ status }) => (status as { errorCode: number }).errorCode,
      );
    expect(await errorCodes(`userId eq '${user.id}'`)).toEqual([0, 50126]);
    const since = new Date(azure.clock().getTime() + 1000).toISOString();
    expect(await errorCodes(`userId eq '${user.id}' and createdDateTime ge ${since}`)).toEqual([]);
    const mine = `signInEventTypes/any(t: t eq 'servicePrincipal') and servicePrincipalId eq '${admin.servicePrincipal.id}'`;
    expect((await errorCodes(mine)).length).toBeGreaterThan(0);
    expect(await errorCodes(`servicePrincipalId eq '${admin.servicePrincipal.id}'`)).toEqual([]);
  });
});
