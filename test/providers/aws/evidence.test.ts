import { DescribeInstancesCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  DeleteAccessKeyCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { PrincipalClue } from '../../../src/domain/alert.ts';
import type { AwsCredentials } from '../../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { startMiniStack, type MiniStack } from '../../support/processes/ministack.ts';
import { buildStage, sessionOf, type Stage } from './stage.ts';

const ACCOUNT = '123456789012';
const SSO = 'AWSReservedSSO_Admin_0123456789abcdef';

let ministack: MiniStack;
let stage: Stage;
let alice: Awaited<ReturnType<Stage['createUser']>>;
let bob: typeof alice;
let deploy: Awaited<ReturnType<Stage['createRole']>>;

beforeAll(async () => void (ministack = await startMiniStack({ accountId: ACCOUNT })));
afterAll(() => ministack?.stop());
beforeEach(async () => {
  stage = await buildStage(ministack);
  alice = await stage.createUser('alice');
  bob = await stage.createUser('bob', '/team/');
  deploy = await stage.createRole('deploy');
});

describe('resolve', () => {
  let session: AwsCredentials;
  let minted: AwsCredentials;
  beforeEach(async () => {
    await stage.createRole(SSO, undefined, '/aws-reserved/sso.amazonaws.com/');
    await stage.createRole('AWSServiceRoleForECS', undefined, '/aws-service-role/ecs.amazonaws.com/');
    session = await stage.assume(alice.key, deploy.arn, 'night');
    minted = sessionOf((await stage.as(alice.key).sts.send(new GetSessionTokenCommand({}))).Credentials);
    for (const credentials of [session, minted]) {
      await stage.as(credentials).ec2.send(new DescribeInstancesCommand({}));
    }
  });

  const iam = (resource: string, account = ACCOUNT) => `arn:aws:iam::${account}:${resource}`;
  const sts = (resource: string) => `arn:aws:sts::${ACCOUNT}:${resource}`;

  it.each<[string, () => readonly string[], object]>([
    ['the ARN of a user', () => [iam('user/alice')], { kind: 'iam-user', name: 'alice' }],
    ['the ARN of a user with a path', () => [iam('user/team/bob')], { kind: 'iam-user', name: 'bob' }],
    ['a user name', () => ['alice'], { kind: 'iam-user', name: 'alice' }],
    ['an access key', () => [alice.key.accessKeyId], { kind: 'iam-user', name: 'alice' }],
    ['the id of a user', () => [alice.id], { kind: 'iam-user', name: 'alice' }],
    ['all of one user', () => [iam('user/alice'), 'alice', alice.key.accessKeyId, alice.id], { name: 'alice' }],
    ['the key of a minted session', () => [minted.accessKeyId], { kind: 'iam-user', name: 'alice' }],
    ['the key of a role session', () => [session.accessKeyId], { kind: 'role-session', name: 'deploy' }],
    ['the ARN of a role session', () => [sts('assumed-role/deploy/night')], { kind: 'role-session', name: 'deploy' }],
    ['the ARN of a role', () => [iam('role/deploy')], { kind: 'role-session', name: 'deploy' }],
    ['the id of a role session', () => [`${deploy.id}:night`], { kind: 'role-session', name: 'deploy' }],
    ['a GuardDuty triple', () => [session.accessKeyId, `${deploy.id}:night`, 'deploy'], { kind: 'role-session' }],
    ['a session named like a user', () => [sts('assumed-role/deploy/alice'), 'alice'], { kind: 'role-session' }],
    [
      'Identity Center',
      () => [sts(`assumed-role/${SSO}/jane@corp.example`)],
      { kind: 'identity-center-user', name: 'jane@corp.example' },
    ],
    ['a service-linked role', () => [sts('assumed-role/AWSServiceRoleForECS/x')], { kind: 'service-linked-role' }],
    ['root', () => [iam('root')], { kind: 'root' }],
    ['a federated user', () => [sts('federated-user/visitor')], { kind: 'federated-user', name: 'visitor' }],
  ])('%s', async (_, values, expected) => {
    const resolution = await stage.provider.resolve(values().map(clue), ACCOUNT);
    expect(resolution).toMatchObject({
      status: 'resolved',
      principal: { cloud: 'aws', accountId: ACCOUNT, ...expected },
    });
  });

  it('answers with the same principal, whatever led to it', async () => {
    const ways = [[iam('user/alice')], ['alice'], [alice.key.accessKeyId], [alice.id], [minted.accessKeyId]];
    const found = await Promise.all(ways.map((values) => stage.provider.resolve(values.map(clue), ACCOUNT)));
    const expected = {
      cloud: 'aws',
      kind: 'iam-user',
      accountId: ACCOUNT,
      name: 'alice',
      arn: alice.arn,
      uniqueId: alice.id,
    };
    expect(found).toEqual(ways.map(() => ({ status: 'resolved', principal: expected })));
  });

  it.each<[string, () => readonly string[]]>([
    ['two users', () => [iam('user/alice'), 'bob']],
    ["one user's ARN with another's key", () => [iam('user/alice'), bob.key.accessKeyId]],
    ['a user and a role', () => [iam('user/alice'), iam('role/deploy')]],
    ["a user's ARN with another's id", () => [iam('user/alice'), bob.id]],
  ])('is ambiguous with %s', async (_, values) => {
    const resolution = await stage.provider.resolve(values().map(clue), ACCOUNT);
    expect(resolution).toMatchObject({ status: 'ambiguous', candidates: [expect.any(String), expect.any(String)] });
  });

  it.each<[string, readonly string[]]>([
    ['no clue', []],
    ['an empty clue', ['']],
    ['a clue too many that names nobody', [iam('user/alice'), '']],
    ['a template', ['{{user}}']],
    ['a template in an ARN', [iam('user/{{user}}')]],
    ['a shell variable', ['$user']],
    ['a wildcard', ['*']],
    ['a wildcard in an ARN', [iam('user/*')]],
    ['a placeholder', ['N/A']],
    ['a user that does not exist', ['nobody']],
    ['one that exists and one that does not', ['alice', 'nobody']],
    ['a user under another path', [iam('user/other/bob')]],
    ['a key that does not exist', ['AKIAAAAAAAAAAAAAAAAA']],
    ['a temporary key that never called', ['ASIAAAAAAAAAAAAAAAAA']],
    ['an id that does not exist', ['AIDAAAAAAAAAAAAAAAAA']],
    ['another account', [iam('user/alice', '210987654321')]],
    ['an ARN that is no identity', ['arn:aws:s3:::bucket']],
    ['another partition', [`arn:aws-cn:iam::${ACCOUNT}:user/alice`]],
    ['a service of AWS', ['ec2.amazonaws.com']],
    ['a path that climbs', [iam('user/../alice?x')]],
    ['an injected parameter', ['alice&Action=DeleteUser']],
    ['Identity Center without its user', [iam(`role/aws-reserved/sso.amazonaws.com/${SSO}`)]],
  ])('is unresolved with %s', async (_, values) => {
    const resolution = await stage.provider.resolve(values.map(clue), ACCOUNT);
    expect(resolution).toEqual({ status: 'unresolved', reason: expect.any(String) });
  });

  it('takes nobody of its own account for a name out of another, or out of none', async () => {
    expect(await stage.provider.resolve([clue('alice')], '210987654321')).toMatchObject({ status: 'unresolved' });
    expect(await stage.provider.resolve([clue('alice')], undefined)).toMatchObject({ status: 'unresolved' });
  });
});

describe('activity', () => {
  it('sums up what the attacker did, and follows what they became', async () => {
    const inner = await stage.createRole('inner');
    const before = window(-3_600_000, -1_000);
    const attacker = stage.as(alice.key);
    await attacker.ec2.send(new DescribeInstancesCommand({}));
    await attacker.ec2.send(new DescribeInstancesCommand({}));
    await attacker.ec2.send(new DescribeVolumesCommand({}));
    await attacker.iam.send(new CreateAccessKeyCommand({ UserName: 'bob' }));
    await attacker.sts.send(new GetSessionTokenCommand({}));
    const session = await stage.assume(alice.key, deploy.arn, 'first');
    await stage.assume(session, inner.arn, 'second');
    const impostor = await stage.assume(bob.key, deploy.arn, 'alice');
    await stage.as(impostor).iam.send(new ListUsersCommand({}));
    await stage.admin.iam.send(
      new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'later', PolicyDocument: DENY_S3 }),
    );
    await expect(attacker.secrets.send(new ListSecretsCommand({}))).rejects.toMatchObject({ $fault: 'client' });

    const found = await stage.provider.activity(await principal('alice'), window(-60_000, 60_000), before);
    expect(found.around).toMatchObject({
      discoveryCalls: 3,
      distinctDiscoveryApis: 2,
      denied: 1,
      addresses: ['198.51.100.7'],
      accessKeyIds: [alice.key.accessKeyId],
      regions: ['us-east-1'],
      truncated: false,
    });
    expect(found.around.apis).toContain('ec2:DescribeVolumes');
    expect(found.around.apis).not.toContain('iam:ListUsers');
    expect(found.before.calls).toBe(0);
    expect(found.assumedRoles.map(({ roleArn, sessionName }) => [roleArn, sessionName])).toEqual(
      expect.arrayContaining([
        [deploy.arn, 'first'],
        [inner.arn, 'second'],
      ]),
    );
    expect(found.assumedRoles).toHaveLength(2);
    expect(found.mintedSessions).toBe(1);
    expect(found.changesByPrincipal).toEqual([
      expect.objectContaining({ eventName: 'CreateAccessKey', target: 'bob' }),
    ]);
    expect(found.changesOfPrincipal).toContainEqual(
      expect.objectContaining({ eventName: 'PutUserPolicy', target: 'alice', denied: false }),
    );
  });

  it('says that it is truncated when the log is longer than its budget, newest calls first', async () => {
    for (let call = 0; call < 55; call++) await stage.as(alice.key).ec2.send(new DescribeInstancesCommand({}));
    const cut = createAwsProvider({ ...stage.settings, lookupPages: 1 });
    const around = window(-60_000, 60_000);
    const found = await cut.activity(await principal('alice'), around, window(-3_600_000, -60_000));
    expect(found.around).toMatchObject({ calls: 50, truncated: true });
    expect(found.before).toMatchObject({ calls: 0, truncated: true });
    const proof = await cut.successfulCallsSince(await principal('alice'), around.from);
    // Nor does waiting make it complete.
    expect(proof).toMatchObject({ logComplete: false, gap: expect.any(String) });
    const whole = await stage.provider.activity(await principal('alice'), around, window(-3_600_000, -60_000));
    expect(whole.around).toMatchObject({ calls: 55, truncated: false });
  });

  it('sums up the sessions of a role, whoever holds them', async () => {
    const session = await stage.assume(bob.key, deploy.arn, 'work');
    await stage.as(session).ec2.send(new DescribeInstancesCommand({}));
    const { principal: role } = (await stage.provider.resolve([clue(deploy.arn)], ACCOUNT)) as { principal: Principal };
    const found = await stage.provider.activity(role, window(-60_000, 60_000), window(-120_000, -60_000));
    expect(found.around).toMatchObject({
      calls: 1,
      apis: ['ec2:DescribeInstances'],
      accessKeyIds: [session.accessKeyId],
    });
  });
});

