import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  ListAttachedUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';

import { QUARANTINE } from '../../../src/providers/aws/actions/quarantine-principal/document.ts';
import {
  CASE,
  apply,
  build,
  chosen,
  conditionalDeny,
  faults,
  key,
  ministack,
  stage,
  useCaseOfAlice,
} from './case-of-alice.ts';
import { tries } from './stage.ts';

useCaseOfAlice();

const ID = 'quarantine-principal';
const PolicyName = `CordonQuarantine-${CASE}`;
const arn = () => `arn:aws:iam::${ministack.accountId}:policy/cordon/${PolicyName}`;
const attached = async () =>
  (await stage.admin.iam.send(new ListAttachedUserPoliciesCommand({ UserName: 'alice' }))).AttachedPolicies?.map(
    ({ PolicyArn }) => PolicyArn,
  );
const makesKey = () =>
  stage
    .as(key)
    .iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }))
    .then(() => 'accepted')
    .catch((error: unknown) => (error as Error).name);

describe('quarantine-principal', () => {
  it('stops the user from making keys, and leaves the rest to it: it is no containment', async () => {
    const undo = await apply(ID);
    expect(await makesKey()).toBe('AccessDenied');
    expect(await tries(stage, key)).toBe('accepted');
    await undo();
    expect(await makesKey()).toBe('accepted');
  });

  it('keeps the user from taking it off', async () => {
    await apply(ID);
    const detach = new DetachUserPolicyCommand({ UserName: 'alice', PolicyArn: arn() });
    await expect(stage.as(key).iam.send(detach)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('fits a managed policy, and carries the mark of the case', async () => {
    expect(QUARANTINE.length).toBeLessThan(6144);
    await apply(ID);
    const { Policy } = await stage.admin.iam.send(new GetPolicyCommand({ PolicyArn: arn() }));
    expect(Policy).toMatchObject({ Path: '/cordon/', Tags: [{ Key: 'cordon:case', Value: CASE }] });
  });

  it('leaves the quarantine that AWS attached, before and after', async () => {
    const PolicyArn = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3';
    await stage.admin.iam.send(new AttachUserPolicyCommand({ UserName: 'alice', PolicyArn }));
    const undo = await apply(ID);
    expect(await attached()).toEqual([PolicyArn, arn()]);
    await undo();
    expect(await attached()).toEqual([PolicyArn]);
  });

  it('finishes what an earlier try began, and takes it all back', async () => {
    const snapshot = await stage.snapshot();
    const { action, request } = chosen(ID);
    const { prior } = await action.preflight(request);
    faults.set('AttachUserPolicy', () => Promise.reject(Object.assign(new Error('reset'), { code: 'EPIPE' })));
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Unavailable' });
    faults.clear();
    expect((await action.preflight(request)).calls.map(({ operation }) => operation)).toEqual(['AttachUserPolicy']);
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await action.revert(request, prior, result);
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('leaves no policy behind when it is refused to attach it, and says so when it must', async () => {
    const { action, request } = chosen(ID);
    const { prior } = await action.preflight(request);
    const snapshot = await stage.snapshot();
    const refuse = () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    faults.set('AttachUserPolicy', refuse);
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'AccessDenied' });
    expect(await stage.snapshot()).toEqual(snapshot);
    faults.set('DeletePolicy', refuse);
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  });

  it('says drifted once it was detached or changed', async () => {
    const { action, request } = chosen(ID);
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    const change = { PolicyArn: arn(), PolicyDocument: conditionalDeny, SetAsDefault: true };
    await stage.admin.iam.send(new CreatePolicyVersionCommand(change));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
    await stage.admin.iam.send(new DetachUserPolicyCommand({ UserName: 'alice', PolicyArn: arn() }));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it.each([
    [
      'changed',
      () => new CreatePolicyVersionCommand({ PolicyArn: arn(), PolicyDocument: conditionalDeny, SetAsDefault: true }),
    ],
    ['attached to another user', () => new AttachUserPolicyCommand({ UserName: 'cordon', PolicyArn: arn() })],
  ])('does not revert one that a third party %s since', async (_how, command) => {
    const { action, request } = chosen(ID);
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    await stage.admin.iam.send(command() as AttachUserPolicyCommand);
    const snapshot = await stage.snapshot();
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it.each([
    ['says something else', conditionalDeny, CASE],
    ['is of another case', QUARANTINE, 'ca_another'],
  ])('does not attach a policy of its name that %s', async (_what, PolicyDocument, Value) => {
    const Tags = [{ Key: 'cordon:case', Value }];
    await stage.admin.iam.send(new CreatePolicyCommand({ PolicyName, Path: '/cordon/', PolicyDocument, Tags }));
    const { action, request } = chosen(ID);
    expect(await action.preflight(request)).toMatchObject({
      alreadySo: false,
      calls: [],
      obstacles: [expect.any(String)],
    });
    await expect(action.apply(request, {})).rejects.toMatchObject({ type: 'Conflict' });
    expect(await attached()).toEqual([]);
  });

  it('makes policies under its own path only, and names the permission that it lacks', async () => {
    const elsewhere = new CreatePolicyCommand({ PolicyName: 'mine', PolicyDocument: conditionalDeny });
    const cordon = stage.as(stage.settings.credentials ?? key);
    await expect(cordon.iam.send(elsewhere)).rejects.toMatchObject({ name: 'AccessDenied' });
    await build(['deny-principal']);
    const { action, request } = chosen(ID);
    const missing = await stage.provider.missingPermissions(action.permissions, ministack.accountId);
    expect(missing.map(({ name }) => name)).toContain('iam:AttachUserPolicy');
    await expect(action.preflight(request)).rejects.toMatchObject({
      type: 'AccessDenied',
      message: expect.stringMatching(/iam:GetPolicy/u),
    });
  });
});
