import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, PutRolePolicyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { enabledActions } from '../../../src/config/clouds.ts';
import { configSchema } from '../../../src/config/schema.ts';
import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import { hubPolicy, identityCenterPolicy, memberTrustPolicy } from '../../../src/providers/aws/account-policies.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import type { AwsCredentials } from '../../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import { identityCenterPermissions } from '../../../src/providers/aws/permissions.ts';
import { policyFor } from '../../../src/providers/aws/policy.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { startMiniStack, type MiniStack } from '../../support/processes/ministack.ts';
import {
  ACTIONS,
  buildPeople,
  carryOut,
  CASE,
  OTHER_ACCOUNT,
  WORK,
  type PeopleStage,
} from './identity-center-stage.ts';
import { tries } from './stage.ts';

let ministack: MiniStack;
let people: PeopleStage;
beforeAll(async () => void (ministack = await startMiniStack()));
afterAll(() => ministack?.stop());
beforeEach(async () => {
  people = await buildPeople(ministack);
  return () => people.center.stop();
});

const DENY = 'deny-permission-set-user';
const attempt = (credentials: AwsCredentials) => tries(people.stage, credentials);
const resolve = (...values: string[]) =>
  people.provider.resolve(
    values.map((value) => ({ form: 'arn', value }) as const),
    ministack.accountId,
  );
const arnOf = (set: { name: string } & Parameters<PeopleStage['assign']>[1], name: string) =>
  `arn:aws:sts::${ministack.accountId}:assumed-role/${people.center.organisation.roleName(set, ministack.accountId)}/${name}`;

describe('resolve', () => {
  it('pins the person in the identity store, whichever of the roles was seen', async () => {
    const { principal, jane, admin, readOnly } = people;
    expect(await resolve(principal.arn)).toEqual({ status: 'resolved', principal });
    expect(await resolve(principal.arn, arnOf(readOnly, jane.name))).toMatchObject({
      status: 'resolved',
      principal: { uniqueId: jane.id, name: jane.name },
    });
    expect(await resolve(principal.arn, arnOf(admin, people.bob.name))).toMatchObject({ status: 'ambiguous' });
  });

  it('resolves the key of a session', async () => {
    const session = await people.center.signIn(people.jane, people.admin);
    await people.stage.as(session).ec2.send(new DescribeInstancesCommand({}));
    expect(await resolve(session.accessKeyId)).toEqual({ status: 'resolved', principal: people.principal });
  });

  it.each(['nobody@corp.example', 'x'.repeat(64)])('never guesses whose session %s is', async (name) => {
    expect(await resolve(arnOf(people.admin, name))).toMatchObject({ status: 'unresolved' });
  });

  it('says what it could not ask, instead of taking a name for a person', async () => {
    people.center.organisation.users.clear();
    expect(await resolve(people.principal.arn)).toMatchObject({ status: 'unresolved' });
  });

  it('proposes nothing without an Identity Center, and says what a person does', async () => {
    const provider = createAwsProvider(people.stage.settings);
    const resolution = await provider.resolve([{ form: 'arn', value: people.principal.arn }], ministack.accountId);
    if (resolution.status !== 'resolved') throw new Error(resolution.reason);
    expect(resolution.principal).toMatchObject({ uniqueId: expect.stringMatching(/^AROA/u) });
    const { requests, caveats } = provider.propose(resolution.principal, null, CASE, ACTIONS);
    expect(requests).toEqual([]);
    expect(caveats[0]).toContain('aws.identityCenter');
  });
});

