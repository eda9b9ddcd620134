import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  GetRoleCommand,
  GetUserPolicyCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { differences } from '../../demo/snapshot.ts';
import { secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import type { AwsCredentials } from '../../src/providers/aws/index.ts';
import { ALLOW, arnOf, NOTHING_MUCH, trust } from '../providers/aws/persistence.ts';
import { tries } from '../providers/aws/stage.ts';
import { CaseUnderTest, startCordon, type Cordon } from '../support/cordon.ts';

let cordon: Cordon;
beforeAll(async () => void (cordon = await startCordon()));
afterAll(() => cordon?.stop());

const account = '123456789012';

/** A user with a key, as the suspect makes one for later. */
async function makesUser(by: AwsCredentials, UserName: string): Promise<AwsCredentials> {
  const { iam } = cordon.stage.as(by);
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'all', PolicyDocument: ALLOW }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

const trusts = (by: AwsCredentials | null, document: object) =>
  (by ? cordon.stage.as(by) : cordon.stage.admin).iam.send(
    new UpdateAssumeRolePolicyCommand({ RoleName: 'vault', PolicyDocument: JSON.stringify(document) }),
  );

test('what somebody else changed meanwhile is left alone, and keeps neither the rest of the plan nor of the rollback from being done', async () => {
  const { stage } = cordon;
  const { principal, key } = await cordon.createUser('leo');
  await stage.createRole('vault', trust(stage.cordonArn));
  // Of two events in the same second nobody knows which came first.
  await stage.ministack.ageLog(10);
  await trusts(key, trust(arnOf(stage, 'user/leo')));
  const backdoor = await makesUser(key, 'bella');
  const thisCase = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  await thisCase.asked();
  const before = await cordon.account();
  await trusts(null, trust(`arn:aws:iam::${account}:root`));
  const repaired = (await stage.admin.iam.send(new GetRoleCommand({ RoleName: 'vault' }))).Role;
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe('PARTIAL');

  const { timeline = [] } = (await thisCase.record()) ?? {};
  expect(timeline.filter(({ detail }) => detail.startsWith('failed: ')).map(({ detail }) => detail)).toEqual([
    expect.stringContaining('by hand'),
  ]);
  expect(timeline.filter(({ detail }) => detail.startsWith('not-tried'))).toEqual([]);
  for (const credentials of [key, backdoor]) expect(await tries(stage, credentials)).not.toBe('accepted');
  const { Role } = await stage.admin.iam.send(new GetRoleCommand({ RoleName: 'vault' }));
  expect(Role, 'what an administrator put there stays').toEqual(repaired);

  const policy = { UserName: 'bella', PolicyName: `CordonDeny-${thisCase.caseId}` };
  await stage.admin.iam.send(new PutUserPolicyCommand({ ...policy, PolicyDocument: NOTHING_MUCH }));
  await cordon.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'A drill' });
  await thisCase.approve();
  const rollback = cordon.temporal.workflow.getHandle(secondPlanWorkflowId(thisCase.caseId));
  expect(await rollback.result()).toBe('ROLLBACK_PARTIAL');
  const undone = ((await thisCase.record())?.timeline ?? []).filter(({ step }) => step.startsWith('Undo: '));
  const [first, ...others] = undone.map(({ detail }) => detail);
  expect(first, 'the newest change is the one that was edited').toMatch(/^failed: .*bella/u);
  expect(others.length).toBeGreaterThan(1);
  expect(others.filter((detail) => !detail.startsWith('done: '))).toEqual([]);
  expect(await tries(stage, key), 'everything else is back').toBe('accepted');
  const kept = await stage.admin.iam.send(new GetUserPolicyCommand(policy));
  expect(decodeURIComponent(kept.PolicyDocument ?? '')).toBe(NOTHING_MUCH);
  const left = differences(before, await cordon.account());
  expect(left.filter((path) => !/vault|CordonDeny/u.test(path))).toEqual([]);
  const pages = JSON.stringify(await cordon.person('dana').messages());
  expect(pages).toMatch(/Needs a person: ROLLBACK_PARTIAL/u);
});
