import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { SEARCH_ATTRIBUTE_TYPES } from '../../src/contracts/search-attributes.ts';
import { buildStage as buildAws } from '../providers/aws/stage.ts';
import { buildStage as buildAzure } from '../providers/azure/stage.ts';
import { buildStage as buildGcp } from '../providers/gcp/stage.ts';
import { startMiniStack } from '../support/processes/ministack.ts';
import { startTemporal } from '../support/processes/temporal.ts';
import { cordon, scratch } from './cordon.ts';
import { listen } from './listener.ts';

interface Report {
  readonly healthy: boolean;
  readonly findings: readonly {
    readonly check: string;
    readonly status: string;
    readonly detail: string;
    remedy?: string;
  }[];
}

const TOKEN = 'xoxb-canary-4471';
const AWS = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'canary-aws-secret' };

async function doctor(
  config: string,
  env: Readonly<Record<string, string>>,
): Promise<{ report: Report; status: number | null }> {
  const cwd = await scratch({ 'cordon.yaml': config });
  const result = await cordon(['doctor', '--json'], { cwd, env });
  for (const secret of [TOKEN, AWS.AWS_SECRET_ACCESS_KEY])
    expect(`${result.stdout}${result.stderr}`).not.toContain(secret);
  return { report: JSON.parse(result.stdout) as Report, status: result.status };
}

test('whatever does not answer has failed, with what to do about it', async () => {
  await using slack = await listen(() => ({ body: { ok: false, error: 'invalid_auth' } }));
  const { report, status } = await doctor(
    [
      `slack: {botToken: {env: BOT}, channel: C1, apiUrl: '${slack.url}/', receiver: {type: http, signingSecret: {env: ABSENT}}}`,
      'temporal: {address: 127.0.0.1:1}',
      "aws: {endpoint: 'http://127.0.0.1:1'}",
      'store: {databaseUrl: {env: DB}}',
    ].join('\n'),
    { BOT: TOKEN, DB: 'postgres://u:p@127.0.0.1:1/d', ...AWS },
  );
  expect(status).toBe(1);
  expect(report.healthy).toBe(false);
  const failed = report.findings.filter((finding) => finding.status === 'failed');
  expect(failed.map(({ check }) => check)).toEqual(['secrets', 'store', 'temporal', 'slack', 'aws']);
  expect(failed[0]?.detail).toContain('slack.receiver.signingSecret: The environment variable ABSENT is not set');
  expect(failed.find(({ check }) => check === 'slack')?.detail).toContain('invalid_auth');
  for (const finding of failed) expect(finding.remedy, finding.check).toBeTruthy();
});

test('Temporal without the search attributes has failed, and with them is well', async () => {
  const check = async (searchAttributes: Parameters<typeof startTemporal>[0]) => {
    const temporal = await startTemporal(searchAttributes);
    try {
      const { report } = await doctor('aws: {enabled: false}', { TEMPORAL_ADDRESS: temporal.address });
      return report.findings.filter(({ check: name }) => name === 'temporal' || name === 'search attributes');
    } finally {
      await temporal.stop();
    }
  };
  expect(await check({})).toMatchObject([
    { status: 'ok' },
    {
      status: 'failed',
      remedy: expect.stringMatching(
        /^Your own Temporal: .*--name CordonTechnique --type KeywordList.*; Temporal Cloud: tcld .*"CordonTechnique=KeywordList"/u,
      ) as string,
    },
  ]);
  const wrong = { ...SEARCH_ATTRIBUTE_TYPES, CordonRisk: 'Keyword' } as const;
  expect(await check({ searchAttributes: wrong })).toMatchObject([
    { status: 'ok' },
    { status: 'failed', detail: expect.stringMatching(/: CordonRisk$/u) as string },
  ]);
  expect(await check({ searchAttributes: SEARCH_ATTRIBUTE_TYPES })).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
});

test('tokens that can not work, or would let a source approve, have failed before the server is started', async () => {
  const config = [
    'aws: {enabled: false}',
    'sources: {guardduty: {type: bearer, secret: {env: SIEM}}}',
    'approvers: [{id: dana, name: Dana, token: {env: DANA}}, {id: erin, name: Erin, token: {env: ERIN}}]',
  ].join('\n');
  const SHARED = 'canary-that-two-share';
  const { report, status } = await doctor(config, { SIEM: SHARED, DANA: SHARED, ERIN: 'canary:with:colons' });
  expect(status).toBe(1);
  const findings = report.findings.filter(({ check }) => check === 'secrets');
  expect(findings.map(({ detail }) => detail)).toEqual([
    'the approver dana has the same secret as the source guardduty: one would count for the other',
    "the secret of the approver erin can't be sent as a bearer token: letters, digits and .~+/=-_ only",
  ]);
  expect(JSON.stringify(report)).not.toContain('canary');
});