describe('credentials', () => {
  it('tells keys with age and last use, password and quarantine', async () => {
    const second = await stage.newKey('alice');
    const asleep = { UserName: 'alice', AccessKeyId: second.accessKeyId, Status: 'Inactive' as const };
    await stage.admin.iam.send(new UpdateAccessKeyCommand(asleep));
    const password = { UserName: 'alice', Password: 'Correct-horse-battery-9' };
    await stage.admin.iam.send(new CreateLoginProfileCommand(password));
    await stage.as(alice.key).ec2.send(new DescribeInstancesCommand({}));
    const before = await stage.provider.credentials(await principal('alice'));
    expect(before).toMatchObject({ consolePassword: true, mfaDevices: 0, quarantinedByCloud: false });
    const used = before.accessKeys.find((key) => key.accessKeyId === alice.key.accessKeyId);
    const unused = before.accessKeys.find((key) => key.accessKeyId === second.accessKeyId);
    expect(used).toMatchObject({ active: true, createdAt: expect.any(String), lastUsedAt: expect.any(String) });
    expect(unused).toMatchObject({ active: false });
    expect(unused).not.toHaveProperty('lastUsedAt');

    const PolicyArn = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3';
    await stage.admin.iam.send(new AttachUserPolicyCommand({ UserName: 'alice', PolicyArn }));
    expect(await stage.provider.credentials(await principal('alice'))).toMatchObject({ quarantinedByCloud: true });
  });

  it('never says "none" of an identity that IAM does not know', async () => {
    const root: Principal = {
      cloud: 'aws',
      kind: 'root',
      accountId: ACCOUNT,
      name: 'root',
      arn: `arn:aws:iam::${ACCOUNT}:root`,
    };
    await expect(stage.provider.credentials(root)).rejects.toMatchObject({ type: 'ValidationFailed' });
    const gone: Principal = { ...root, kind: 'iam-user', name: 'gone', arn: `arn:aws:iam::${ACCOUNT}:user/gone` };
    await expect(stage.provider.credentials(gone)).rejects.toMatchObject({ type: 'NotFound' });
  });
});

