import { iam_v1 } from '@googleapis/iam';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { bearer, credentialsOf, startGcp, type GcpDouble, type KeyFile } from './index.ts';

let gcp: GcpDouble;
let project: string;
let account: { name: string; email: string; uniqueId: string };
let accounts: iam_v1.Resource$Projects$Serviceaccounts;

beforeEach(async () => {
  gcp = await startGcp();
  project = gcp.addProject('shop-prod', gcp.addOrganization());
  account = gcp.addServiceAccount(project, 'deployer');
  gcp.bind(project, 'roles/owner', gcp.addUser('ops@example.com'));
  const auth = bearer(gcp.accessToken('ops@example.com'));
  accounts = new iam_v1.Iam({ rootUrl: `${gcp.url}/`, auth, retry: false }).projects.serviceAccounts;
});
afterEach(() => gcp.stop());

test.each([
  ['by e-mail', () => account.name],
  ['by number', () => `${project}/serviceAccounts/${account.uniqueId}`],
  ['with the wildcard', () => `projects/-/serviceAccounts/${account.email}`],
  ['by number with the wildcard', () => `projects/-/serviceAccounts/${account.uniqueId}`],
])('an account is found %s', async (_case, name) => {
  const { data } = await accounts.get({ name: name() });
  expect(data).toMatchObject({ ...account, projectId: 'shop-prod', oauth2ClientId: account.uniqueId });
  expect(data.uniqueId).toMatch(/^\d{21}$/);
  expect(data).not.toHaveProperty('disabled');
});

test('one that is not there is a 404 by its project and, misleadingly, a 403 by the wildcard', async () => {
  await expect(accounts.get({ name: `${project}/serviceAccounts/ghost@x` })).rejects.toMatchObject({ status: 404 });
  await expect(accounts.get({ name: 'projects/-/serviceAccounts/ghost@x' })).rejects.toMatchObject({ status: 403 });
});

test('an account has a key of Google that cannot be touched, beside those that people made', async () => {
  const file = await gcp.addKey(account.email);
  const all = (await accounts.keys.list({ name: account.name })).data.keys ?? [];
  expect(all.map(({ keyType }) => keyType)).toEqual(['SYSTEM_MANAGED', 'USER_MANAGED']);
  const own = (await accounts.keys.list({ name: account.name, keyTypes: ['USER_MANAGED'] })).data.keys ?? [];
  expect(own).toEqual([
    {
      name: `${account.name}/keys/${file.private_key_id}`,
      validAfterTime: expect.any(String),
      validBeforeTime: '9999-12-31T23:59:59Z',
      keyAlgorithm: 'KEY_ALG_RSA_2048',
      keyOrigin: 'GOOGLE_PROVIDED',
      keyType: 'USER_MANAGED',
    },
  ]);
  await expect(accounts.keys.disable({ name: all[0]?.name ?? '' })).rejects.toMatchObject({ status: 400 });
});

test('disabling twice is harmless, enabling takes it back exactly', async () => {
  const name = `${account.name}/keys/${(await gcp.addKey(account.email)).private_key_id}`;
  const before = gcp.snapshot();
  await accounts.keys.disable({ name });
  await accounts.keys.disable({ name });
  expect((await accounts.keys.get({ name })).data).toMatchObject({
    disabled: true,
    disableReason: 'SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED',
  });
  expect(gcp.snapshot()).not.toBe(before);
  await accounts.keys.enable({ name });
  expect(gcp.snapshot()).toBe(before);
});

test('a key that Google disabled keeps its reason, and that it was exposed for life', async () => {
  const { private_key_id: id } = await gcp.addKey(account.email);
  gcp.exposeKey(id, 'https://github.com/example/shop/blob/main/key.json');
  const name = `${account.name}/keys/${id}`;
  await accounts.keys.disable({ name });
  const exposed = [
    {
      key: 'SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED',
      value: 'https://github.com/example/shop/blob/main/key.json',
    },
  ];
  expect((await accounts.keys.get({ name })).data).toMatchObject({
    disableReason: 'SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED',
    extendedStatus: exposed,
  });
  await accounts.keys.enable({ name });
  expect((await accounts.keys.get({ name })).data).toMatchObject({ extendedStatus: exposed });
});

test('a key made through the API opens the account; its private half stays in that one answer', async () => {
  const { data } = await accounts.keys.create({ name: account.name });
  const file = JSON.parse(Buffer.from(data.privateKeyData ?? '', 'base64').toString()) as KeyFile;
  expect(file).toMatchObject({ type: 'service_account', client_email: account.email, client_id: account.uniqueId });
  expect((await credentialsOf(file).getAccessToken()).token).toMatch(/^ya29\./);
  const inside = file.private_key.split('\n')[3] ?? '';
  expect(inside.length).toBeGreaterThan(40);
  for (const kept of [gcp.snapshot(), JSON.stringify(gcp.log()), JSON.stringify(gcp.requests)])
    expect(kept).not.toContain(inside);
});

test('a deleted key is gone, and an eleventh is refused', async () => {
  const files = [];
  for (let n = 0; n < 10; n += 1) files.push(await gcp.addKey(account.email));
  await expect(accounts.keys.create({ name: account.name })).rejects.toThrow('Precondition check failed.');
  const name = `${account.name}/keys/${files[0]?.private_key_id}`;
  await accounts.keys.delete({ name });
  await expect(accounts.keys.get({ name })).rejects.toMatchObject({ status: 404 });
  await expect(accounts.keys.create({ name: account.name })).resolves.toMatchObject({ status: 200 });
});

test('roles tell their permissions', async () => {
  const { roles } = new iam_v1.Iam({ rootUrl: `${gcp.url}/`, auth: bearer(gcp.accessToken('ops@example.com')) });
  const { data } = await roles.get({ name: 'roles/iam.serviceAccountTokenCreator' });
  expect(data).toMatchObject({ name: 'roles/iam.serviceAccountTokenCreator', stage: 'GA' });
  expect(data.includedPermissions).toContain('iam.serviceAccounts.getAccessToken');
  await expect(roles.get({ name: 'roles/nobody.knows' })).rejects.toMatchObject({ status: 404 });
});
