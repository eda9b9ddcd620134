import { iam_v1 } from '@googleapis/iam';
import { logging_v2 } from '@googleapis/logging';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { bearer, credentialsOf, startGcp, type GcpDouble, type KeyFile } from './index.ts';

let gcp: GcpDouble;
let project: string;
let account: { name: string; email: string; uniqueId: string };
let key: KeyFile;
let logging: logging_v2.Logging;

beforeEach(() => start({}));
afterEach(() => gcp.stop());

async function start(options: Parameters<typeof startGcp>[0], organization = {}): Promise<void> {
  gcp = await startGcp(options);
  project = gcp.addProject('shop-prod', gcp.addOrganization(organization));
  account = gcp.addServiceAccount(project, 'deployer');
  key = await gcp.addKey(account.email);
  gcp.bind(project, 'roles/viewer', `serviceAccount:${account.email}`);
  gcp.bind(project, 'roles/owner', gcp.addUser('ops@example.com'));
  logging = loggingAs('ops@example.com');
}

function loggingAs(email: string): logging_v2.Logging {
  return new logging_v2.Logging({ rootUrl: `${gcp.url}/`, auth: bearer(gcp.accessToken(email)), retry: false });
}

async function find(filter: string, more: logging_v2.Schema$ListLogEntriesRequest = {}): Promise<Entry[]> {
  const requestBody = { resourceNames: [project], filter, ...more };
  return ((await logging.entries.list({ requestBody })).data.entries ?? []) as Entry[];
}

interface Entry {
  readonly insertId: string;
  readonly protoPayload: { readonly methodName: string };
}

const methods = (entries: readonly Entry[]) => entries.map(({ protoPayload }) => protoPayload.methodName);
const keyName = () => `//iam.googleapis.com/${account.name}/keys/${key.private_key_id}`;
const own = () => `protoPayload.authenticationInfo.principalEmail="${account.email}"`;

