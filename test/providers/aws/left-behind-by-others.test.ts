import {
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  SetDefaultPolicyVersionCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AddPermissionCommand, RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';

import { CordonFailure } from '../../../src/contracts/failures.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { AwsActionId } from '../../../src/providers/aws/actions/index.ts';
import { endOfFailure, stopsThePlan } from '../../../workflows/end-state.ts';
import { CASE, alice, key, nextSecond, stage, useCaseOfAlice, writes } from './case-of-alice.ts';
import { ALLOW, arnOf, leaveBehind, NOTHING_MUCH, PERSISTENCE, proposed, trust } from './persistence.ts';

useCaseOfAlice();

const HUNDRED_DAYS = 100 * 86_400;
const propose = (id: AwsActionId) => proposed(stage, alice, ['deny-principal', 'revoke-role-sessions', id], CASE);

async function planned(id: AwsActionId) {
  const { requests, caveats } = await propose(id);
  const request = requests.find(({ action }) => action === id);
  const action = stage.provider.actions[id];
  if (!request || !action) throw new Error(`no ${id}: ${caveats.join(' ')}`);
  return { action, request };
}

function persistence(id: AwsActionId) {
  const one = PERSISTENCE.find(({ action }) => action === id);
  if (!one) throw new Error(`no ${id}`);
  return one;
}

async function refusal(change: Promise<unknown>): Promise<CordonFailure> {
  const error = await change.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CordonFailure)) throw new Error('It was not refused.', { cause: error });
  return error;
}

/** The reason and not a complaint about the ledger; nothing was changed; the next action is tried. */
function expectsAPerson({ type, message }: CordonFailure): void {
  expect(message).toContain('by hand');
  expect(endOfFailure(type)).toBe('failed');
  expect(stopsThePlan(type)).toBe(false);
}

describe('what the suspect left and somebody else changed since', () => {
  const put = (document: object) =>
    stage.admin.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: 'vault', PolicyDocument: JSON.stringify(document) }),
    );
  const openTo = async (Principal: string) => {
    const of = { FunctionName: 'invoices', StatementId: 'backdoor' };
    await stage.admin.lambda.send(new RemovePermissionCommand(of));
    await stage.admin.lambda.send(new AddPermissionCommand({ ...of, Action: 'lambda:InvokeFunction', Principal }));
  };
  const cases: [AwsActionId, () => Promise<unknown>, JsonObject][] = [
    // Long before: of the present profile and provider the log has nothing.
    ['remove-created-login-profile', async () => {}, { createdAt: '2026-01-01T00:00:00.000Z' }],
    ['delete-created-identity-providers', async () => {}, { createdAt: '2026-01-01T00:00:00.000Z' }],
    ['restore-role-trust', () => put(trust(arnOf(stage, 'user/cordon'))), {}],
    ['remove-function-permissions', () => openTo('210987654321'), {}],
  ];

  it.each(cases)(
    'is left alone by %s, which says so, and does not stop the rest of the plan',
    async (id, change, more) => {
      await leaveBehind(stage, key, persistence(id));
      const { action, request: found } = await planned(id);
      const { prior } = await action.preflight(found);
      await change();
      const request = { ...found, parameters: { ...found.parameters, ...more } };
      const before = await stage.snapshot();
      stage.calls.length = 0;
      const left = await action.preflight(request);
      expect(left).toMatchObject({ alreadySo: false, calls: [], obstacles: [] });
      expect(left.caveats).toEqual([expect.stringContaining('by hand')]);
      // By what the ledger would hold, and by what a try of before has put there.
      for (const from of [left.prior, prior]) expectsAPerson(await refusal(action.apply(request, from)));
      expect((await action.verify(request, {})).status).not.toBe('holds');
      expect(writes(stage.calls)).toEqual([]);
      expect(await stage.snapshot()).toEqual(before);
    },
  );

  it.each(cases.slice(2))('is not put back by the rollback of %s', async (id, change) => {
    await leaveBehind(stage, key, persistence(id));
    const { action, request } = await planned(id);
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    if (id === 'remove-function-permissions') {
      const other = { FunctionName: 'invoices', StatementId: 'backdoor', Principal: '210987654321' };
      await stage.admin.lambda.send(new AddPermissionCommand({ ...other, Action: 'lambda:InvokeFunction' }));
    } else await change();
    const before = await stage.snapshot();
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ type: 'Conflict' });
    expect(await stage.snapshot()).toEqual(before);
  });

  it('is not overruled where somebody set another default of a policy', async () => {
    await leaveBehind(stage, key, persistence('restore-policy-version'));
    const { action, request } = await planned('restore-policy-version');
    const { prior } = await action.preflight(request);
    const PolicyArn = arnOf(stage, 'policy/developers');
    await stage.admin.iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    const left = await action.preflight(request);
    expect(left).toMatchObject({ alreadySo: false, calls: [], obstacles: [] });
    expect(left.caveats).toEqual([expect.stringContaining('somebody else')]);
    for (const from of [left.prior, prior]) expectsAPerson(await refusal(action.apply(request, from)));
    await expect(action.revert(request, prior, {})).rejects.toMatchObject({ type: 'Conflict' });
    expect(await action.verify(request, {})).toMatchObject({ status: 'unknown' });
  });
});