test('Slack that accepts the token is well, and a table is printed for people', async () => {
  const scopes = { 'x-oauth-scopes': 'chat:write,groups:history' };
  await using slack = await listen(() => ({
    headers: scopes,
    body: { ok: true, team: 'Example\u001b[31m', user: 'cordon' },
  }));
  const cwd = await scratch({
    'cordon.yaml': `aws: {endpoint: 'http://127.0.0.1:1'}\nslack: {botToken: {env: BOT}, channel: C1, apiUrl: '${slack.url}/', receiver: {type: socket, appToken: {env: BOT}}}`,
  });
  const result = await cordon(['doctor'], { cwd, env: { BOT: TOKEN } });
  expect(result.stdout).toMatch(/^ok +slack +speaks as cordon in Example\\x1b\[31m$/mu);
  expect(result.stdout).toMatch(/^ok +slack scopes /mu);
  expect(result.stdout).toMatch(/^failed +aws .*\n +→ /mu);
  expect(result.status).toBe(1);
});

const slackConfig = (url: string) =>
  `aws: {enabled: false}\nslack: {botToken: {env: BOT}, channel: C1, apiUrl: '${url}/', receiver: {type: http, signingSecret: {env: BOT}}}`;

test.each([
  ['chat:write,channels:history', 'ok', 'granted'],
  ['channels:history,groups:history', 'failed', 'chat:write'],
  ['chat:write', 'warning', 'channels:history or groups:history'],
  [undefined, 'warning', 'did not say'],
] as const)('a Slack token with the scopes %s: %s', async (scopes, status, detail) => {
  const headers = scopes === undefined ? {} : { 'x-oauth-scopes': scopes };
  await using slack = await listen(() => ({ headers, body: { ok: true, team: 'Example', user: 'cordon' } }));
  const { report } = await doctor(slackConfig(slack.url), { BOT: TOKEN });
  expect(report.findings.find(({ check }) => check === 'slack scopes')).toMatchObject({
    status,
    detail: expect.stringContaining(detail) as string,
  });
});

test.each([
  [{ ok: true, messages: [] }, 'ok', 'is in C1'],
  [{ ok: false, error: 'not_in_channel' }, 'failed', 'not_in_channel; nobody can be asked'],
  [{ ok: false, error: 'channel_not_found' }, 'failed', 'channel_not_found'],
  [{ ok: false, error: 'missing_scope' }, 'warning', 'missing_scope'],
] as const)('a channel of which Slack says %j: %s', async (body, status, detail) => {
  await using slack = await listen(({ path }) => ({ body: path.endsWith('.history') ? body : { ok: true } }));
  const { report } = await doctor(slackConfig(slack.url), { BOT: TOKEN });
  expect(report.findings.find(({ check }) => check === 'slack channel')).toMatchObject({
    status,
    detail: expect.stringContaining(detail) as string,
  });
});

test.each([
  [{ ok: true, url: 'wss://127.0.0.1:1/' }, 'ok', 'may open'],
  [{ ok: false, error: 'missing_scope' }, 'failed', 'missing_scope; no click would arrive'],
] as const)('Socket Mode of which Slack says %j: %s', async (body, status, detail) => {
  await using slack = await listen(({ path }) => ({ body: path.endsWith('connections.open') ? body : { ok: true } }));
  const config = slackConfig(slack.url).replace('type: http, signingSecret', 'type: socket, appToken');
  const { report } = await doctor(config, { BOT: TOKEN });
  expect(report.findings.find(({ check }) => check === 'slack socket mode')).toMatchObject({
    status,
    detail: expect.stringContaining(detail) as string,
  });
});

test.each([
  [0, 'ok', 'agrees with'],
  [-30, 'warning', 'behind'],
  [30, 'warning', 'ahead of'],
  [-3600, 'failed', 'behind'],
  [3600, 'failed', 'ahead of'],
] as const)('a clock that is %i s ahead of the server: %s', async (seconds, status, detail) => {
  const date = () => new Date(Date.now() - seconds * 1000).toUTCString();
  await using slack = await listen(() => ({ headers: { date: date() }, body: { ok: true } }));
  const { report } = await doctor(slackConfig(slack.url), { BOT: TOKEN });
  const clock = report.findings.find(({ check }) => check === 'clock');
  expect(clock).toMatchObject({ status, detail: expect.stringContaining(detail) as string });
  if (status !== 'ok') expect(clock?.remedy).toContain('NTP');
});

test('a clock that nobody answers for, or that only a cache answers for, is never called right', async () => {
  await using cache = await listen(() => ({ headers: { age: '900' }, body: { ok: true } }));
  for (const config of ["aws: {endpoint: 'http://127.0.0.1:1'}", 'aws: {enabled: false}', slackConfig(cache.url)]) {
    const { report } = await doctor(config, { BOT: TOKEN });
    const clock = report.findings.find(({ check }) => check === 'clock');
    expect(clock, config).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('be compared') as string,
    });
  }
});

