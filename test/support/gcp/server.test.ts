import { iam_v1 } from '@googleapis/iam';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { bearer, startGcp, type GcpDouble } from './index.ts';

let gcp: GcpDouble;
let project: string;

beforeEach(async () => {
  gcp = await startGcp();
  project = gcp.addProject('shop-prod', gcp.addOrganization());
  gcp.bind(project, 'roles/editor', gcp.addUser('dev@example.com'));
  gcp.addUser('stranger@example.com');
});
afterEach(() => gcp.stop());

async function call(
  email: string,
  path: string,
  method = 'GET',
  body?: object,
): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${gcp.accessToken(email)}` };
  const response = await fetch(`${gcp.url}${path}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, text: await response.text() };
}

test.each([
  ['instance', '/compute/v1/projects/shop-prod/aggregated/instances', 'compute.instances.list'],
  ['instance', '/compute/v1/projects/shop-prod/zones/europe-west1-b/instances', 'compute.instances.list'],
  ['disk', '/compute/v1/projects/shop-prod/aggregated/disks', 'compute.disks.list'],
  ['network', '/compute/v1/projects/shop-prod/global/networks', 'compute.networks.list'],
  ['bucket', '/storage/v1/b?project=shop-prod', 'storage.buckets.list'],
  ['cluster', '/v1/projects/shop-prod/locations/-/clusters', 'container.clusters.list'],
  ['function', '/v1/projects/shop-prod/locations/-/functions', 'cloudfunctions.functions.list'],
  ['sqlInstance', '/sql/v1beta4/projects/shop-prod/instances', 'not authorized'],
] as const)('%s: %s shows what is there, or names what is missing', async (kind, path, missing) => {
  gcp.add(kind, project, 'the-one-and-only');
  const seen = await call('dev@example.com', path);
  expect(seen).toMatchObject({ status: 200, text: expect.stringContaining('the-one-and-only') });
  const refused = await call('stranger@example.com', path);
  expect(refused).toMatchObject({ status: 403, text: expect.stringContaining(missing) });
  expect(refused.text).not.toContain('the-one-and-only');
});

test('nothing leaks from one project to the next', async () => {
  gcp.add('instance', gcp.addProject('other-prod'), 'theirs');
  const { text } = await call('dev@example.com', '/compute/v1/projects/shop-prod/aggregated/instances');
  expect(text).not.toContain('theirs');
  expect((await call('dev@example.com', '/compute/v1/projects/other-prod/aggregated/instances')).status).toBe(403);
});

test('a bucket can be made once', async () => {
  const make = () => call('dev@example.com', '/storage/v1/b?project=shop-prod', 'POST', { name: 'loot' });
  const before = gcp.snapshot();
  expect((await make()).status).toBe(200);
  expect(gcp.snapshot()).not.toBe(before);
  expect((await make()).status).toBe(409);
});

test('what the double does not know is no empty success', async () => {
  const { status, text } = await call('dev@example.com', '/v1/projects/shop-prod/secrets');
  expect(status).toBe(501);
  expect(text).toContain('/v1/projects/shop-prod/secrets');
});

test('exactly the told number of calls fail, in the real form; the next goes through', async () => {
  const kinds = [
    ['429', 429, 'RESOURCE_EXHAUSTED'],
    ['500', 500, 'INTERNAL'],
    ['503', 503, 'UNAVAILABLE'],
    ['403', 403, 'PERMISSION_DENIED'],
    ['409', 409, 'ABORTED'],
  ] as const;
  for (const [kind, status, name] of kinds) {
    gcp.faults.add({ match: /GET \/storage/, kind, times: 2 });
    const list = () => call('dev@example.com', '/storage/v1/b?project=shop-prod');
    for (let n = 0; n < 2; n += 1) expect(await list()).toMatchObject({ status, text: expect.stringContaining(name) });
    expect((await list()).status).toBe(200);
  }
});

test('a dropped call is done or not done, as told', async () => {
  const make = (name: string) => call('dev@example.com', '/storage/v1/b?project=shop-prod', 'POST', { name });
  gcp.faults.add({ match: /POST/, kind: 'drop-before' });
  await expect(make('first')).rejects.toThrow('fetch failed');
  expect(gcp.snapshot()).not.toContain('first');
  gcp.faults.add({ match: /POST/, kind: 'drop-after' });
  await expect(make('second')).rejects.toThrow('fetch failed');
  expect(gcp.snapshot()).toContain('second');
});

test('a delayed call is still answered, after those that came later', async () => {
  gcp.faults.add({ match: /first/, kind: 'delay', delayMs: 500 });
  const order: string[] = [];
  const make = async (name: string) => {
    await call('dev@example.com', `/storage/v1/b?project=shop-prod&name=${name}`, 'POST', { name });
    order.push(name);
  };
  await Promise.all([make('first'), make('second')]);
  expect(order).toEqual(['second', 'first']);
});

test('the SDK sees faults as it would see those of Google, and its own retries can be told', async () => {
  gcp.faults.add({ match: /serviceAccounts/, kind: '503', times: 1 });
  const iam = new iam_v1.Iam({ rootUrl: `${gcp.url}/`, auth: bearer(gcp.accessToken('dev@example.com')) });
  await expect(iam.projects.serviceAccounts.list({ name: project }, { retry: false })).rejects.toMatchObject({
    status: 503,
  });
  gcp.faults.add({ match: /serviceAccounts/, kind: '503', times: 1 });
  await expect(iam.projects.serviceAccounts.list({ name: project })).resolves.toMatchObject({ status: 200 });
});