describe('a stolen session', () => {
  it('is refused in every role of the person, while others go on; a rollback gives all of it back', async () => {
    const { center, jane, bob, admin, readOnly } = people;
    const hers = [await center.signIn(jane, admin), await center.signIn(jane, readOnly)];
    const his = [await center.signIn(bob, admin), await center.signIn(bob, readOnly)];
    const before = await people.snapshot();
    expect(await Promise.all([...hers, ...his].map(attempt))).toEqual(Array(4).fill('accepted'));

    const { action, request, result, undo } = await carryOut(people, DENY);
    expect(await Promise.all(hers.map(attempt))).toEqual(Array(2).fill('UnauthorizedOperation'));
    expect(await Promise.all(his.map(attempt))).toEqual(Array(2).fill('accepted'));
    // What the portal gives out later is of no more use.
    expect(await attempt(await center.signIn(jane, admin))).toBe('UnauthorizedOperation');
    expect(await attempt(await center.signIn(bob, admin))).toBe('accepted');
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    expect([...admin.accounts]).toEqual([ministack.accountId, OTHER_ACCOUNT].map((id) => [id, admin.version]));

    await undo();
    expect(await Promise.all([...hers, ...his].map(attempt))).toEqual(Array(4).fill('accepted'));
    expect(await people.snapshot()).toEqual(before);
    expect(admin.inlinePolicy).toBe(WORK);
    expect(readOnly.inlinePolicy).toBeNull();
  });

  it('is stopped where its assignment has ended already, since the session outlives it', async () => {
    const { center, jane, admin } = people;
    const session = await center.signIn(jane, admin);
    const { organisation } = center;
    for (const one of organisation.assignments.filter(({ PrincipalId }) => PrincipalId === jane.id)) {
      await organisation.unassign(one);
    }
    await carryOut(people, DENY);
    expect(await attempt(session)).toBe('UnauthorizedOperation');
  });
});

describe('called by a role of its own', () => {
  const externalId = 'of-the-organisation';
  const roleOf = (accountId: string) => ({
    accountId,
    roleArn: `arn:aws:iam::${accountId}:role/cordon-people`,
    externalId,
  });

  /** As `cordon policy print aws` prints both sides. */
  async function build(enabled: readonly string[]): Promise<Provider> {
    const { stage, settings } = people;
    const { accountId } = ministack;
    const role = roleOf(accountId);
    const places = { ...settings, identityCenter: settings.identityCenter && { ...settings.identityCenter, role } };
    const RoleName = 'cordon-people';
    const AssumeRolePolicyDocument = JSON.stringify(memberTrustPolicy(role, stage.cordonArn));
    await stage.admin.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const allowed = JSON.stringify(identityCenterPolicy(enabled, role));
    await stage.admin.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: allowed }));
    const hub = JSON.stringify(hubPolicy(enabled, accountId, places, stage.cordonArn));
    expect(hub).not.toMatch(/sso:|identitystore:/u);
    const user = { UserName: 'cordon', PolicyName: 'work', PolicyDocument: hub };
    await stage.admin.iam.send(new PutUserPolicyCommand(user));
    return createAwsProvider(places);
  }

  it('contains, protects that role, and asks that role what it may', async () => {
    const provider = await build(ACTIONS);
    const { center, jane, admin, stage } = people;
    const session = await center.signIn(jane, admin);
    const { request } = people.choose(DENY);
    const action = provider.actions[DENY];
    if (!action) throw new Error('no deny');
    expect(await provider.missingPermissions(action.permissions, ministack.accountId)).toEqual([]);
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    expect(await attempt(session)).toBe('UnauthorizedOperation');
    await action.revert(request, prior, result);
    expect(await attempt(session)).toBe('accepted');
    const caller = `arn:aws:sts::${ministack.accountId}:assumed-role/cordon-people/cordon-identity-center`;
    expect([...center.callers]).toEqual([caller]);
    const selves = await provider.selves();
    expect(selves.map((self) => 'arn' in self && self.arn)).toEqual([
      stage.cordonArn,
      roleOf(ministack.accountId).roleArn,
    ]);
  });

  it('says what that role lacks', async () => {
    const provider = await build([]);
    const { permissions } = AWS_ACTIONS[DENY].facts;
    const missing = await provider.missingPermissions(permissions, ministack.accountId);
    expect(missing.map(({ name }) => name)).toContain('sso:PutInlinePolicyToPermissionSet');
    expect(missing.map(({ name }) => name)).not.toContain('identitystore:GetUserId');
  });

  it('fits into what AssumeRole takes as the policy of a session', () => {
    const policy = policyFor(identityCenterPermissions(), '123456789012', roleOf('123456789012').roleArn);
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(2048);
  });
});

