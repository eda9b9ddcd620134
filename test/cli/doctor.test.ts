import { expect, test } from 'vitest';

import { SEARCH_ATTRIBUTE_TYPES } from '../../src/contracts/search-attributes.ts';
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
      const { report } = await doctor('', { TEMPORAL_ADDRESS: temporal.address });
      return report.findings.filter(({ check: name }) => name === 'temporal' || name === 'search attributes');
    } finally {
      await temporal.stop();
    }
  };
  expect(await check({})).toMatchObject([
    { status: 'ok' },
    { status: 'failed', remedy: expect.stringContaining('--name CordonTechnique --type KeywordList') as string },
  ]);
  const wrong = { ...SEARCH_ATTRIBUTE_TYPES, CordonRisk: 'Keyword' } as const;
  expect(await check({ searchAttributes: wrong })).toMatchObject([
    { status: 'ok' },
    { status: 'failed', detail: expect.stringMatching(/: CordonRisk$/u) as string },
  ]);
  expect(await check({ searchAttributes: SEARCH_ATTRIBUTE_TYPES })).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
});

test('Slack that accepts the token is well, and a table is printed for people', async () => {
  await using slack = await listen(() => ({ body: { ok: true, team: 'Example\u001b[31m', user: 'cordon' } }));
  const cwd = await scratch({
    'cordon.yaml': `slack: {botToken: {env: BOT}, channel: C1, apiUrl: '${slack.url}/', receiver: {type: socket, appToken: {env: BOT}}}`,
  });
  const result = await cordon(['doctor'], { cwd, env: { BOT: TOKEN } });
  expect(result.stdout).toMatch(/^ok +slack +speaks as cordon in Example\\x1b\[31m$/mu);
  expect(result.stdout).toMatch(/^failed +aws .*\n +→ /mu);
  expect(result.status).toBe(1);
});
