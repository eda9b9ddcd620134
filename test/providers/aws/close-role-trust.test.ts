import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import type { ActionRequest } from '../../../src/domain/plan.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import type { Action } from '../../../src/providers/port.ts';
import { CASE, build, ministack, nextSecond, stage, useCaseOfAlice, writes } from './case-of-alice.ts';
import { tries } from './stage.ts';

useCaseOfAlice();

const ENABLED = ['close-role-trust', 'revoke-role-sessions'];
const trust = (...AWS: string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
type Person = Awaited<ReturnType<typeof stage.createUser>>;
let mallory: Person;
let carol: Person;
beforeEach(() => people());

async function people(): Promise<void> {
  mallory = await stage.createUser('mallory');
  carol = await stage.createUser('carol');
}

/** The role whose session mallory holds, with what the log tells of it. */
async function stolen(trusts: object) {
  const role = await stage.createRole('ops', trusts);
  await stage.as(await stage.assume(carol.key, role.arn, 'work')).ec2.send(new DescribeInstancesCommand({}));
  const session = await stage.assume(mallory.key, role.arn, 'stolen');
  await stage.as(session).ec2.send(new DescribeInstancesCommand({}));
  const suspect = await resolve(`arn:aws:sts::${ministack.accountId}:assumed-role/ops/stolen`);
  return { role, session, suspect, facts: await activityOf(suspect) };
}

async function resolve(value: string): Promise<Principal> {
  const found = await stage.provider.resolve([{ form: 'arn', value }], ministack.accountId);
  if (found.status !== 'resolved') throw new Error(found.reason);
  return found.principal;
}

function activityOf(suspect: Principal): Promise<ActivityFacts> {
  const around = { from: new Date(Date.now() - 60_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() };
  return stage.provider.activity(suspect, around, { from: around.from, to: around.from });
}

function closing(suspect: Principal, facts: ActivityFacts | null): { action: Action; request: ActionRequest } {
  const { requests } = stage.provider.propose(suspect, facts, CASE, ENABLED);
  const request = requests.find(({ action }) => action === 'close-role-trust');
  const action = stage.provider.actions['close-role-trust'];
  if (!request || !action) throw new Error('nothing to close');
  return { action, request };
}

async function trustOf(RoleName: string): Promise<string> {
  const { Role } = await stage.admin.iam.send(new GetRoleCommand({ RoleName }));
  return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
}

const assumption = (by: Person, arn: string) =>
  stage.assume(by.key, arn, 'again').then(
    () => 'given',
    (error: unknown) => (error as Error).name,
  );

describe.each<[string, () => object]>([
  ['names both callers', () => trust(mallory.arn, carol.arn)],
  ['trusts the whole account', () => trust(`arn:aws:iam::${ministack.accountId}:root`)],
  ['trusts everyone, and names the suspect besides', () => trust('*', mallory.arn)],
])('a stolen session of a role that %s', (_, trusts) => {
  it('is refused and does not come back, while the other caller goes on; a rollback restores the trust', async () => {
    const { role, session, suspect, facts } = await stolen(trusts());
    const { requests, caveats } = stage.provider.propose(suspect, facts, CASE, ENABLED);
    expect(requests.map(({ action }) => action)).toEqual(['close-role-trust', 'revoke-role-sessions']);
    expect(caveats).toEqual([]);
    const before = await trustOf('ops');
    const undo: (() => Promise<void>)[] = [];
    for (const request of requests) {
      const action = stage.provider.actions[request.action]!;
      await nextSecond();
      const { prior, obstacles } = await action.preflight(request);
      expect(obstacles).toEqual([]);
      const { result } = await action.apply(request, prior);
      expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
      undo.unshift(() => action.revert(request, prior, result));
    }
    await nextSecond();
    expect(await tries(stage, session)).not.toBe('accepted');
    const since = new Date().toISOString();
    expect(await assumption(mallory, role.arn)).toBe('AccessDenied');
    expect(await tries(stage, await stage.assume(carol.key, role.arn, 'stolen'))).toBe('accepted');
    // The other caller's calls are no sign that the suspect came back, under whatever session name.
    expect(await stage.provider.successfulCallsSince(suspect, since)).toMatchObject({
      calls: [],
      unclear: [],
      logComplete: true,
    });
    for (const step of undo) await step();
    expect(JSON.parse(await trustOf('ops'))).toEqual(JSON.parse(before));
    expect(await tries(stage, await stage.assume(mallory.key, role.arn, 'back'))).toBe('accepted');
    expect((await stage.provider.successfulCallsSince(suspect, since)).calls).toHaveLength(1);
  });
});

describe('close-role-trust', () => {
  it('shows the change as a diff, calls what it showed, and twice equals once', async () => {
    const { suspect, facts } = await stolen(trust(mallory.arn, carol.arn));
    const { action, request } = closing(suspect, facts);
    const { calls, prior, mayBreak, alreadySo } = await action.preflight(request);
    expect(alreadySo).toBe(false);
    expect(mayBreak.filter((line) => line.includes(': - '))).toHaveLength(1);
    expect(mayBreak.filter((line) => line.includes(': + '))).toHaveLength(1);
    stage.calls.length = 0;
    const first = await action.apply(request, prior);
    expect(writes(stage.calls)).toEqual(calls);
    const after = await trustOf('ops');
    stage.calls.length = 0;
    expect(await action.apply(request, prior)).toEqual(first);
    expect(writes(stage.calls)).toEqual([]);
    expect(await trustOf('ops')).toBe(after);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [] });
    stage.calls.length = 0;
    await action.revert(request, prior, first.result);
    expect(writes(stage.calls)).toEqual(action.previewRevert(request, prior, first.result));
    await action.revert(request, prior, first.result);
    expect(await action.verify(request, first.result)).toMatchObject({ status: 'drifted' });
  });

  it('leaves alone what a third party changed, before it acts and before it reverts', async () => {
    const { suspect, facts } = await stolen(trust(mallory.arn, carol.arn));
    const { action, request } = closing(suspect, facts);
    const { prior } = await action.preflight(request);
    const put = (document: object) =>
      stage.admin.iam.send(
        new UpdateAssumeRolePolicyCommand({ RoleName: 'ops', PolicyDocument: JSON.stringify(document) }),
      );
    await put(trust(mallory.arn));
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Conflict' });
    await put(trust(carol.arn, mallory.arn));
    const { result } = await action.apply(request, prior);
    await put(trust(carol.arn, stage.cordonArn));
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
    expect(JSON.parse(await trustOf('ops'))).toEqual(trust(carol.arn, stage.cordonArn));
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
  });

  it.each([
    ['is gone', null],
    ['was made anew under another path', '/other/'],
  ])('has nothing to close where the role %s, before and after the change', async (_, path) => {
    const { suspect, facts } = await stolen(trust(mallory.arn, carol.arn));
    const { action, request } = closing(suspect, facts);
    const { prior } = await action.preflight(request);
    await stage.admin.iam.send(new DeleteRolePolicyCommand({ RoleName: 'ops', PolicyName: 'work' }));
    await stage.admin.iam.send(new DeleteRoleCommand({ RoleName: 'ops' }));
    if (path !== null) await stage.createRole('ops', trust(mallory.arn), path);
    stage.calls.length = 0;
    const { result } = await action.apply(request, prior);
    expect(writes(stage.calls)).toEqual([]);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    const caveats = path === null ? [] : [expect.stringContaining('anew')];
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [], obstacles: [], caveats });
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
  });

  it('goes down the chain of the stolen session, and names what it can not know', async () => {
    const { role, session, suspect } = await stolen(trust(mallory.arn, carol.arn));
    const inner = await stage.createRole('inner', trust(role.arn));
    await stage.assume(session, inner.arn, 'deeper');
    const { requests } = stage.provider.propose(suspect, await activityOf(suspect), CASE, ENABLED);
    expect(requests.map(({ action, target }) => [action, target.split('/').at(-1)])).toEqual([
      ['close-role-trust', 'ops'],
      ['close-role-trust', 'inner'],
      ['revoke-role-sessions', 'ops'],
      ['revoke-role-sessions', 'inner'],
    ]);
    // The role as a whole: one of two callers is the suspect, and nobody can say which.
    const whole = await resolve(role.arn);
    const { requests: some, caveats } = stage.provider.propose(whole, await activityOf(whole), CASE, ENABLED);
    expect(some.filter(({ target, action }) => target === role.arn && action === 'close-role-trust')).toEqual([]);
    expect(caveats.join()).toContain('mallory');
  });

  it('names the permission that it lacks', async () => {
    await build(['revoke-role-sessions']);
    await people();
    const { suspect, facts } = await stolen(trust(mallory.arn, carol.arn));
    const { action, request } = closing(suspect, facts);
    const failure = action.apply(request, (await action.preflight(request)).prior);
    await expect(failure).rejects.toMatchObject({ type: 'AccessDenied', message: /iam:UpdateAssumeRolePolicy/u });
  });

  it('refuses a target that is not one role of the account', async () => {
    const { suspect, facts } = await stolen(trust(mallory.arn, carol.arn));
    const { action, request } = closing(suspect, facts);
    const { prior } = await action.preflight(request);
    stage.calls.length = 0;
    for (const target of [
      '',
      '*',
      mallory.arn,
      request.target.replace('/ops', '/*'),
      'arn:aws:iam::210987654321:role/ops',
    ]) {
      const wrong = { ...request, target };
      await expect(action.preflight(wrong)).rejects.toMatchObject({ type: 'TargetRefused' });
      await expect(action.apply(wrong, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
    }
    const anyone = { ...request, parameters: { caseId: CASE, callers: [{ kind: 'principal', id: '*' }] } };
    await expect(action.apply(anyone, prior)).rejects.toMatchObject({ type: 'ValidationFailed' });
    expect(writes(stage.calls)).toEqual([]);
  });
});
