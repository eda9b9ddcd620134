import { iam_v1 } from '@googleapis/iam';
import { importPKCS8, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { bearer, credentialsOf, startGcp, type GcpDouble, type KeyFile } from './index.ts';

let gcp: GcpDouble;
let project: string;
let account: { name: string; email: string; uniqueId: string };
let key: KeyFile;
let admin: iam_v1.Iam;

beforeEach(async () => {
  gcp = await startGcp();
  project = gcp.addProject('shop-prod', gcp.addOrganization());
  account = gcp.addServiceAccount(project, 'deployer');
  key = await gcp.addKey(account.email);
  gcp.bind(project, 'roles/viewer', `serviceAccount:${account.email}`);
  gcp.bind(project, 'roles/owner', gcp.addUser('ops@example.com'));
  admin = iamAs(bearer(gcp.accessToken('ops@example.com')));
});
afterEach(() => gcp.stop());

function iamAs(auth: ReturnType<typeof credentialsOf> | ReturnType<typeof bearer>): iam_v1.Iam {
  return new iam_v1.Iam({ rootUrl: `${gcp.url}/`, auth, retry: false });
}

const listAccounts = (iam: iam_v1.Iam) => iam.projects.serviceAccounts.list({ name: project });
const keyNameOf = (file: KeyFile) => `${account.name}/keys/${file.private_key_id}`;

/** As a thief's own tool would do it, without any library. */
async function exchange(
  file: KeyFile,
  claims: { aud?: string; iatS?: number; expS?: number } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const nowS = Math.floor(Date.now() / 1000);
  const assertion = await new SignJWT({ scope: 'https://www.googleapis.com/auth/cloud-platform' })
    .setProtectedHeader({ alg: 'RS256', kid: file.private_key_id })
    .setIssuer(file.client_email)
    .setAudience(claims.aud ?? file.token_uri)
    .setIssuedAt(claims.iatS ?? nowS)
    .setExpirationTime(claims.expS ?? nowS + 3600)
    .sign(await importPKCS8(file.private_key, 'RS256'));
  const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  const response = await fetch(file.token_uri, { method: 'POST', body: form });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('the real client gets a token with a key file and lists; the assertion is in no record', async () => {
  const { data } = await listAccounts(iamAs(credentialsOf(key)));
  expect(data.accounts?.map(({ email }) => email)).toEqual([account.email]);
  expect(gcp.requests.map(({ path, caller, status }) => [path, caller, status])).toEqual([
    ['/token', undefined, 200],
    ['/v1/projects/shop-prod/serviceAccounts', account.email, 200],
  ]);
  expect(JSON.stringify(gcp.requests)).not.toContain('eyJ');
});

test('a disabled key gets no new token; tokens that it got before go on working', async () => {
  const thief = iamAs(credentialsOf(key));
  await listAccounts(thief);
  await admin.projects.serviceAccounts.keys.disable({ name: keyNameOf(key) });
  await expect(listAccounts(thief)).resolves.toMatchObject({ status: 200 });
  await expect(listAccounts(iamAs(credentialsOf(key)))).rejects.toThrow(/invalid_grant/);
  expect(await exchange(key)).toEqual({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
  });
  await admin.projects.serviceAccounts.keys.enable({ name: keyNameOf(key) });
  expect(await exchange(key)).toMatchObject({ status: 200 });
});

test('a disabled key does not pass for its neighbour, and the neighbour is untouched', async () => {
  const other = await gcp.addKey(account.email);
  await admin.projects.serviceAccounts.keys.disable({ name: keyNameOf(key) });
  expect(await exchange(key)).toMatchObject({ status: 400 });
  expect(await exchange(other)).toMatchObject({ status: 200 });
});

test('a deleted key is refused like a disabled one', async () => {
  await admin.projects.serviceAccounts.keys.delete({ name: keyNameOf(key) });
  expect(await exchange(key)).toMatchObject({ body: { error_description: 'Invalid JWT Signature.' } });
});

test('a disabled account: no new tokens, old ones are refused, and both come back when it is enabled', async () => {
  const thief = iamAs(credentialsOf(key));
  await listAccounts(thief);
  await admin.projects.serviceAccounts.disable({ name: account.name });
  await expect(listAccounts(thief)).rejects.toMatchObject({
    status: 401,
    response: {
      data: {
        error: {
          code: 401,
          status: 'UNAUTHENTICATED',
          details: [{ reason: 'ACCOUNT_STATE_INVALID', domain: 'googleapis.com', metadata: { email: account.email } }],
        },
      },
    },
  });
  expect(await exchange(key)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  await admin.projects.serviceAccounts.enable({ name: account.name });
  await expect(listAccounts(thief)).resolves.toMatchObject({ status: 200 });
  expect(await exchange(key)).toMatchObject({ status: 200 });
});

test.each([
  ['a foreign audience', { aud: 'https://elsewhere.example/token' }, 'Invalid JWT: Failed audience check.'],
  ['an assertion of yesterday', { iatS: 1_700_000_000, expS: 1_700_003_600 }, 'Invalid JWT: Token must be'],
  ['one of more than an hour', { expS: Math.floor(Date.now() / 1000) + 7200 }, 'Invalid JWT: Token must be'],
])('%s is refused', async (_case, claims, message) => {
  const { status, body } = await exchange(key, claims);
  expect(status).toBe(400);
  expect(body['error_description']).toContain(message);
});

test('a key of another account does not open this one', async () => {
  const foreign = await gcp.addKey(gcp.addServiceAccount(project, 'other').email);
  const { body } = await exchange({ ...foreign, client_email: account.email });
  expect(body).toEqual({ error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
  expect((await exchange({ ...key, client_email: 'ghost@shop-prod.iam.gserviceaccount.com' })).body).toMatchObject({
    error_description: 'Invalid grant: account not found',
  });
});

test('tokens expire, and what was never a token is refused', async () => {
  const token = gcp.accessToken('ops@example.com');
  gcp.advance(3_600_001);
  await expect(listAccounts(iamAs(bearer(token)))).rejects.toMatchObject({
    response: { data: { error: { details: [{ reason: 'ACCESS_TOKEN_EXPIRED' }] } } },
  });
  await expect(listAccounts(iamAs(bearer('ya29.made-up')))).rejects.toMatchObject({ status: 401 });
  expect((await fetch(`${gcp.url}/v1/projects/shop-prod/serviceAccounts`)).status).toBe(401);
});

test('tokeninfo tells whose a token is, while it lives', async () => {
  const info = async () => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${gcp.url}/tokeninfo`, { method: 'POST', headers });
    return { status: response.status, body: await response.json() };
  };
  const token = gcp.accessToken(account.email);
  expect(await info()).toMatchObject({ status: 200, body: { email: account.email } });
  gcp.advance(3_600_001);
  expect(await info()).toMatchObject({ status: 400, body: { error: 'invalid_token' } });
});

test('generateAccessToken needs tokenCreator on the account; ownership of the project is not enough', async () => {
  const mint = async (caller: string) => {
    const response = await fetch(`${gcp.url}/v1/projects/-/serviceAccounts/${account.email}:generateAccessToken`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gcp.accessToken(caller)}` },
      body: JSON.stringify({ scope: ['https://www.googleapis.com/auth/cloud-platform'] }),
    });
    return { status: response.status, body: (await response.json()) as { accessToken: string; error?: unknown } };
  };
  expect(await mint('ops@example.com')).toEqual({
    status: 403,
    body: {
      error: {
        code: 403,
        message: "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
        status: 'PERMISSION_DENIED',
        details: [expect.objectContaining({ reason: 'IAM_PERMISSION_DENIED', domain: 'iam.googleapis.com' })],
      },
    },
  });
  gcp.bind(account.name, 'roles/iam.serviceAccountTokenCreator', 'user:ops@example.com');
  const { status, body } = await mint('ops@example.com');
  expect(status).toBe(200);
  await listAccounts(iamAs(bearer(body.accessToken)));
  expect(gcp.log().at(-1)).toMatchObject({
    protoPayload: {
      authenticationInfo: {
        principalEmail: account.email,
        serviceAccountDelegationInfo: [{ firstPartyPrincipal: { principalEmail: 'ops@example.com' } }],
      },
    },
  });
  await admin.projects.serviceAccounts.disable({ name: account.name });
  expect((await mint('ops@example.com')).status).toBe(400);
});
