import { CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { PrincipalClue } from '../../../src/domain/alert.ts';
import type { ActionRequest } from '../../../src/domain/plan.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import { protectedBecause, protectedResourceBecause } from '../../../src/policy/protection.ts';
import { hubPolicy, memberTrustPolicy } from '../../../src/providers/aws/account-policies.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import { DENY_ALL } from '../../../src/providers/aws/deny.ts';
import { createAwsClients } from '../../../src/providers/aws/clients.ts';
import type { AwsSettings } from '../../../src/providers/aws/clients.ts';
import { isOfIdentityCenter } from '../../../src/providers/aws/identity-center/permissions.ts';
import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import { EVIDENCE_PERMISSIONS } from '../../../src/providers/aws/permissions.ts';
import { memberClients } from '../../../src/providers/aws/session.ts';
import type { Provider } from '../../../src/providers/port.ts';
import type { MiniStack } from '../../support/processes/ministack.ts';
import { startMiniStack } from '../../support/processes/ministack.ts';
import { A, ACTIONS, ALLOW_ALL, B, buildMembers, createMemberRole, memberAccount } from './member-accounts.ts';
import type { Members } from './member-accounts.ts';

const CASE = 'ca_0123456789abcdef0123456789abcdef';
const CONTAINING = ['deny-principal', 'deactivate-access-keys'];

let ministack: MiniStack;
let members: Members;
let provider: Provider;

beforeAll(async () => {
  ministack = await startMiniStack();
});
afterAll(() => ministack?.stop());
beforeEach(async () => {
  members = await buildMembers(ministack);
  provider = createAwsProvider(members.settings);
});

const clue = (form: PrincipalClue['form'], value: string): PrincipalClue => ({ form, value });

function aliceOf(accountId: string) {
  const found = members.alice[accountId];
  if (!found) throw new Error(`no alice in ${accountId}`);
  return found;
}

function requestsFor(principal: Principal, actions = CONTAINING): readonly ActionRequest[] {
  return provider.propose(principal, null, CASE, actions).requests;
}

function actionOf({ action }: ActionRequest, of = provider) {
  const found = of.actions[action];
  if (!found) throw new Error(`no ${action}`);
  return found;
}

/** Answers how to put it back. */
async function contain(principal: Principal): Promise<() => Promise<void>> {
  const undo: (() => Promise<void>)[] = [];
  for (const request of requestsFor(principal)) {
    const action = actionOf(request);
    const { prior, obstacles } = await action.preflight(request);
    expect(obstacles).toEqual([]);
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    expect(action.previewRevert(request, prior, result)).not.toEqual([]);
    undo.unshift(() => action.revert(request, prior, result));
  }
  return async () => {
    for (const revert of undo) await revert();
  };
}

describe('an account that is listed', () => {
  it('has its user resolved, contained and put back, and a namesake in another is untouched', async () => {
    const [there, here] = [aliceOf(A), aliceOf(B)];
    const before = { a: await members.snapshot(A), b: await members.snapshot(B) };
    const resolution = await provider.resolve([clue('user-name', 'alice')], B);
    expect(resolution).toEqual({ status: 'resolved', principal: here.principal });

    const putBack = await contain(here.principal);
    expect(await members.tries(here.key)).not.toBe('accepted');
    expect(await members.tries(there.key)).toBe('accepted');
    expect(await members.snapshot(A)).toEqual(before.a);

    await putBack();
    expect(await members.tries(here.key)).toBe('accepted');
    expect(await members.snapshot(B)).toEqual(before.b);
    expect(await members.snapshot(A)).toEqual(before.a);
  });

  it('has its own log and its own keys read, not those of a namesake', async () => {
    const [there, here] = [aliceOf(A), aliceOf(B)];
    const from = new Date(Date.now() - 60_000).toISOString();
    for (const [{ key }, times] of [[there, 1] as const, [here, 2] as const])
      for (let time = 0; time < times; time++) await members.tries(key);
    const around = { from, to: new Date(Date.now() + 60_000).toISOString() };
    const before = { from: new Date(Date.parse(from) - 60_000).toISOString(), to: from };
    const facts = async (principal: Principal) => (await provider.activity(principal, around, before)).around;
    expect(await facts(there.principal)).toMatchObject({ calls: 1 });
    expect(await facts(here.principal)).toMatchObject({ calls: 2 });
    expect((await provider.successfulCallsSince(here.principal, from)).calls).toHaveLength(2);
    const ids = (await provider.credentials(here.principal)).accessKeys.map(({ accessKeyId }) => accessKeyId);
    expect(ids).toEqual([here.key.accessKeyId]);
  });

  it('sees in its own log which of its sessions made a call, and one session is enough for all that is read', async () => {
    const { principal } = aliceOf(B);
    await Promise.all([
      provider.credentials(principal),
      provider.resolve([clue('arn', 'arn' in principal ? principal.arn : '')], B),
    ]);
    await contain(principal);
    expect(await members.callersOf(B, 'PutUserPolicy')).toEqual(['root', 'cordon-deny-principal']);
    expect(await members.callersOf(B, 'UpdateAccessKey')).toEqual(['cordon-deactivate-access-keys']);
    expect(new Set(await members.callersOf(B, 'ListMFADevices'))).toEqual(new Set(['cordon-evidence']));
    expect(await members.callersOf(ministack.accountId, 'AssumeRole')).toHaveLength(3);
    expect(await members.callersOf(A, 'GetUser')).toEqual([]);
  });

  it('lets every action that a user may need be done and undone by the session of that action alone', async () => {
    const { principal, key } = aliceOf(B);
    const deploy = await members.createRole(B, 'deploy', { AWS: resourceOf(principal) });
    await members.assume(key, deploy);
    const window = {
      from: new Date(Date.now() - 60_000).toISOString(),
      to: new Date(Date.now() + 60_000).toISOString(),
    };
    const facts = await provider.activity(principal, window, window);
    const { requests } = provider.propose(principal, facts, CASE, ACTIONS);
    const done: string[] = [];
    for (const request of requests) {
      const action = actionOf(request);
      const { prior, obstacles } = await action.preflight(request);
      if (obstacles.length > 0) continue;
      const { result } = await action.apply(request, prior);
      expect(await action.verify(request, result)).not.toMatchObject({ status: 'unknown' });
      if (action.reversibility !== 'none') await action.revert(request, prior, result);
      done.push(request.action);
    }
    expect(done).toEqual(expect.arrayContaining(['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions']));
    expect(requests.filter(({ action }) => !done.includes(action)).map(({ action }) => action)).toEqual([]);
  });

  it('grants what is declared with the policies that are printed, and says what is missing', async () => {
    const all = Object.values(provider.actions).flatMap(({ permissions }) => permissions);
    const declared = all.filter((permission) => !isOfIdentityCenter(permission));
    const wanted = [...declared, ...provider.evidencePermissions];
    for (const accountId of [A, B, ministack.accountId])
      expect(await provider.missingPermissions(wanted, accountId)).toEqual([]);
    const lacking = { name: 'iam:CreateUser', resource: 'arn:aws:iam::<account>:user/*', purpose: 'none' };
    expect(await provider.missingPermissions([lacking], B)).toEqual([lacking]);
  });
});

describe('which account a clue is of', () => {
  it('is told by the alert, by an ARN, or by AWS from an access key', async () => {
    const { principal, key } = aliceOf(B);
    const resolved = { status: 'resolved', principal };
    const { arn } = principal as Extract<Principal, { cloud: 'aws' }>;
    expect(await provider.resolve([clue('arn', arn)], undefined)).toEqual(resolved);
    expect(await provider.resolve([clue('access-key-id', key.accessKeyId)], undefined)).toEqual(resolved);
    const both = [clue('user-name', 'alice'), clue('access-key-id', key.accessKeyId)];
    expect(await provider.resolve(both, undefined)).toEqual(resolved);
    expect(await provider.resolve([clue('arn', members.hubArn)], undefined)).toMatchObject({
      status: 'resolved',
      principal: { accountId: ministack.accountId },
    });
  });

  it.each([
    ['a name alone', () => [clue('user-name', 'alice')], undefined, /no clue tells/u],
    ['an id alone', () => [clue('principal-id', String(aliceOf(B).principal.uniqueId))], undefined, /no clue tells/u],
    ['a key that is none', () => [clue('access-key-id', 'AKIAIOSFODNN7EXAMPLE')], B, /./u],
    [
      'clues of two accounts',
      () => [clue('arn', `arn:aws:iam::${A}:user/alice`), clue('access-key-id', aliceOf(B).key.accessKeyId)],
      undefined,
      /different accounts, 111111111111 and 222222222222/u,
    ],
    [
      'a clue of another account than the alert',
      () => [clue('arn', `arn:aws:iam::${A}:user/alice`)],
      B,
      /belongs to account/u,
    ],
    [
      "another account's key than the alert's",
      () => [clue('access-key-id', aliceOf(A).key.accessKeyId)],
      B,
      /belongs to account/u,
    ],
    [
      'an account that is not listed',
      () => [clue('user-name', 'alice')],
      '333333333333',
      /333333333333; Cordon works in/u,
    ],
    [
      'an ARN of one',
      () => [clue('arn', 'arn:aws:iam::333333333333:user/alice')],
      undefined,
      /333333333333; Cordon works in/u,
    ],
    ['a wildcard', () => [clue('user-name', '*')], B, /wildcard/u],
    ['nothing', () => [], B, /names no identity/u],
  ])('is never guessed: %s', async (_, clues, accountId, reason) => {
    const found = await provider.resolve(clues(), accountId);
    expect(found).toMatchObject({ status: 'unresolved', reason: expect.stringMatching(reason) as string });
  });

  it('that Cordon does not work in is refused for good, and nobody is asked', async () => {
    const stranger: Principal = { ...aliceOf(B).principal, accountId: '333333333333' };
    const refused = {
      type: 'ValidationFailed',
      final: true,
      message: expect.stringContaining('aws.accounts') as string,
    };
    const window = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
    await expect(provider.activity(stranger, window, window)).rejects.toMatchObject(refused);
    await expect(provider.credentials(stranger)).rejects.toMatchObject(refused);
    await expect(provider.successfulCallsSince(stranger, window.from)).rejects.toMatchObject(refused);
    await expect(provider.missingPermissions([], '333333333333')).rejects.toMatchObject(refused);
    for (const request of requestsFor(aliceOf(B).principal)) {
      const elsewhere = { ...request, accountId: '333333333333' };
      const action = actionOf(request);
      for (const call of [
        action.preflight(elsewhere),
        action.apply(elsewhere, {}),
        action.verify(elsewhere, {}),
        action.revert(elsewhere, {}, {}),
      ])
        await expect(call).rejects.toMatchObject(refused);
    }
    expect(await members.callersOf(B, 'GetUser')).toEqual([]);
  });
});

describe('the role of an account', () => {
  it('is not given for another external id, and the failure says what to do, not the id', async () => {
    const [first, second] = members.accounts;
    const accounts = [first, { ...second, externalId: 'canary-external-id' }];
    const wrong = createAwsProvider({ ...members.settings, accounts });
    const { principal } = aliceOf(B);
    const [request] = requestsFor(principal);
    if (!request) throw new Error('no request');
    const before = await members.snapshot(B);
    for (const call of [
      wrong.credentials(principal),
      wrong.resolve([clue('user-name', 'alice')], B),
      actionOf(request, wrong).apply(request, {}),
    ]) {
      const failure = (await call.then(
        () => null,
        (error: unknown) => error,
      )) as Error;
      expect(failure).toMatchObject({ type: 'AccessDenied', final: true });
      for (const words of [B, second.roleArn, 'trust policy']) expect(failure.message).toContain(words);
      expect(`${failure.stack} ${String(failure.cause)}`).not.toContain('canary-external-id');
    }
    expect(await members.snapshot(B)).toEqual(before);
    expect(await wrong.credentials(aliceOf(A).principal)).toMatchObject({ accessKeys: [{}] });
  });

  it('gives sessions that do what an action declares and nothing else, though the role could', async () => {
    const account = { ...memberAccount(B), roleArn: `arn:aws:iam::${B}:role/security/mighty` };
    await createMemberRole(members.root(B), account, memberTrustPolicy(account, members.hubArn), ALLOW_ALL);
    await members.letHubAssume([account]);
    const hub = createAwsClients(members.settings);
    const clientsFor = (id: keyof typeof AWS_ACTIONS) =>
      memberClients(id, AWS_ACTIONS[id].facts.permissions, account, hub, members.settings);
    const put = new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'p', PolicyDocument: DENY_ALL });
    const create = new CreateUserCommand({ UserName: 'mallory' });
    const denied = { type: 'AccessDenied', final: true };

    const denying = clientsFor('deny-principal');
    await denying.iam.send(put);
    await expect(denying.iam.send(create)).rejects.toMatchObject(denied);
    await expect(denying.creating.iam.send(create)).rejects.toMatchObject(denied);
    await expect(clientsFor('deactivate-access-keys').iam.send(put)).rejects.toMatchObject(denied);
    await expect(
      memberClients('evidence', EVIDENCE_PERMISSIONS, account, hub, members.settings).iam.send(put),
    ).rejects.toMatchObject(denied);

    // It is the session that refuses, not the role.
    const create2 = { name: 'iam:CreateUser', resource: '*', purpose: 'a session of the same role that may' };
    await memberClients('proof', [create2], account, hub, members.settings).iam.send(create);
  });

  it('is protected, its sessions and the identity of the credentials as well, and can not be turned on itself', async () => {
    const selves = await provider.selves();
    expect(await provider.accounts()).toEqual([ministack.accountId, A, B]);
    expect(selves).toMatchObject([
      { arn: members.hubArn },
      ...members.accounts.map(({ roleArn }) => ({ arn: roleArn })),
    ]);
    for (const { accountId, roleArn } of members.accounts) {
      const role: Principal = { cloud: 'aws', kind: 'role-session', accountId, name: 'cordon-responder', arn: roleArn };
      const session = `arn:aws:sts::${accountId}:assumed-role/cordon-responder/cordon-evidence`;
      expect(protectedBecause(role, selves, [])).toMatch(/Cordon itself/u);
      expect(protectedResourceBecause(session, selves, [])).toMatch(/Cordon itself/u);
      // A namesake of another account is another role.
      expect(protectedResourceBecause(roleArn.replace(accountId, '333333333333'), selves, [])).toBeNull();
      for (const request of requestsFor(role, ['revoke-role-sessions'])) {
        const action = actionOf(request);
        const { prior } = await action.preflight(request);
        await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'AccessDenied' });
      }
    }
    expect(protectedResourceBecause(members.hubArn, selves, [])).toMatch(/Cordon itself/u);
    expect(protectedBecause(aliceOf(B).principal, selves, [])).toBeNull();
  });
});

