import { createPrivateKey, X509Certificate } from 'node:crypto';

import { ClientAssertionCredential, ClientCertificateCredential } from '@azure/identity';
import { decodeJwt, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Clients, heldToken } from './clients.ts';
import { startAzure, type AddedApplication, type AzureDouble } from './index.ts';

let azure: AzureDouble;
let clients: Clients;
let admin: AddedApplication;
let subscription: string;

beforeAll(async () => {
  azure = await startAzure();
  clients = new Clients(azure);
  subscription = azure.build.addSubscription();
  admin = azure.build.addApplication('responder', {
    permissions: [
      'Application.ReadWrite.All',
      'User.Read.All',
      'User.EnableDisableAccount.All',
      'User.RevokeSessions.All',
    ],
  });
});
afterAll(() => azure.stop());

const scope = () => `${azure.url}/.default`;
const asAdmin = (method: 'PATCH' | 'POST', path: string, body?: unknown) =>
  clients.call(clients.credential(admin), method, `/v1.0${path}`, body);

describe('sign-in of a service principal', () => {
  it('gets a token that names it, for about an hour', async () => {
    const app = azure.build.addApplication('pipeline', { permissions: ['User.Read.All'] });
    const { token, expiresOnTimestamp } = await clients.credential(app).getToken(scope());
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      oid: app.servicePrincipal.id,
      appid: app.appId,
      tid: azure.tenantId,
      roles: ['User.Read.All'],
    });
    expect(claims.exp! - claims.iat!).toBe(3600);
    expect(expiresOnTimestamp - Date.now()).toBeGreaterThan(3_000_000);
  });

  it('is refused once it is disabled, and let in again once enabled', async () => {
    const app = azure.build.addApplication('pipeline');
    const path = `/servicePrincipals/${app.servicePrincipal.id}`;
    expect((await asAdmin('PATCH', path, { accountEnabled: false })).status).toBe(204);
    await expect(clients.credential(app).getToken(scope())).rejects.toThrow(/AADSTS7000112.*is disabled/u);
    await asAdmin('PATCH', path, { accountEnabled: true });
    await expect(clients.credential(app).getToken(scope())).resolves.toBeTruthy();
  });

  it('is refused with a removed secret only when application and service principal have both lost theirs', async () => {
    const app = azure.build.addApplication('pipeline', {
      passwords: [{ secret: 'of-the-application' }],
      servicePrincipalPasswords: [{ secret: 'of-the-principal' }],
    });
    const [keyId] = app.application.passwordCredentials.map((one) => one.keyId);
    const removal = await asAdmin('POST', `/applications/${app.application.id}/removePassword`, { keyId });
    expect(removal.status).toBe(204);
    await expect(clients.credential(app).getToken(scope())).rejects.toThrow(/AADSTS7000215/u);
    const other = { appId: app.appId, secret: 'of-the-principal' };
    await expect(clients.credential(other).getToken(scope())).resolves.toBeTruthy();
  });

  it.each([
    ['an unknown client', 'AADSTS700016', () => ({ appId: crypto.randomUUID(), secret: 'x' })],
    ['a wrong secret', 'AADSTS7000215', () => ({ ...azure.build.addApplication('a'), secret: 'wrong' })],
    [
      'an expired secret',
      'AADSTS7000222',
      () => azure.build.addApplication('a', { passwords: [{ endDateTime: '2020-01-01T00:00:00Z' }] }),
    ],
  ])('refuses %s with %s', async (_, code, app) => {
    await expect(clients.credential(app()).getToken(scope())).rejects.toThrow(code);
  });

  it('works with a certificate until it is taken away', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'pipeline' }], {
      keySize: 2048,
      algorithm: 'sha256',
    });
    const app = azure.build.addApplication('pipeline', { passwords: [], certificates: [cert] });
    const { tenantId, url, ca } = azure;
    const credential = () =>
      new ClientCertificateCredential(
        tenantId,
        app.appId,
        { certificate: `${cert}\n${key}` },
        {
          authorityHost: url,
          disableInstanceDiscovery: true,
          tlsOptions: { ca },
          retryOptions: { maxRetries: 0 },
        },
      );
    expect(createPrivateKey(key).asymmetricKeyType).toBe('rsa');
    expect(new X509Certificate(cert).subject).toContain('pipeline');
    await expect(credential().getToken(scope())).resolves.toBeTruthy();
    await asAdmin('PATCH', `/applications/${app.application.id}`, { keyCredentials: [] });
    await expect(credential().getToken(scope())).rejects.toThrow('AADSTS700027');
  });

  it('works with an assertion of a federated issuer, for its subject only', async () => {
    const [issuer, subject] = ['https://ci.example', 'repo:contoso/app:ref:refs/heads/main'];
    const app = azure.build.addApplication('pipeline', { passwords: [], federated: [{ issuer, subject }] });
    const assertion = (sub: string) => () =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(issuer)
        .setSubject(sub)
        .setAudience('api://AzureADTokenExchange')
        .sign(new TextEncoder().encode('a secret of thirty-two characters'));
    const { tenantId, url, ca } = azure;
    const as = (sub: string) =>
      new ClientAssertionCredential(tenantId, app.appId, assertion(sub), {
        authorityHost: url,
        disableInstanceDiscovery: true,
        tlsOptions: { ca },
        retryOptions: { maxRetries: 0 },
      });
    await expect(as(subject).getToken(scope())).resolves.toBeTruthy();
    await expect(as('repo:mallory/app:ref:refs/heads/main').getToken(scope())).rejects.toThrow('AADSTS700213');
  });
});

