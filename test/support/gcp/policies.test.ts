import { cloudresourcemanager_v3 as v3 } from '@googleapis/cloudresourcemanager';
import { iam_v1 } from '@googleapis/iam';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { bearer, startGcp, type GcpDouble } from './index.ts';

const CONTRACTOR = 'user:contractor@example.com';
const UNTIL = { title: 'until 2030', expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' };

let gcp: GcpDouble;
let organization: string;
let folder: string;
let resource: string;
let manager: v3.Cloudresourcemanager;

beforeEach(async () => {
  await start({});
});
afterEach(() => gcp.stop());

async function start(options: Parameters<typeof startGcp>[0]): Promise<void> {
  gcp = await startGcp(options);
  organization = gcp.addOrganization();
  folder = gcp.addFolder('shop', organization);
  resource = gcp.addProject('shop-prod', folder);
  gcp.bind(resource, 'roles/owner', gcp.addUser('ops@example.com'));
  gcp.addUser('contractor@example.com');
  manager = managerAs('ops@example.com');
}

function managerAs(email: string): v3.Cloudresourcemanager {
  const auth = bearer(gcp.accessToken(email));
  return new v3.Cloudresourcemanager({ rootUrl: `${gcp.url}/`, auth, retry: false });
}

async function read(requestedPolicyVersion?: number): Promise<v3.Schema$Policy> {
  const requestBody = requestedPolicyVersion === undefined ? {} : { options: { requestedPolicyVersion } };
  return (await manager.projects.getIamPolicy({ resource, requestBody })).data;
}

const write = (policy: v3.Schema$Policy) => manager.projects.setIamPolicy({ resource, requestBody: { policy } });
const held = async (email: string, permission: string, on = resource) =>
  (await managerAs(email).projects.testIamPermissions({ resource: on, requestBody: { permissions: [permission] } }))
    .data.permissions ?? [];

describe('versions and etags', () => {
  test('version 3 shows conditions; below it their roles come back with a hash in their names', async () => {
    gcp.bind(resource, 'roles/viewer', CONTRACTOR, UNTIL);
    expect(await read(3)).toMatchObject({
      version: 3,
      bindings: [{ role: 'roles/owner' }, { role: 'roles/viewer', members: [CONTRACTOR], condition: UNTIL }],
    });
    for (const version of [undefined, 1]) {
      const old = await read(version);
      expect(old.version).toBe(1);
      expect(old.bindings?.[1]).toEqual({
        role: expect.stringMatching(/^roles\/viewer_withcond_[\da-f]{20}$/),
        members: [CONTRACTOR],
      });
    }
    await expect(read(2)).rejects.toMatchObject({ status: 400 });
  });

  test('a stale etag is a conflict and changes nothing', async () => {
    const policy = await read(3);
    gcp.bind(resource, 'roles/viewer', CONTRACTOR);
    const before = gcp.snapshot();
    await expect(write({ ...policy, bindings: [] })).rejects.toMatchObject({
      status: 409,
      response: {
        data: {
          error: {
            code: 409,
            status: 'ABORTED',
            message:
              'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
          },
        },
      },
    });
    expect(gcp.snapshot()).toBe(before);
  });

  test('with conditions in place and an etag, anything below version 3 is refused', async () => {
    gcp.bind(resource, 'roles/viewer', CONTRACTOR, UNTIL);
    const policy = await read(3);
    await expect(write({ ...policy, version: 1 })).rejects.toThrow(
      'Specified policy version (1) cannot be less than the existing policy version (3).',
    );
    await expect(write(policy)).resolves.toMatchObject({ status: 200 });
  });

  test('without an etag the policy is overwritten and its conditions are lost, as documented', async () => {
    gcp.bind(resource, 'roles/viewer', CONTRACTOR, UNTIL);
    const { bindings = [] } = await read(3);
    await write({ version: 1, bindings: bindings.map(({ role, members }) => ({ role, members })) as [] });
    expect((await read(3)).bindings?.[1]).toEqual({ role: 'roles/viewer', members: [CONTRACTOR] });
  });

  test('removing a member and putting it back restores the snapshot exactly, order aside', async () => {
    gcp.bind(resource, 'roles/viewer', CONTRACTOR, UNTIL);
    gcp.bind(resource, 'roles/viewer', CONTRACTOR);
    const before = gcp.snapshot();
    const policy = await read(3);
    const rest = (policy.bindings ?? []).filter(({ role, condition }) => role !== 'roles/viewer' || condition);
    await write({ ...policy, version: 3, bindings: rest });
    expect(gcp.snapshot()).not.toBe(before);
    const after = await read(3);
    await write({
      ...after,
      version: 3,
      bindings: [{ role: 'roles/viewer', members: [CONTRACTOR] }, ...(after.bindings ?? [])],
    });
    expect(gcp.snapshot()).toBe(before);
  });

  test.each([
    ['an unknown role', { role: 'roles/viewer_withcond_2b17cc25d2cd9e2c54d8', members: [CONTRACTOR] }],
    ['a binding of nobody', { role: 'roles/viewer', members: [] }],
    ['a service account that is not there', { role: 'roles/viewer', members: ['serviceAccount:ghost@x'] }],
    ['a member without its kind', { role: 'roles/viewer', members: ['contractor@example.com'] }],
  ])('%s is refused', async (_case, binding) => {
    await expect(write({ bindings: [binding] })).rejects.toMatchObject({ status: 400 });
  });

  test('service accounts have policies of their own, under the same rules', async () => {
    const account = gcp.addServiceAccount(resource, 'deployer');
    const auth = bearer(gcp.accessToken('ops@example.com'));
    const { serviceAccounts } = new iam_v1.Iam({ rootUrl: `${gcp.url}/`, auth, retry: false }).projects;
    const empty = (await serviceAccounts.getIamPolicy({ resource: account.name })).data;
    expect(empty).toEqual({ etag: 'ACAB' });
    const bindings = [{ role: 'roles/iam.serviceAccountTokenCreator', members: [CONTRACTOR], condition: UNTIL }];
    const requestBody = { policy: { ...empty, version: 3, bindings } };
    await serviceAccounts.setIamPolicy({ resource: account.name, requestBody });
    const { data } = await serviceAccounts.getIamPolicy({
      resource: account.name,
      'options.requestedPolicyVersion': 3,
    });
    expect(data).toMatchObject({ version: 3, bindings });
    await expect(serviceAccounts.setIamPolicy({ resource: account.name, requestBody })).rejects.toMatchObject({
      status: 409,
    });
  });
});

describe('access', () => {
  test.each([
    ['the project', () => resource],
    ['the folder', () => folder],
    ['the organisation', () => organization],
  ])('a binding on %s reaches the project', async (_case, where) => {
    expect(await held('contractor@example.com', 'compute.instances.list')).toEqual([]);
    gcp.bind(where(), 'roles/viewer', CONTRACTOR);
    expect(await held('contractor@example.com', 'compute.instances.list')).toEqual(['compute.instances.list']);
    expect(await held('contractor@example.com', 'storage.buckets.create')).toEqual([]);
  });

  test('groups and domains count', async () => {
    gcp.bind(resource, 'roles/viewer', gcp.addGroup('devs@example.com', [CONTRACTOR]));
    expect(await held('contractor@example.com', 'compute.instances.list')).toHaveLength(1);
    gcp.bind(resource, 'roles/storage.admin', 'domain:example.com');
    expect(await held('contractor@example.com', 'storage.buckets.create')).toHaveLength(1);
  });

  test.each([
    ['request.time < timestamp("2020-01-01T00:00:00Z")', 0, 0],
    ['request.time < timestamp("2999-01-01T00:00:00Z")', 1, 0],
    ['resource.name.startsWith("projects/shop")', 1, 0],
    ['resource.name.startsWith("projects/other")', 0, 0],
    ['resource.type == "cloudresourcemanager.googleapis.com/Project"', 1, 0],
    ['resource.type == "storage.googleapis.com/Bucket"', 0, 0],
    ['resource.name.startsWith("projects/shop") && request.time < timestamp("2999-01-01T00:00:00Z")', 1, 0],
    ['resource.name.startsWith("projects/shop") && resource.type == "x"', 0, 0],
    ['resource.name.startsWith("projects/shop") || resource.type == "x"', 0, 1],
    ['resource.name.endsWith("prod")', 0, 1],
    ['true', 0, 1],
  ])('condition %s grants %i', async (expression, granted, unsupported) => {
    gcp.bind(resource, 'roles/viewer', CONTRACTOR, { title: 'test', expression });
    expect(await held('contractor@example.com', 'compute.instances.list')).toHaveLength(granted);
    expect([...gcp.unsupportedConditions]).toEqual(unsupported ? [expression] : []);
  });

  test('a change is read at once and binds after the propagation time, both ways', async () => {
    await gcp.stop();
    await start({ propagationMs: 120_000 });
    gcp.bind(resource, 'roles/viewer', CONTRACTOR);
    const policy = await read(3);
    await write({ ...policy, bindings: (policy.bindings ?? []).filter(({ role }) => role !== 'roles/viewer') });
    expect((await read(3)).bindings).toHaveLength(1);
    expect(await held('contractor@example.com', 'compute.instances.list')).toHaveLength(1);
    gcp.advance(120_001);
    expect(await held('contractor@example.com', 'compute.instances.list')).toHaveLength(0);
  });

  test('a refusal names the permission, in the form of Resource Manager', async () => {
    const refused = managerAs('contractor@example.com').projects.setIamPolicy({
      resource,
      requestBody: { policy: {} },
    });
    await expect(refused).rejects.toMatchObject({
      status: 403,
      response: {
        data: {
          error: {
            code: 403,
            status: 'PERMISSION_DENIED',
            message:
              "Permission 'resourcemanager.projects.setIamPolicy' denied on resource '//cloudresourcemanager.googleapis.com/projects/shop-prod' (or it may not exist).",
            details: [
              {
                '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
                reason: 'IAM_PERMISSION_DENIED',
                domain: 'cloudresourcemanager.googleapis.com',
                metadata: { permission: 'resourcemanager.projects.setIamPolicy', resource },
              },
            ],
          },
        },
      },
    });
  });

  test('projects answer to id and number, search shows what may be seen, parents lead up', async () => {
    gcp.bind(organization, 'roles/browser', CONTRACTOR);
    const browser = managerAs('contractor@example.com');
    const { data } = await browser.projects.get({ name: resource });
    expect(data).toMatchObject({ projectId: 'shop-prod', parent: folder, state: 'ACTIVE' });
    expect(data.name).toMatch(/^projects\/\d+$/);
    expect((await browser.projects.get({ name: data.name ?? '' })).data.projectId).toBe('shop-prod');
    expect((await browser.folders.get({ name: folder })).data.parent).toBe(organization);
    expect((await browser.projects.search({})).data.projects).toHaveLength(1);
    expect((await browser.projects.search({ query: 'projectId:other' })).data.projects).toBeUndefined();
    expect((await browser.organizations.search({})).data.organizations).toHaveLength(1);
    expect((await browser.projects.list({ parent: folder })).data.projects).toHaveLength(1);
    await expect(browser.projects.get({ name: 'projects/ghost' })).rejects.toMatchObject({ status: 403 });
  });
});
