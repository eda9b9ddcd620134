import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';

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
    expect(mayBreak.join(' ')).toMatch(/Every user of role fn.*lambda\.amazonaws\.com/u);
  });

  it.each([
    ['/aws-service-role/ecs.amazonaws.com/', 'AWSServiceRoleForECS', 'service-linked'],
    ['/aws-reserved/sso.amazonaws.com/', 'AWSReservedSSO_Admin_0123456789abcdef', 'Identity Center'],
  ])('never touches a role under %s', async (path, name, why) => {
    const { arn } = await stage.createRole(name, undefined, path);
    const { action, request } = chosen('revoke-role-sessions');
    const wrong = { ...request, target: arn };
    expect(await action.preflight(wrong)).toMatchObject({ calls: [], obstacles: [expect.stringContaining(why)] });
    stage.calls.length = 0;
    await expect(action.apply(wrong, { policyDocument: null })).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(writes(stage.calls)).toEqual([]);
  });

  it('restores the older revocation that someone had made before, and leaves a later one alone', async () => {
    const name = { RoleName: 'deploy', PolicyName: 'AWSRevokeOlderSessions' };
    const revoked = (at: string) => conditionalDeny.replace(/\d{4}-[^"]+Z/u, at);
    await stage.admin.iam.send(new PutRolePolicyCommand({ ...name, PolicyDocument: revoked('2020-01-01T00:00:00Z') }));
    const snapshot = await stage.snapshot();
    await (
      await apply('revoke-role-sessions')
    )();
    expect(await stage.snapshot()).toEqual(snapshot);
    await stage.admin.iam.send(new PutRolePolicyCommand({ ...name, PolicyDocument: revoked('2099-01-01T00:00:00Z') }));
    const { action, request } = chosen('revoke-role-sessions');
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [] });
    await expect(action.revert(request, { policyDocument: null }, {})).rejects.toMatchObject({ type: 'Conflict' });
  });
});
