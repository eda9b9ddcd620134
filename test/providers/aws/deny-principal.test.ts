import {
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';

import { CASE, apply, chosen, conditionalDeny, key, stage, useCaseOfAlice } from './case-of-alice.ts';
import { sessionOf, tries } from './stage.ts';

useCaseOfAlice();

describe('deny-principal', () => {
  it('stops the key, the second key and a session that outlives them', async () => {
    const second = await stage.newKey('alice');
    const session = sessionOf((await stage.as(key).sts.send(new GetSessionTokenCommand({}))).Credentials);
    const all = [key, second, session];
    const attempts = () => Promise.all(all.map((credentials) => tries(stage, credentials)));
    expect(await attempts()).toEqual(['accepted', 'accepted', 'accepted']);
    const undo = await apply('deny-principal');
    expect(await attempts()).toEqual(Array(3).fill('UnauthorizedOperation'));
    await undo();
    expect(await attempts()).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('says drifted once the policy was removed or its user was given another of that name', async () => {
    const { action, request } = chosen('deny-principal');
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    const name = { UserName: 'alice', PolicyName: `CordonDeny-${CASE}` };
    await stage.admin.iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument: conditionalDeny }));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
    await stage.admin.iam.send(new DeleteUserPolicyCommand(name));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('does not revert what a third party changed since', async () => {
    const { action, request } = chosen('deny-principal');
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    const name = { UserName: 'alice', PolicyName: `CordonDeny-${CASE}` };
    await stage.admin.iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument: conditionalDeny }));
    const snapshot = await stage.snapshot();
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('restores a policy of its name that was there before, and leaves its own kind', async () => {
    const name = { UserName: 'alice', PolicyName: `CordonDeny-${CASE}` };
    await stage.admin.iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument: conditionalDeny }));
    const snapshot = await stage.snapshot();
    const undo = await apply('deny-principal');
    expect(await stage.snapshot()).not.toEqual(snapshot);
    await undo();
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('refuses a namesake that was created anew', async () => {
    const { action, request } = chosen('deny-principal');
    const { prior } = await action.preflight(request);
    await stage.admin.iam.send(new DeleteAccessKeyCommand({ UserName: 'alice', AccessKeyId: key.accessKeyId }));
    await stage.admin.iam.send(new DeleteUserPolicyCommand({ UserName: 'alice', PolicyName: 'work' }));
    await stage.admin.iam.send(new DeleteUserCommand({ UserName: 'alice' }));
    await expect(action.preflight(request)).rejects.toMatchObject({ type: 'NotFound' });
    await stage.admin.iam.send(new CreateUserCommand({ UserName: 'alice' }));
    await expect(action.preflight(request)).rejects.toMatchObject({ type: 'TargetRefused' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
  });

  it('says beforehand that the inline policies leave no room', async () => {
    const filler = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'a'.repeat(1950), Resource: '*' }],
    });
    const policy = { UserName: 'alice', PolicyName: 'big', PolicyDocument: filler.replace('aaa', 's3:') };
    await stage.admin.iam.send(new PutUserPolicyCommand(policy));
    const { action, request } = chosen('deny-principal');
    expect((await action.preflight(request)).obstacles).toEqual([expect.stringContaining('no room')]);
  });
});