describe('successfulCallsSince', () => {
  it('shows calls of the key and of sessions from before, and none once they are denied', async () => {
    const session = await stage.assume(alice.key, deploy.arn, 'attack');
    const started = await nextSecond();
    await stage.as(alice.key).ec2.send(new DescribeInstancesCommand({}));
    await stage.as(session).ec2.send(new DescribeVolumesCommand({}));
    await stage.as(alice.key).sts.send(new GetCallerIdentityCommand({}));
    const suspect = await principal('alice');
    const found = await stage.provider.successfulCallsSince(suspect, started);
    expect(found.logComplete).toBe(true);
    expect(new Set(found.calls.map((call) => call.split(' ')[0]))).toEqual(
      new Set(['ec2:DescribeInstances', 'ec2:DescribeVolumes']),
    );

    const facts = await stage.provider.activity(suspect, window(-60_000, 60_000), window(-120_000, -60_000));
    await nextSecond();
    const enabled = ['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions'];
    for (const request of stage.provider.propose(suspect, facts, 'ca_1', enabled).requests) {
      const action = stage.provider.actions[request.action]!;
      await action.apply(request, (await action.preflight(request)).prior);
    }
    const since = await nextSecond();
    await expect(stage.as(session).ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      $fault: 'client',
    });
    await expect(stage.as(alice.key).ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      $fault: 'client',
    });
    expect(await stage.provider.successfulCallsSince(suspect, since)).toMatchObject({
      calls: [],
      unclear: [],
      logComplete: true,
    });
  });

  it('does not hide a call that failed, and may have been permitted', async () => {
    const since = await nextSecond();
    const nobody = new DeleteAccessKeyCommand({ UserName: 'nobody', AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA' });
    await expect(stage.as(alice.key).iam.send(nobody)).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    expect(await stage.provider.successfulCallsSince(await principal('alice'), since)).toMatchObject({
      calls: [],
      unclear: [expect.stringMatching(/^iam:DeleteAccessKey at .* from 198\.51\.100\.7 \(NoSuchEntity/u)],
      logComplete: true,
      scope: 'CloudTrail of us-east-1',
    });
  });

  it('proves nothing while the log may still be late', async () => {
    const late = createAwsProvider({ ...stage.settings, logDelaySeconds: 900 });
    const suspect = await principal('alice');
    expect((await late.successfulCallsSince(suspect, window(-899_000, 0).from)).logComplete).toBe(false);
    expect((await late.successfulCallsSince(suspect, window(-901_000, 0).from)).logComplete).toBe(true);
  });

  it('knows the calls of a key that was deleted meanwhile', async () => {
    const since = await nextSecond();
    await stage.as(alice.key).ec2.send(new DescribeInstancesCommand({}));
    const suspect = await principal('alice');
    const own = { UserName: 'alice', AccessKeyId: alice.key.accessKeyId };
    await stage.admin.iam.send(new DeleteAccessKeyCommand(own));
    expect((await stage.provider.successfulCallsSince(suspect, since)).calls).toHaveLength(1);
  });
});

const DENY_S3 = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: ['s3:*', 'secretsmanager:*'], Resource: '*' }],
});

function clue(value: string): PrincipalClue {
  return { form: 'other', value };
}

async function principal(name: string): Promise<Principal> {
  const resolution = await stage.provider.resolve([clue(name)], ACCOUNT);
  if (resolution.status !== 'resolved') throw new Error(resolution.reason);
  return resolution.principal;
}

function window(fromMs: number, toMs: number) {
  const now = Date.now();
  return { from: new Date(now + fromMs).toISOString(), to: new Date(now + toMs).toISOString() };
}

/** The log has whole seconds: what comes next lies in another one than all before. */
async function nextSecond(): Promise<string> {
  const second = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) === second) await new Promise((resolve) => setTimeout(resolve, 20));
  return new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
}