describe('what stood there before the suspect', () => {
  it.each<AwsActionId>(['restore-role-trust', 'restore-policy-version'])(
    'is not guessed by %s where the log does not reach back to it',
    async (id) => {
      await persistence(id).prepare(stage);
      await stage.ministack.ageLog(HUNDRED_DAYS);
      await persistence(id).leave(stage, key);
      const { requests, caveats } = await propose(id);
      expect(requests.filter(({ action }) => action === id)).toEqual([]);
      expect(caveats).toEqual([expect.stringContaining('not certain from the log')]);
    },
  );

  it('is not what the suspect itself put there', async () => {
    await persistence('restore-role-trust').prepare(stage);
    await persistence('restore-role-trust').leave(stage, key);
    await stage.ministack.ageLog(7200);
    await persistence('restore-role-trust').leave(stage, key);
    const { requests, caveats } = await propose('restore-role-trust');
    expect(requests.filter(({ action }) => action === 'restore-role-trust')).toEqual([]);
    expect(caveats).toEqual([expect.stringContaining('UpdateAssumeRolePolicy on vault')]);
  });

  it('is what stood before the first of several changes', async () => {
    await leaveBehind(stage, key, persistence('restore-role-trust'));
    await nextSecond();
    const again = { RoleName: 'vault', PolicyDocument: JSON.stringify(trust('*')) };
    await stage.as(key).iam.send(new UpdateAssumeRolePolicyCommand(again));
    const { action, request } = await planned('restore-role-trust');
    expect(JSON.parse(request.parameters['trustPolicy'] as string)).toEqual(trust(arnOf(stage, 'user/team/dan')));
    expect(request.parameters['putBySuspect']).toHaveLength(2);
    const { prior } = await action.preflight(request);
    expect(await action.verify(request, (await action.apply(request, prior)).result)).toMatchObject({
      status: 'holds',
    });
  });

  it('is the one other version of a policy, where none was ever deleted', async () => {
    const PolicyArn = arnOf(stage, 'policy/developers');
    await stage.admin.iam.send(new CreatePolicyCommand({ PolicyName: 'developers', PolicyDocument: NOTHING_MUCH }));
    await stage.ministack.ageLog(HUNDRED_DAYS);
    await nextSecond();
    const wide = { PolicyArn, PolicyDocument: ALLOW, SetAsDefault: true };
    await stage.as(key).iam.send(new CreatePolicyVersionCommand(wide));
    const { request } = await planned('restore-policy-version');
    expect(request.parameters).toEqual({ versionId: 'v1', setBySuspect: ['v2'] });
    // With a gap, the one that is missing may have been it.
    await stage.as(key).iam.send(new CreatePolicyVersionCommand(wide));
    await stage.as(key).iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    const { requests, caveats } = await propose('restore-policy-version');
    expect(requests.filter(({ action }) => action === 'restore-policy-version')).toEqual([]);
    expect(caveats.join('\n')).toContain(`CreatePolicyVersion on ${PolicyArn}`);
  });

  it('matters not while a version of a policy is not the default', async () => {
    await persistence('restore-policy-version').prepare(stage);
    const PolicyArn = arnOf(stage, 'policy/developers');
    await stage.as(key).iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: ALLOW }));
    const { requests, caveats } = await propose('restore-policy-version');
    expect(requests.filter(({ action }) => action === 'restore-policy-version')).toEqual([]);
    expect(caveats).toEqual([]);
  });
});