describe('of each cloud, with exactly the role that is printed for some actions', () => {
  test('AWS', async () => {
    const ministack = await startMiniStack();
    try {
      const { settings, cordonArn } = await buildAws(ministack, undefined, ['deny-principal']);
      const { accessKeyId = '', secretAccessKey = '' } = settings.credentials ?? {};
      const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
      const config = (actions: string) => `aws: {endpoint: '${ministack.url}', actions: [${actions}]}`;
      const { granted, lacking } = await both('aws', config, ['deny-principal', 'rotate-access-key'], env);
      expect(granted[0]?.detail).toContain(cordonArn);
      expect(lacking?.detail).toContain('iam:CreateAccessKey');
    } finally {
      await ministack.stop();
    }
  });

  test('Azure', async () => {
    const { azure, cordon: app, settings } = await buildAzure(['disable-user']);
    try {
      const files = await scratch({ 'ca.pem': azure.ca });
      const env = {
        NODE_EXTRA_CA_CERTS: join(files, 'ca.pem'),
        AZURE_TENANT_ID: azure.tenantId,
        AZURE_CLIENT_ID: app.appId,
        AZURE_CLIENT_SECRET: app.secret,
      };
      const { url } = azure;
      const config = (actions: string) =>
        'aws: {enabled: false}\n' +
        `azure: {tenantId: ${azure.tenantId}, subscriptions: [${settings.subscriptions.join(', ')}], actions: [${actions}], ` +
        `endpoints: {authority: '${url}', resourceManager: '${url}', graph: '${url}'}}`;
      const { granted, lacking } = await both('azure', config, ['disable-user', 'tighten-role-assignments'], env);
      expect(granted[0]?.detail).toContain(app.servicePrincipal.id);
      expect(lacking?.detail).toContain('Microsoft.Authorization/roleAssignments/delete on /subscriptions/');
    } finally {
      await azure.stop();
    }
  });

  test('Google Cloud', async () => {
    const { gcp, settings, cordonEmail } = await buildGcp({ enabled: ['disable-service-account'] });
    try {
      const files = await scratch({ 'key.json': JSON.stringify({ type: 'service_account', ...settings.credentials }) });
      const env = { GOOGLE_APPLICATION_CREDENTIALS: join(files, 'key.json') };
      const config = (actions: string) =>
        `aws: {enabled: false}\ngcp: {projects: [shop-prod], endpoint: '${gcp.url}', actions: [${actions}]}`;
      const { granted, lacking } = await both('gcp', config, ['disable-service-account', 'remove-iam-bindings'], env);
      expect(granted[0]?.detail).toContain(cordonEmail);
      expect(lacking?.detail).toContain('resourcemanager.organizations.setIamPolicy on organization');
    } finally {
      await gcp.stop();
    }
  });
});

/** First with what the role is for, then with one action more, which alone must be what is lacking. */
async function both(
  cloud: string,
  config: (actions: string) => string,
  [has, lacks]: readonly [string, string],
  env: Readonly<Record<string, string>>,
) {
  const ofCloud = ({ findings }: Report) => findings.filter(({ check }) => check.split(' ')[0] === cloud);
  const well = await doctor(config(has), env);
  const granted = ofCloud(well.report);
  expect(granted.map(({ check, status }) => `${status} ${check}`)).toEqual([
    `ok ${cloud}`,
    `ok ${cloud} evidence`,
    `ok ${cloud} ${has}`,
  ]);
  expect(well.report.findings.find(({ check }) => check === 'clock')).toMatchObject({ status: 'ok' });
  const ill = await doctor(config(`${has}, ${lacks}`), env);
  const failed = ofCloud(ill.report).filter(({ status }) => status !== 'ok');
  expect(failed.map(({ check, status }) => `${status} ${check}`)).toEqual([`failed ${cloud} ${lacks}`]);
  expect(failed[0]?.remedy).toContain(`cordon policy print ${cloud}`);
  expect(ill.status).toBe(1);
  return { granted, lacking: failed[0] };
}