/** What a thief does with the key, from an address of its own. */
async function steal(...paths: string[]): Promise<void> {
  const { token } = await credentialsOf(key).getAccessToken();
  for (const path of paths)
    await fetch(`${gcp.url}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        'x-forwarded-for': '203.0.113.66',
        'user-agent': 'google-cloud-sdk gcloud/542.0.0 command/gcloud.compute.instances.list',
      },
    });
}

const INSTANCES = '/compute/v1/projects/shop-prod/zones/europe-west1-b/instances';

describe('entries', () => {
  test('a listing is a data access entry in the real shape, with the key that did it', async () => {
    await steal(INSTANCES);
    expect(await find(own())).toEqual([
      {
        protoPayload: {
          '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
          status: {},
          authenticationInfo: {
            principalEmail: account.email,
            principalSubject: `serviceAccount:${account.email}`,
            serviceAccountKeyName: keyName(),
          },
          requestMetadata: {
            callerIp: '203.0.113.66',
            callerSuppliedUserAgent: 'google-cloud-sdk gcloud/542.0.0 command/gcloud.compute.instances.list,gzip(gfe)',
            requestAttributes: { time: expect.any(String), auth: {} },
            destinationAttributes: {},
          },
          serviceName: 'compute.googleapis.com',
          methodName: 'v1.compute.instances.list',
          authorizationInfo: [expect.objectContaining({ permission: 'compute.instances.list', granted: true })],
          resourceName: project,
          request: {},
        },
        insertId: expect.any(String),
        resource: expect.objectContaining({ type: 'audited_resource' }),
        timestamp: expect.any(String),
        severity: 'INFO',
        logName: 'projects/shop-prod/logs/cloudaudit.googleapis.com%2Fdata_access',
        receiveTimestamp: expect.any(String),
      },
    ]);
  });

  test('a refused call is recorded with its status and without granted', async () => {
    await fetch(`${gcp.url}/v3/projects/shop-prod:setIamPolicy`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gcp.accessToken(account.email)}` },
    });
    const [entry, ...others] = await find(own());
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      severity: 'ERROR',
      logName: 'projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity',
      protoPayload: {
        methodName: 'SetIamPolicy',
        status: { code: 7, message: expect.stringContaining('resourcemanager.projects.setIamPolicy') },
        authorizationInfo: [expect.not.objectContaining({ granted: true })],
      },
    });
  });

  test('a policy change tells what was added and removed', async () => {
    await fetch(`${gcp.url}/v3/projects/shop-prod:setIamPolicy`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gcp.accessToken('ops@example.com')}` },
      body: JSON.stringify({ policy: { bindings: [{ role: 'roles/owner', members: ['user:ops@example.com'] }] } }),
    });
    expect(await find('protoPayload.methodName="SetIamPolicy"')).toMatchObject([
      {
        protoPayload: {
          serviceData: {
            policyDelta: {
              bindingDeltas: [{ action: 'REMOVE', role: 'roles/viewer', member: `serviceAccount:${account.email}` }],
            },
          },
        },
      },
    ]);
  });

  test('what happens to an account is logged under its number', async () => {
    const auth = bearer(gcp.accessToken('ops@example.com'));
    const { serviceAccounts } = new iam_v1.Iam({ rootUrl: `${gcp.url}/`, auth, retry: false }).projects;
    await serviceAccounts.keys.disable({ name: `${account.name}/keys/${key.private_key_id}` });
    expect(await find('protoPayload.serviceName="iam.googleapis.com"')).toMatchObject([
      {
        protoPayload: {
          methodName: 'google.iam.admin.v1.DisableServiceAccountKey',
          resourceName: `projects/-/serviceAccounts/${account.uniqueId}/keys/${key.private_key_id}`,
        },
        resource: { type: 'service_account', labels: { email_id: account.email, unique_id: account.uniqueId } },
      },
    ]);
  });

  test('neither refused tokens nor calls without a valid one are in the audit log', async () => {
    await fetch(`${gcp.url}${INSTANCES}`, { headers: { authorization: 'Bearer ya29.made-up' } });
    await fetch(`${gcp.url}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) });
    expect(gcp.log()).toEqual([]);
  });

  test('data access logs are off where nobody switched them on: only changes show', async () => {
    await gcp.stop();
    await start({}, { dataAccessLogs: false });
    await steal(INSTANCES);
    expect(await find('')).toEqual([]);
  });

  test('entries come late by the delay', async () => {
    await gcp.stop();
    await start({ logDelayMs: 30_000 });
    await steal(INSTANCES);
    expect(await find(own())).toEqual([]);
    gcp.advance(30_001);
    expect(await find(own())).toHaveLength(1);
  });

  test('data access entries are hidden, without an error, from who may not read private logs', async () => {
    await steal(INSTANCES);
    gcp.bind(project, 'roles/logging.viewer', gcp.addUser('junior@example.com'));
    logging = loggingAs('junior@example.com');
    expect(await find('')).toEqual([]);
    gcp.bind(project, 'roles/logging.privateLogViewer', 'user:junior@example.com');
    expect((await find(own())).length).toBe(1);
    logging = loggingAs(gcp.addUser('nobody@example.com').slice('user:'.length));
    await expect(find('')).rejects.toMatchObject({ status: 403 });
  });
});

describe('queries', () => {
  const entry = (n: number, method: string) => ({
    insertId: `seed-${n}`,
    logName: 'projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity',
    timestamp: `2026-01-0${n}T00:00:00Z`,
    protoPayload: {
      methodName: method,
      authenticationInfo: { principalEmail: `user-${n}@example.com`, serviceAccountKeyName: `key-${n}` },
      authorizationInfo: [{ permission: 'a' }, { permission: `p-${n}` }],
    },
  });
  beforeEach(() => gcp.seedLog([entry(1, 'one'), entry(2, 'two'), entry(3, 'three')]));

  test.each([
    ['', ['one', 'two', 'three']],
    ['logName="projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity"', ['one', 'two', 'three']],
    ['logName:"activity" AND timestamp>="2026-01-02T00:00:00Z"', ['two', 'three']],
    ['timestamp>="2026-01-02T00:00:00Z" AND timestamp<="2026-01-02T00:00:00.000Z"', ['two']],
    ['protoPayload.authenticationInfo.serviceAccountKeyName="key-3"', ['three']],
    ['protoPayload.methodName=("one" OR "three")', ['one', 'three']],
    ['timestamp>="2026-01-02T00:00:00Z"\nprotoPayload.methodName="one" OR protoPayload.methodName="two"', ['two']],
    ['(timestamp>="2026-01-03T00:00:00Z" AND logName:activity) OR protoPayload.methodName=one', ['one', 'three']],
    ['NOT protoPayload.methodName="one"', ['two', 'three']],
    ['protoPayload.nothing!="one"', []],
    ['protoPayload.authorizationInfo.permission="p-2"', ['two']],
    ['protoPayload.methodName="say \\"hi\\""', []],
  ])('%s', async (filter, expected) => {
    const found = await find(filter);
    expect(methods(found).filter((name) => !name.startsWith('google.'))).toEqual(expected);
  });

  test.each(['timestamp>=', 'protoPayload.methodName="one" AND', '(a=b', 'a ~ "b"', 'a=b)', 'LOG_ID("x")'])(
    '%s is refused',
    async (filter) => {
      await expect(find(filter)).rejects.toMatchObject({ status: 400 });
    },
  );

  test('pages and order; a page token belongs to its question', async () => {
    const filter = 'logName:"activity"';
    const ask = (more: object) =>
      logging.entries.list({ requestBody: { resourceNames: [project], filter, pageSize: 2, ...more } });
    const first = (await ask({ orderBy: 'timestamp desc' })).data;
    expect(methods(first.entries as Entry[])).toEqual(['three', 'two']);
    const pageToken = first.nextPageToken ?? '';
    const second = (await ask({ orderBy: 'timestamp desc', pageToken })).data;
    expect(methods(second.entries as Entry[])).toEqual(['one']);
    expect(second.nextPageToken).toBeUndefined();
    await expect(ask({ orderBy: 'timestamp asc', pageToken })).rejects.toThrow('page_token');
    await expect(ask({ orderBy: 'insertId' })).rejects.toMatchObject({ status: 400 });
  });
});

