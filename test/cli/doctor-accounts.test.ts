import { afterAll, beforeAll, expect, test } from 'vitest';

import { PutRolePolicyCommand } from '@aws-sdk/client-iam';

import { memberPolicy } from '../../src/providers/aws/account-policies.ts';
import type { AwsAccount } from '../../src/providers/aws/clients.ts';
import { A, B, buildMembers } from '../providers/aws/member-accounts.ts';
import type { Members } from '../providers/aws/member-accounts.ts';
import type { MiniStack } from '../support/processes/ministack.ts';
import { startMiniStack } from '../support/processes/ministack.ts';
import { cordon, scratch } from './cordon.ts';

let ministack: MiniStack;
let members: Members;

beforeAll(async () => {
  ministack = await startMiniStack();
  members = await buildMembers(ministack);
});
afterAll(() => ministack?.stop());

async function doctor(accounts: readonly AwsAccount[]) {
  const aws = { endpoint: ministack.url, actions: ['deny-principal', 'rotate-access-key'], accounts };
  const cwd = await scratch({ 'cordon.yaml': `aws: ${JSON.stringify(aws)}` });
  const { accessKeyId = '', secretAccessKey = '' } = members.settings.credentials ?? {};
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const { stdout, stderr } = await cordon(['doctor', '--json'], { cwd, env });
  for (const { externalId } of accounts) expect(`${stdout}${stderr}`).not.toContain(externalId);
  const { findings } = JSON.parse(stdout) as {
    findings: { check: string; status: string; detail: string; remedy?: string }[];
  };
  return findings.filter(({ check }) => check.startsWith('aws'));
}

const lines = (findings: Awaited<ReturnType<typeof doctor>>) =>
  findings.map(({ check, status }) => `${status} ${check}`);

test('every account is asked: who Cordon is there, and what it lacks, one by one', async () => {
  const home = ['ok aws', 'ok aws evidence', 'ok aws deny-principal', 'ok aws rotate-access-key'];
  const well = await doctor(members.accounts);
  expect(lines(well)).toEqual([...home, `ok aws ${A}`, `ok aws ${B}`]);
  expect(well[0]?.detail).toContain(members.hubArn);
  expect(well.at(-1)?.detail).toContain(`${members.accounts[1].roleArn}, all permissions granted`);

  const [first, second] = members.accounts;
  const PolicyDocument = JSON.stringify(memberPolicy(['deny-principal'], first));
  await members
    .root(A)
    .send(new PutRolePolicyCommand({ RoleName: 'cordon-responder', PolicyName: 'cordon', PolicyDocument }));
  const ill = await doctor([first, { ...second, externalId: 'canary-external-id' }]);
  expect(lines(ill)).toEqual([...home, `ok aws ${A}`, `failed aws ${A} rotate-access-key`, `failed aws ${B}`]);
  expect(ill.at(-2)?.detail).toContain('iam:CreateAccessKey');
  expect(ill.at(-1)?.detail).toContain(second.roleArn);
  for (const { status, remedy } of ill)
    if (status === 'failed') expect(remedy).toContain('cordon policy print aws --account');
});
