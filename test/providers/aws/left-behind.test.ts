import {
  AttachUserPolicyCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  GetUserPolicyCommand,
  ListAttachedUserPoliciesCommand,
  ListUserPoliciesCommand,
  ListAccessKeysCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
  UpdateLoginProfileCommand,
} from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';

import type { AwsCredentials } from '../../../src/providers/aws/clients.ts';
import { CASE, alice, build, key, ministack, nextSecond, stage, useCaseOfAlice, writes } from './case-of-alice.ts';
import { TRUST_ALL, tries } from './stage.ts';

useCaseOfAlice();

const HUNT = ['deactivate-created-keys', 'remove-inline-policies', 'deny-created-identity', 'detach-policies'];
const ALLOW = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
let bob: Awaited<ReturnType<typeof stage.createUser>>;
let planted: AwsCredentials;
let backdoor: AwsCredentials;
let policyArn: string;
beforeEach(() => persist());

/** What alice's thief leaves: a key and policies on bob, whose path no log shows; a user and a role of its own. */
async function persist(): Promise<void> {
  bob = await stage.createUser('bob', '/team/');
  const { iam } = stage.as(key);
  planted = await keyOf('bob');
  await iam.send(new CreateUserCommand({ UserName: 'backdoor' }));
  await iam.send(new PutUserPolicyCommand({ UserName: 'backdoor', PolicyName: 'all', PolicyDocument: ALLOW }));
  backdoor = await keyOf('backdoor');
  await iam.send(new PutUserPolicyCommand({ UserName: 'bob', PolicyName: 'extra', PolicyDocument: ALLOW }));
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'wide', PolicyDocument: ALLOW }));
  policyArn = Policy?.Arn ?? '';
  await iam.send(new AttachUserPolicyCommand({ UserName: 'bob', PolicyArn: policyArn }));
  await iam.send(
    new CreateRoleCommand({ RoleName: 'hidden', AssumeRolePolicyDocument: JSON.stringify(TRUST_ALL), Path: '/a/' }),
  );
  await iam.send(new PutRolePolicyCommand({ RoleName: 'deploy', PolicyName: 'more', PolicyDocument: ALLOW }));
}

async function keyOf(UserName: string): Promise<AwsCredentials> {
  const { AccessKey } = await stage.as(key).iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

async function propose(enabled: readonly string[] = HUNT) {
  const around = { from: new Date(Date.now() - 60_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() };
  const facts = await stage.provider.activity(alice, around, { from: around.from, to: around.from });
  return stage.provider.propose(alice, facts, CASE, enabled);
}

async function measure(id: string, name: string) {
  const { requests } = await propose();
  const request = requests.find(({ action, target }) => action === id && target.endsWith(`/${name}`));
  const action = stage.provider.actions[id];
  if (!request || !action) throw new Error(`no ${id} on ${name}`);
  return { action, request };
}

async function snapshot() {
  const { iam } = stage.admin;
  const of = async (UserName: string) => {
    const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
    const documents = PolicyNames.toSorted().map(async (PolicyName) => {
      const found = await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }));
      return [PolicyName, found.PolicyDocument];
    });
    const keys = await iam.send(new ListAccessKeysCommand({ UserName }));
    const attached = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
    return [await Promise.all(documents), keys.AccessKeyMetadata, attached.AttachedPolicies];
  };
  return [await of('bob'), await of('backdoor'), await stage.snapshot()];
}