describe('sign-in of a user', () => {
  const signIn = (username: string, password: string) => clients.token({ grant_type: 'password', username, password });
  const refresh = (refresh_token: string) => clients.token({ grant_type: 'refresh_token', refresh_token });

  it('gives access and refresh tokens, which a revocation ends for good', async () => {
    const user = azure.build.addUser({ userPrincipalName: 'alice@contoso.com', password: 'right' });
    const first = await signIn('Alice@contoso.com', 'right');
    expect(first.status).toBe(200);
    expect((await refresh(first.body.refresh_token)).status).toBe(200);
    azure.advance(1);
    const revoked = await asAdmin('POST', `/users/${user.id}/revokeSignInSessions`);
    expect(revoked).toMatchObject({ status: 200, body: { value: true } });
    expect((await refresh(first.body.refresh_token)).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [50173],
    });
    const again = await signIn('alice@contoso.com', 'right');
    expect((await refresh(again.body.refresh_token)).status).toBe(200);
  });

  it('refuses a wrong password and a disabled user', async () => {
    const user = azure.build.addUser({ userPrincipalName: 'bob@contoso.com', password: 'right' });
    expect((await signIn('bob@contoso.com', 'wrong')).body.error_codes).toEqual([50126]);
    const { refresh_token } = (await signIn('bob@contoso.com', 'right')).body;
    await asAdmin('PATCH', '/users/bob@contoso.com', { accountEnabled: false });
    expect(user.accountEnabled).toBe(false);
    expect((await signIn('bob@contoso.com', 'right')).body.error_codes).toEqual([50057]);
    expect((await refresh(refresh_token)).body.error_codes).toEqual([50057]);
  });
});

describe('a token that is out', () => {
  it('goes on working on Resource Manager after the principal is disabled, and stops on Graph at once', async () => {
    const app = azure.build.addApplication('pipeline', { permissions: ['User.Read.All'] });
    azure.build.assignRole(app.servicePrincipal.id, 'Reader', subscription);
    const held = heldToken((await clients.credential(app).getToken(scope())).token);
    const list = () => clients.call(held, 'GET', `${subscription}/resources?api-version=2021-04-01`);
    const users = () => clients.call(held, 'GET', '/v1.0/users');
    expect([(await list()).status, (await users()).status]).toEqual([200, 200]);
    await asAdmin('PATCH', `/servicePrincipals/${app.servicePrincipal.id}`, { accountEnabled: false });
    expect((await list()).status).toBe(200);
    const refused = await users();
    expect(refused).toMatchObject({ status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } });
    expect(refused.headers['www-authenticate']).toContain('insufficient_claims');
    azure.behaviour.continuousAccessOnResourceManager = true;
    expect((await list()).status).toBe(401);
    azure.behaviour.continuousAccessOnResourceManager = false;
  });

  it('expires, and neither a forged nor a foreign one is taken', async () => {
    const identity = azure.build.addManagedIdentity('vm');
    azure.build.assignRole(identity.id, 'Reader', subscription);
    const other = await startAzure();
    const stranger = other.build.addManagedIdentity('vm');
    const list = (token: string) =>
      clients.call(heldToken(token), 'GET', `${subscription}/resources?api-version=2021-04-01`);
    const short = await azure.issueToken({ objectId: identity.id, lifetimeSeconds: 60 });
    const long = await azure.issueToken({ objectId: identity.id, lifetimeSeconds: 86_400 });
    expect((await list(short)).status).toBe(200);
    azure.advance(61_000);
    expect(await list(short)).toMatchObject({ status: 401, body: { error: { code: 'ExpiredAuthenticationToken' } } });
    expect((await list(long)).status).toBe(200);
    expect((await list(await other.issueToken({ objectId: stranger.id }))).status).toBe(401);
    const forGraph = await azure.issueToken({ objectId: identity.id, audience: 'https://graph.microsoft.com' });
    expect((await list(forGraph)).status).toBe(401);
    await other.stop();
  });
});
