import { PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { JsonObject } from '../../../src/domain/json.ts';
import { startMiniStack, type MiniStack } from '../../support/processes/ministack.ts';
import { buildPeople, carryOut, CASE, OTHER_ACCOUNT, WORK, type PeopleStage } from './identity-center-stage.ts';

let ministack: MiniStack;
let people: PeopleStage;
beforeAll(async () => void (ministack = await startMiniStack()));
afterAll(() => ministack?.stop());
beforeEach(async () => {
  people = await buildPeople(ministack);
  return () => people.center.stop();
});

const DENY = 'deny-permission-set-user';
const setsIn = ({ permissionSets }: JsonObject) => permissionSets as JsonObject[];

describe('the deny', () => {
  it('says what a person must do beside it, until the user is disabled', async () => {
    const { action, request } = people.choose(DENY);
    expect((await action.preflight(request)).caveats?.join()).toMatch(
      /disables user jane@corp\.example.*SCIM \(PatchUser/u,
    );
    people.jane.disabled = true;
    // One line an account, so that it stays the same line when assignments in others go.
    expect((await action.preflight(request)).caveats).toEqual([
      expect.stringMatching(new RegExp(`account ${OTHER_ACCOUNT} .*log .*send an alert`, 'u')),
    ]);
  });

  it('has drifted where the statement is gone, or where a permission set was given since; carried out again it holds', async () => {
    const { action, request, prior, result } = await carryOut(people, DENY);
    people.admin.inlinePolicy = WORK;
    people.admin.version += 1;
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
    await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });

    const late = people.center.organisation.addPermissionSet('Late');
    await people.assign(people.jane, late);
    expect(await action.verify(request, result)).toMatchObject({
      status: 'drifted',
      detail: expect.stringContaining(late.arn),
    });
    const again = await carryOut(people, DENY);
    expect(await action.verify(request, again.result)).toMatchObject({ status: 'holds' });

    // One rollback takes both rounds back, as the ledger adds them up: from the first prior state, by all results.
    const merged = { permissionSets: [...setsIn(result), ...setsIn(again.result)] };
    expect(
      action.previewRevert(request, prior, merged).filter(({ operation }) => /Provision/u.test(operation)),
    ).toHaveLength(3);
    await action.revert(request, prior, merged);
    expect([people.admin.inlinePolicy, people.readOnly.inlinePolicy, late.inlinePolicy]).toEqual([WORK, null, null]);
    const now = (await action.preflight(request)).prior;
    expect(action.restores?.(now, merged, [])).toEqual(action.restores?.(prior, merged, []));
  });

  it('does not hold while a role lacks it, whatever Identity Center says', async () => {
    const { action, request, result } = await carryOut(people, DENY);
    const { organisation } = people.center;
    const role = organisation.roleName(people.admin, ministack.accountId);
    await organisation.roles.put(ministack.accountId, role, WORK);
    expect(await action.verify(request, result)).toMatchObject({
      status: 'drifted',
      detail: expect.stringContaining(role),
    });
    people.admin.accounts.set(OTHER_ACCOUNT, 0);
    expect(await action.verify(request, result)).toMatchObject({ status: 'unknown' });
  });

  it('is not done before AWS has provisioned it, and says what fails', async () => {
    const { organisation } = people.center;
    organisation.failsWith = 'Received a 404 status error: role not found.';
    const { action, request } = people.choose(DENY);
    const { prior } = await action.preflight(request);
    await expect(action.apply(request, prior)).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringContaining('role not found'),
    });
    organisation.failsWith = null;
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await action.revert(request, prior, result);
    expect(people.admin.inlinePolicy).toBe(WORK);
  });

  it.each(['sso:ProvisionPermissionSet', 'sso:DescribePermissionSetProvisioningStatus'])(
    'does not pass for nothing done where Cordon lacks %s, once it has put the statement',
    async (lacking) => {
      const { action, request } = people.choose(DENY);
      const { prior } = await action.preflight(request);
      const Statement = [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: lacking, Resource: '*' },
      ];
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      const policy = { UserName: 'cordon', PolicyName: 'work', PolicyDocument };
      await people.stage.admin.iam.send(new PutUserPolicyCommand(policy));
      await expect(action.apply(request, prior)).rejects.toMatchObject({
        type: 'OutcomeUnknown',
        message: expect.stringContaining(lacking),
      });
      expect([people.admin.inlinePolicy, people.readOnly.inlinePolicy].join()).toContain('CordonDeny');
    },
  );

  it('leaves what someone else changed: takes only its own statement, and none that was changed', async () => {
    const { undo } = await carryOut(people, DENY);
    const policy = JSON.parse(people.admin.inlinePolicy ?? '') as { Statement: object[] };
    const theirs = { Sid: 'Theirs', Effect: 'Allow', Action: 'ec2:*', Resource: '*' };
    people.admin.inlinePolicy = JSON.stringify({ ...policy, Statement: [...policy.Statement, theirs] });
    await undo();
    expect(JSON.parse(people.admin.inlinePolicy ?? '')).toMatchObject({
      Statement: [{ Sid: 'Work' }, { Sid: 'Theirs' }],
    });

    const second = await carryOut(people, DENY);
    const changed = (people.admin.inlinePolicy ?? '').replace(
      '"Effect":"Deny","Action":"*"',
      '"Effect":"Deny","Action":"s3:*"',
    );
    people.admin.inlinePolicy = changed;
    await expect(second.undo()).rejects.toMatchObject({ type: 'Conflict' });
    expect(people.admin.inlinePolicy).toBe(changed);
    const { action, request } = people.choose(DENY);
    expect((await action.preflight(request)).obstacles).toHaveLength(1);
  });

  it('is found by the sweep under the mark of its case, until it is rolled back', async () => {
    const marks = async () =>
      (await people.provider.marked(ministack.accountId, [people.principal])).marks.map(
        ({ caseId, targets, leftBy }) => ({
          caseId,
          targets,
          leftBy,
        }),
      );
    const { request, undo } = await carryOut(people, DENY);
    const mark = { caseId: CASE, targets: [request.target], leftBy: [DENY] };
    expect(await marks()).toEqual([mark, mark]);
    await undo();
    expect(await marks()).toEqual([]);
  });

  it('says so where the policy leaves no room or can not be read, and what else comes into force', async () => {
    const { action, request } = people.choose(DENY);
    people.admin.version += 1;
    expect((await action.preflight(request)).mayBreak.join()).toMatch(/not provisioned yet come into force/u);
    people.admin.inlinePolicy = JSON.stringify({ Version: 'x'.repeat(10_100), Statement: [] });
    expect((await action.preflight(request)).obstacles.join()).toMatch(/no room/u);
    people.admin.inlinePolicy = '[]';
    await expect(action.preflight(request)).rejects.toMatchObject({ type: 'ValidationFailed' });
  });

  it('refuses a user who was renamed since the plan, and one who is gone', async () => {
    const { action, request } = people.choose(DENY);
    const { prior } = await action.preflight(request);
    const { users } = people.center.organisation;
    users.set(people.jane.id, { ...people.jane, name: 'someone@corp.example' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'TargetRefused' });
    users.delete(people.jane.id);
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'NotFound' });
    expect(people.admin.inlinePolicy).toBe(WORK);
  });

  it('of two cases stands twice, and each takes its own', async () => {
    const first = await carryOut(people, DENY);
    const request = { ...first.request, parameters: { caseId: 'ca_other' } };
    const { prior } = await first.action.preflight(request);
    const { result } = await first.action.apply(request, prior);
    await first.undo();
    expect(people.admin.inlinePolicy).toContain('CordonDenycaother');
    expect(people.admin.inlinePolicy).not.toContain(CASE.replace('_', ''));
    await first.action.revert(request, prior, result);
    expect(JSON.parse(people.admin.inlinePolicy ?? '')).toMatchObject({ Statement: [{ Sid: 'Work' }] });
  });
});