describe('what the suspect left behind', () => {
  it('is a line each, with its exact target', async () => {
    const { requests, caveats } = await propose();
    const role = (name: string) => `arn:aws:iam::${ministack.accountId}:role/${name}`;
    const own = `arn:aws:iam::${ministack.accountId}:user/backdoor`;
    expect(requests.map(({ action, target, parameters }) => [action, target, Object.values(parameters)[0]])).toEqual([
      ['deactivate-created-keys', own, [backdoor.accessKeyId]],
      ['deactivate-created-keys', bob.arn, [planted.accessKeyId]],
      ['remove-inline-policies', role('deploy'), ['more']],
      ['remove-inline-policies', own, ['all']],
      ['remove-inline-policies', bob.arn, ['extra']],
      ['deny-created-identity', role('a/hidden'), CASE],
      ['deny-created-identity', own, CASE],
      ['detach-policies', bob.arn, [policyArn]],
    ]);
    expect(caveats.filter((text) => !text.includes('deny-principal'))).toEqual([]);
  });

  it('is taken away, bob goes on, and a rollback restores everything to the letter', async () => {
    const before = await snapshot();
    const undo: (() => Promise<void>)[] = [];
    for (const request of (await propose()).requests) {
      const action = stage.provider.actions[request.action]!;
      const { prior, calls, alreadySo, obstacles } = await action.preflight(request);
      expect({ alreadySo, obstacles }).toEqual({ alreadySo: false, obstacles: [] });
      stage.calls.length = 0;
      const { result } = await action.apply(request, prior);
      expect(writes(stage.calls)).toEqual(calls);
      const used = stage.calls.map(({ service, operation }) => `${service}:${operation}`);
      expect(action.permissions.map(({ name }) => name)).toEqual(expect.arrayContaining([...new Set(used)]));
      expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
      undo.unshift(async () => {
        stage.calls.length = 0;
        await action.revert(request, prior, result);
        expect(writes(stage.calls)).toEqual(action.previewRevert(request, prior, result));
        await action.revert(request, prior, result);
      });
    }
    expect(await Promise.all([planted, backdoor, bob.key].map((one) => tries(stage, one)))).toEqual([
      'AuthFailure',
      'AuthFailure',
      'accepted',
    ]);
    expect(await snapshot()).not.toEqual(before);
    for (const step of undo) await step();
    expect(await snapshot()).toEqual(before);
  });

  it('is followed: what a planted key does is the doing of the suspect, and no proof while it still works', async () => {
    const before = await nextSecond().then(() => new Date().toISOString());
    await stage.as(planted).iam.send(new CreateUserCommand({ UserName: 'second' }));
    const { requests } = await propose();
    expect(
      requests.some(({ action, target }) => action === 'deny-created-identity' && target.endsWith('/second')),
    ).toBe(true);
    const { calls } = await stage.provider.successfulCallsSince(alice, before);
    expect(calls.join()).toContain('iam:CreateUser');
  });

  it('is a caveat where nothing can undo it, and where the action is not enabled', async () => {
    const Password = 'Correct-horse-battery-9';
    await stage.admin.iam.send(new CreateLoginProfileCommand({ UserName: 'bob', Password }));
    await stage.as(key).iam.send(new UpdateLoginProfileCommand({ UserName: 'bob', Password }));
    const { caveats, requests } = await propose(['deny-principal']);
    expect(requests.map(({ action }) => action)).toEqual(['deny-principal']);
    expect(caveats.join('\n')).toMatch(/UpdateLoginProfile on bob stands/u);
    for (const action of HUNT) expect(caveats.join('\n')).toContain(`${action} is not enabled`);
  });

  it('does not count what failed', async () => {
    const { iam } = stage.as(key);
    await expect(iam.send(new CreateUserCommand({ UserName: 'bob' }))).rejects.toThrow(/exists/u);
    await expect(
      iam.send(new PutUserPolicyCommand({ UserName: 'nobody', PolicyName: 'x', PolicyDocument: ALLOW })),
    ).rejects.toThrow(/nobody/u);
    const { requests, caveats } = await propose();
    expect(JSON.stringify([requests.map(({ target }) => target), caveats])).not.toContain('nobody');
    expect(requests.filter(({ action, target }) => action === 'deny-created-identity' && target === bob.arn)).toEqual(
      [],
    );
  });
});

