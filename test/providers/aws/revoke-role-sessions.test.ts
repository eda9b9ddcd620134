import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';

import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import {
  apply,
  chosen,
  conditionalDeny,
  key,
  nextSecond,
  roleArn,
  stage,
  useCaseOfAlice,
  writes,
} from './case-of-alice.ts';
import { tries } from './stage.ts';

useCaseOfAlice();

describe('revoke-role-sessions', () => {
  it('stops sessions from before its time and no later ones', async () => {
    const old = await stage.assume(key, roleArn, 'attack');
    expect(await tries(stage, old)).toBe('accepted');
    await nextSecond();
    const undo = await apply('revoke-role-sessions');
    expect(await tries(stage, old)).toBe('UnauthorizedOperation');
    await nextSecond();
    const bob = await stage.createUser('bob');
    expect(await tries(stage, await stage.assume(bob.key, roleArn, 'work'))).toBe('accepted');
    await undo();
    expect(await tries(stage, old)).toBe('accepted');
  });

  it('tells whom it hits besides the suspect', async () => {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    };
    const { arn } = await stage.createRole('fn', trust);
    const { action, request } = chosen('revoke-role-sessions');
    const { mayBreak } = await action.preflight({ ...request, target: arn });
    expect(mayBreak.join(' ')).toMatch(/Every user of role fn.*not counted.*lambda\.amazonaws\.com/u);
  });

  it.each([
    ['/aws-service-role/ecs.amazonaws.com/', 'AWSServiceRoleForECS', 'service-linked'],
    ['/aws-reserved/sso.amazonaws.com/', 'AWSReservedSSO_Admin_0123456789abcdef', 'Identity Center'],
  ])('never touches a role under %s, and leaves it to a person', async (path, name, why) => {
    const { arn } = await stage.createRole(name, undefined, path);
    const { action, request } = chosen('revoke-role-sessions');
    const wrong = { ...request, target: arn };
    expect(await action.preflight(wrong)).toMatchObject({
      alreadySo: false,
      calls: [],
      obstacles: [],
      caveats: [expect.stringContaining(why)],
    });
    const prior = { policyDocument: null, olderThan: new Date().toISOString() };
    stage.calls.length = 0;
    await expect(action.apply(wrong, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(writes(stage.calls)).toEqual([]);
  });

  it('revokes what is minted between the plan and the approval', async () => {
    const { action, request } = chosen('revoke-role-sessions');
    await action.preflight(request);
    await nextSecond();
    const meanwhile = await stage.assume(key, roleArn, 'meanwhile');
    await nextSecond();
    await action.apply(request, (await action.preflight(request)).prior);
    expect(await tries(stage, meanwhile)).toBe('UnauthorizedOperation');
  });

  it('revokes what is minted while the deny on the user does not bind everywhere yet', async () => {
    const { action, request } = withMargin(900);
    const { prior, calls, mayBreak } = await action.preflight(request);
    expect(JSON.stringify([calls, mayBreak])).toMatch(/<the moment of the change \+ 900 s>.*up to 900 s after it/u);
    await action.apply(request, prior);
    await nextSecond();
    expect(await tries(stage, await stage.assume(key, roleArn, 'gap'))).toBe('UnauthorizedOperation');
  });

  it('leaves 15 s where the settings say nothing, and goes by their clock', async () => {
    const { propagationSeconds: _, ...settings } = stage.settings;
    const { request } = chosen('revoke-role-sessions');
    const provider = createAwsProvider({ ...settings, now: () => new Date('2026-01-01T12:00:00.250Z') });
    const { prior } = await provider.actions['revoke-role-sessions']!.preflight(request);
    expect(prior).toEqual({ policyDocument: null, olderThan: '2026-01-01T12:00:15.250Z' });
  });

  it('shows the same plan whenever it is made', async () => {
    const { action, request } = chosen('revoke-role-sessions');
    const { prior, ...shown } = await action.preflight(request);
    await nextSecond();
    const { prior: later, ...again } = await action.preflight(request);
    expect(chosen('revoke-role-sessions').request).toEqual(request);
    expect(again).toEqual(shown);
    expect(later['olderThan']).not.toBe(prior['olderThan']);
  });

  it('is not taken for done because of a revocation of before', async () => {
    await apply('revoke-role-sessions');
    await nextSecond();
    const { action, request } = chosen('revoke-role-sessions');
    const again = await action.preflight(request);
    expect(again).toMatchObject({ alreadySo: false, calls: [{ operation: 'PutRolePolicy' }] });
  });

  it('changes nothing when it is tried again with the same prior state, however late', async () => {
    const { action, request } = chosen('revoke-role-sessions');
    const snapshot = await stage.snapshot();
    const { prior } = await action.preflight(request);
    const first = await action.apply(request, prior);
    expect(first.result).toMatchObject({ olderThan: prior['olderThan'] });
    await nextSecond();
    stage.calls.length = 0;
    expect(await action.apply(request, prior)).toEqual(first);
    expect(writes(stage.calls)).toEqual([]);
    // Also where the answer was lost, and with it the result.
    await action.revert(request, prior, {});
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('never weakens a later revocation, which a person made between two tries', async () => {
    const { action, request } = chosen('revoke-role-sessions');
    const { prior } = await action.preflight(request);
    await action.apply(request, prior);
    await putRevocation('2099-01-01T00:00:00Z');
    const snapshot = await stage.snapshot();
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('does not hold where the policy revokes only up to an earlier time', async () => {
    const { action, request } = chosen('revoke-role-sessions');
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    await putRevocation('2020-01-01T00:00:00Z');
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('restores the older revocation that someone had made before, and leaves one of the future alone', async () => {
    await putRevocation('2020-01-01T00:00:00Z');
    const snapshot = await stage.snapshot();
    const undo = await apply('revoke-role-sessions');
    expect(await stage.snapshot()).not.toEqual(snapshot);
    await undo();
    expect(await stage.snapshot()).toEqual(snapshot);
    await putRevocation('2099-01-01T00:00:00Z');
    const { action, request } = chosen('revoke-role-sessions');
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [] });
  });

  it.each([
    ['no time', { policyDocument: null }],
    ['words for a time', { policyDocument: null, olderThan: '<the moment of the change + 15 s>' }],
  ])('writes nothing by a prior state with %s', async (_, prior) => {
    const { action, request } = chosen('revoke-role-sessions');
    stage.calls.length = 0;
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'ValidationFailed' });
    await expect(action.revert(request, prior, {})).rejects.toMatchObject({ type: 'ValidationFailed' });
    expect(writes(stage.calls)).toEqual([]);
  });
});

describe('a role that is gone', () => {
  const gone = { alreadySo: true, calls: [], obstacles: [] };

  it('has no session that works, so there is nothing to revoke, and no obstacle', async () => {
    const session = await stage.assume(key, roleArn, 'attack');
    await deleteRole();
    expect(await tries(stage, session)).not.toBe('accepted');
    const { action, request } = chosen('revoke-role-sessions');
    expect(await action.preflight(request)).toMatchObject({ ...gone, caveats: [] });
  });

  it('is as wanted where it went before or after the change, and nothing is written', async () => {
    const { action, request } = chosen('revoke-role-sessions');
    const { prior } = await action.preflight(request);
    await deleteRole();
    stage.calls.length = 0;
    const { result } = await action.apply(request, prior);
    expect(writes(stage.calls)).toEqual([]);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await action.revert(request, prior, result);
  });

  it.each([
    ['under another path', '/other/', {}],
    ['with another id', '/', { kind: 'role-session', name: 'deploy', uniqueId: 'AROAOLDOLDOLDOLDOLD' }],
  ])('and made anew %s is not the one that was meant: a person looks at it', async (_, path, more) => {
    const { action, request: found } = chosen('revoke-role-sessions');
    const principal = { ...found.principal, ...more, ...('kind' in more ? { arn: roleArn } : {}) };
    const request = { ...found, principal } as typeof found;
    const { prior } = await action.preflight(found);
    const { result } = await action.apply(found, prior);
    await deleteRole();
    await stage.createRole('deploy', undefined, path);
    const snapshot = await stage.snapshot();
    const first = await action.preflight(request);
    expect(first).toMatchObject({ ...gone, caveats: [expect.stringContaining('anew')] });
    expect((await action.preflight(request)).caveats).toEqual(first.caveats);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await action.apply(request, prior);
    expect(await stage.snapshot()).toEqual(snapshot);
  });
});

async function deleteRole(RoleName = 'deploy'): Promise<void> {
  const { iam } = stage.admin;
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  await iam.send(new DeleteRoleCommand({ RoleName }));
}

function withMargin(propagationSeconds: number): ReturnType<typeof chosen> {
  const provider = createAwsProvider({ ...stage.settings, propagationSeconds });
  return { ...chosen('revoke-role-sessions'), action: provider.actions['revoke-role-sessions']! };
}

async function putRevocation(olderThan: string): Promise<void> {
  const PolicyDocument = conditionalDeny.replace(/\d{4}-[^"]+Z/u, olderThan);
  const name = { RoleName: 'deploy', PolicyName: 'AWSRevokeOlderSessions' };
  await stage.admin.iam.send(new PutRolePolicyCommand({ ...name, PolicyDocument }));
}