describe('sinks', () => {
  const names = async () =>
    ((await logging.projects.sinks.list({ parent: project })).data.sinks ?? []).map(({ name }) => name);

  test('are created, read, changed by mask and deleted', async () => {
    const requestBody = { name: 'to-siem', destination: 'pubsub.googleapis.com/projects/siem/topics/audit' };
    await logging.projects.sinks.create({ parent: project, requestBody });
    expect(await names()).toEqual(['_Required', '_Default', 'to-siem']);
    const sinkName = `${project}/sinks/to-siem`;
    await logging.projects.sinks.update({ sinkName, requestBody: { disabled: true } });
    expect((await logging.projects.sinks.get({ sinkName })).data).not.toHaveProperty('disabled');
    await logging.projects.sinks.patch({ sinkName, updateMask: 'disabled', requestBody: { disabled: true } });
    expect((await logging.projects.sinks.get({ sinkName })).data.disabled).toBe(true);
    await logging.projects.sinks.delete({ sinkName });
    await expect(logging.projects.sinks.get({ sinkName })).rejects.toMatchObject({ status: 404 });
    expect(methods(await find('logName:"activity"'))).toEqual(
      ['Create', 'Update', 'Update', 'Delete'].map((verb) => `google.logging.v2.ConfigServiceV2.${verb}Sink`),
    );
  });

  test.each([
    ['disabled', { disabled: true }],
    ['exclusions', { exclusions: [{ name: 'quiet', filter: `protoPayload.serviceName="compute.googleapis.com"` }] }],
  ])('a _Default sink with %s loses what a thief reads, never the changes', async (updateMask, requestBody) => {
    await logging.projects.sinks.patch({ sinkName: `${project}/sinks/_Default`, updateMask, requestBody });
    await steal(INSTANCES);
    expect(await find(own())).toEqual([]);
    expect(await find('protoPayload.methodName="google.logging.v2.ConfigServiceV2.UpdateSink"')).toHaveLength(1);
  });

  test('an exclusion of the project stands in its _Default sink', async () => {
    const requestBody = { name: 'quiet', filter: 'protoPayload.serviceName="compute.googleapis.com"' };
    await logging.projects.exclusions.create({ parent: project, requestBody });
    await steal(INSTANCES);
    expect(await find(own())).toEqual([]);
    expect((await logging.projects.exclusions.list({ parent: project })).data.exclusions).toHaveLength(1);
    expect((await logging.projects.sinks.get({ sinkName: `${project}/sinks/_Default` })).data.exclusions).toHaveLength(
      1,
    );
    await logging.projects.exclusions.delete({ name: `${project}/exclusions/quiet` });
    await steal(INSTANCES);
    expect(await find(own())).toHaveLength(1);
    await expect(logging.projects.exclusions.get({ name: `${project}/exclusions/quiet` })).rejects.toThrow('quiet');
  });

  test('_Required stays', async () => {
    const sinkName = `${project}/sinks/_Required`;
    await expect(logging.projects.sinks.delete({ sinkName })).rejects.toMatchObject({ status: 400 });
  });
});