describe.each<[string, string]>([
  ['deactivate-created-keys', 'bob'],
  ['remove-inline-policies', 'bob'],
  ['deny-created-identity', 'backdoor'],
  ['detach-policies', 'bob'],
])('%s', (id, name) => {
  it('twice equals once, and is already so the second time', async () => {
    const { action, request } = await measure(id, name);
    const { prior } = await action.preflight(request);
    const first = await action.apply(request, prior);
    const after = await snapshot();
    expect(await action.apply(request, prior)).toEqual(first);
    expect(await snapshot()).toEqual(after);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [] });
  });

  it('refuses every target but one user or role of the account', async () => {
    const { action, request } = await measure(id, name);
    const { prior } = await action.preflight(request);
    stage.calls.length = 0;
    const account = ministack.accountId;
    for (const target of [
      '',
      '*',
      `arn:aws:iam::${account}:user/*`,
      `arn:aws:iam::${account}:root`,
      'arn:aws:iam::210987654321:user/bob',
    ]) {
      const wrong = { ...request, target };
      await expect(action.preflight(wrong)).rejects.toMatchObject({ type: 'TargetRefused' });
      await expect(action.apply(wrong, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
    }
    expect(writes(stage.calls)).toEqual([]);
  });

  it('names the permission that it lacks', async () => {
    await build([]);
    await persist();
    const { action, request } = await measure(id, name);
    const missing = await stage.provider.missingPermissions(action.permissions, ministack.accountId);
    expect(missing.length).toBeGreaterThan(0);
    const { prior } = await action.preflight(request).catch(() => ({ prior: null }));
    // Reads of inline policies belong to the action as well: without them there is no prior state to act by.
    const failure = prior === null ? action.preflight(request) : action.apply(request, prior);
    await expect(failure).rejects.toMatchObject({
      type: 'AccessDenied',
      message: new RegExp(missing.map((one) => one.name).join('|'), 'u'),
    });
  });

  it('has nothing to do on what is gone', async () => {
    const { action, request } = await measure(id, name);
    const target = `arn:aws:iam::${ministack.accountId}:user/gone`;
    expect(await action.preflight({ ...request, target })).toMatchObject({ alreadySo: true, calls: [] });
  });
});

describe.each([
  ['remove-inline-policies', 'bob'],
  ['deny-created-identity', 'backdoor'],
  ['detach-policies', 'bob'],
])('%s of a user who went since', (id, name) => {
  const remade = async (UserName: string) => {
    const { iam } = stage.admin;
    const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
    for (const PolicyName of PolicyNames) await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
    for (const { PolicyArn } of AttachedPolicies) await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn }));
    const keys = (await iam.send(new ListAccessKeysCommand({ UserName }))).AccessKeyMetadata ?? [];
    for (const { AccessKeyId } of keys) await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    await iam.send(new DeleteUserCommand({ UserName }));
    await iam.send(new CreateUserCommand({ UserName }));
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'extra', PolicyDocument: ALLOW }));
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: policyArn }));
  };

  it('leaves a namesake alone, says so, and holds of the one that is gone', async () => {
    const { action, request } = await measure(id, name);
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    await remade(name);
    stage.calls.length = 0;
    const caveats = [expect.stringContaining('anew')];
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [], obstacles: [], caveats });
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'TargetRefused', message: /anew/u });
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(writes(stage.calls)).toEqual([]);
  });

  it('never takes one that was moved to another path for gone', async () => {
    const { action, request: found } = await measure(id, name);
    const request = { ...found, target: found.target.replace(':user/', ':user/former/') };
    const caveats = [expect.stringContaining(`has become ${found.target}`)];
    expect(await action.preflight(request)).toMatchObject({ alreadySo: false, calls: [], obstacles: [], caveats });
    expect((await action.verify(request, {})).status).not.toBe('holds');
    await expect(action.apply(request, {})).rejects.toMatchObject({ type: 'TargetRefused', message: /by hand/u });
    expect(writes(stage.calls)).toEqual([]);
  });
});

describe('a third party', () => {
  it('keeps the inline policy that it put meanwhile', async () => {
    const { action, request } = await measure('remove-inline-policies', 'bob');
    const { prior } = await action.preflight(request);
    const other = { UserName: 'bob', PolicyName: 'extra', PolicyDocument: ALLOW.replace('Allow', 'Deny') };
    await stage.admin.iam.send(new PutUserPolicyCommand(other));
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Conflict' });
    await expect(action.revert(request, prior, {})).rejects.toMatchObject({ type: 'Conflict' });
  });

  it('who put another deny under our name is not overridden', async () => {
    const { action, request } = await measure('deny-created-identity', 'backdoor');
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    const PolicyName = request.parameters['policyName'] as string;
    await stage.admin.iam.send(new PutUserPolicyCommand({ UserName: 'backdoor', PolicyName, PolicyDocument: ALLOW }));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
  });

  it('who woke a planted key again is seen', async () => {
    const { action, request } = await measure('deactivate-created-keys', 'bob');
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    const again = { UserName: 'bob', AccessKeyId: planted.accessKeyId, Status: 'Active' as const };
    await stage.admin.iam.send(new UpdateAccessKeyCommand(again));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });
});