describe('the log', () => {
  const window = () => ({
    from: new Date(Date.now() - 60_000).toISOString(),
    to: new Date(Date.now() + 60_000).toISOString(),
  });
  const activityOf = (): Promise<ActivityFacts> =>
    people.provider.activity(people.principal, window(), { from: window().from, to: window().from });

  it('counts every role of the person, and nobody else', async () => {
    const { center, stage, jane, bob, admin, readOnly } = people;
    const callers = [
      await center.signIn(jane, admin),
      await center.signIn(jane, readOnly),
      await center.signIn(bob, admin),
      // Whoever assumes a role may call the session as they like.
      await stage.assume((await stage.createUser('mallory')).key, (await stage.createRole('ops')).arn, jane.name),
    ];
    for (const caller of callers) await stage.as(caller).ec2.send(new DescribeInstancesCommand({}));
    expect((await activityOf()).around.calls).toBe(2);
    const since = new Date(Date.now() - 30_000).toISOString();
    const { calls } = await people.provider.successfulCallsSince(people.principal, since);
    expect(calls.filter((call) => call.startsWith('ec2:DescribeInstances'))).toHaveLength(2);
  });

  it('shows the roles that the person assumed, whose sessions are revoked too', async () => {
    const { center, stage, jane, admin } = people;
    const ops = await stage.createRole('ops');
    await stage.assume(await center.signIn(jane, admin), ops.arn, 'work');
    const { requests } = people.provider.propose(people.principal, await activityOf(), CASE, [
      DENY,
      'revoke-role-sessions',
    ]);
    expect(requests.map(({ action, target }) => [action, target])).toEqual([
      [DENY, `arn:aws:identitystore:::user/${jane.id}`],
      ['revoke-role-sessions', ops.arn],
    ]);
  });
});

describe('the configuration', () => {
  const { instanceArn, identityStoreId, region } = {
    instanceArn: 'arn:aws:sso:::instance/ssoins-0123456789abcdef',
    identityStoreId: 'd-1234567890',
    region: 'eu-west-1',
  };
  const enabled = (aws: object) => enabledActions(configSchema.parse({ aws }), 'aws');

  it('enables the deny with an Identity Center, and asks for nothing of it without one', () => {
    expect(enabled({ identityCenter: { instanceArn, identityStoreId, region } })).toContain(DENY);
    expect(enabled({})).not.toContain(DENY);
    expect(enabled({ actions: ACTIONS })).toEqual([]);
  });

  it.each([
    { instanceArn: 'arn:aws:sso:::instance/*', identityStoreId, region },
    { instanceArn, identityStoreId: 'd-*', region },
    { instanceArn, identityStoreId },
  ])('refuses what names no Identity Center', (identityCenter) => {
    expect(configSchema.safeParse({ aws: { identityCenter } }).success).toBe(false);
  });
});

describe('removing the assignments', () => {
  it('lets the portal give out nothing more by them, tells what groups still give, and brings them back', async () => {
    const { center, jane, bob, admin, readOnly } = people;
    const before = center.organisation.assignments.length;
    const { action, request } = people.choose('remove-account-assignments');
    expect((await action.preflight(request)).caveats?.join()).toMatch(/through groups/u);
    const { undo } = await carryOut(people, 'remove-account-assignments');
    await expect(center.signIn(jane, admin)).rejects.toThrow(/no more/u);
    expect(await attempt(await center.signIn(jane, readOnly))).toBe('accepted');
    expect(await attempt(await center.signIn(bob, admin))).toBe('accepted');
    await undo();
    expect(await attempt(await center.signIn(jane, admin))).toBe('accepted');
    expect(center.organisation.assignments).toHaveLength(before);
  });

  it('takes what was given after the plan was made, and does not bring that back', async () => {
    const { center, jane, bob, admin, readOnly } = people;
    const { action, request } = people.choose('remove-account-assignments');
    const { calls } = await action.preflight(request);
    await people.assign(jane, readOnly);
    const { prior } = await action.preflight(request, calls);
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await action.revert(request, prior, result);
    const hers = center.organisation.assignments.filter(({ PrincipalId }) => PrincipalId === jane.id);
    expect(hers.map(({ PermissionSetArn }) => PermissionSetArn)).toEqual([admin.arn, admin.arn]);
    const now = (await action.preflight(request)).prior;
    expect(action.restores?.(now, result, [])).toEqual(action.restores?.(prior, result, []));
    expect(center.organisation.assignments.filter(({ PrincipalId }) => PrincipalId === bob.id)).toHaveLength(2);
  });
});