describe("the account of Cordon's own credentials", () => {
  it('is worked in by its role where it is listed, and the credentials may then do nothing there', async () => {
    const home = memberAccount(ministack.accountId);
    const accounts = [...members.accounts, home];
    const root = members.root(ministack.accountId);
    await createMemberRole(root, home, memberTrustPolicy(home, members.hubArn));
    const document = hubPolicy(ACTIONS, home.accountId, { accounts }, members.hubArn);
    expect(document.Statement.flatMap(({ Action }) => Action).toSorted()).toEqual([
      'iam:GetRole',
      'sts:AssumeRole',
      'sts:GetAccessKeyInfo',
      'sts:GetCallerIdentity',
    ]);
    await root.send(
      new PutUserPolicyCommand({ UserName: 'cordon', PolicyName: 'work', PolicyDocument: JSON.stringify(document) }),
    );
    const settings: AwsSettings = { ...members.settings, accounts };
    provider = createAwsProvider(settings);
    const { User } = await root.send(new CreateUserCommand({ UserName: 'dana' }));
    const found = await provider.resolve([clue('arn', User?.Arn ?? '')], undefined);
    if (found.status !== 'resolved') throw new Error(found.reason);
    for (const request of requestsFor(found.principal))
      await actionOf(request).apply(request, (await actionOf(request).preflight(request)).prior);
    expect(await members.callersOf(home.accountId, 'PutUserPolicy')).toContain('cordon-deny-principal');
    const own = createAwsClients(settings).iam.send(
      new PutUserPolicyCommand({ UserName: 'dana', PolicyName: 'p', PolicyDocument: DENY_ALL }),
    );
    await expect(own).rejects.toMatchObject({ type: 'AccessDenied' });
  });
});

it('knows of every function of an action whether it calls the cloud: those that do go to the account of the request', () => {
  const calling = ['preflight', 'apply', 'verify', 'revert', 'reconcile'];
  const pure = ['previewRevert', 'restores', 'proposeDeletion'];
  for (const action of Object.values(provider.actions)) {
    const functions = Object.entries(action).flatMap(([name, member]) => (typeof member === 'function' ? [name] : []));
    expect(functions.filter((name) => !calling.includes(name) && !pure.includes(name))).toEqual([]);
  }
  const direct = createAwsProvider({ region: 'us-east-1', logRegions: [] }).actions;
  for (const [id, action] of Object.entries(direct))
    expect(Object.keys(provider.actions[id] ?? {}).toSorted()).toEqual(Object.keys(action).toSorted());
});
