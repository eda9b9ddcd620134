import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { AttachUserPolicyCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';

import type { ActivityFacts, IdentityChange } from '../../../src/domain/evidence.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { createAwsClients } from '../../../src/providers/aws/clients.ts';
import { withOwners } from '../../../src/providers/aws/hunt/owners.ts';
import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import { ALL, CASE, alice, key, ministack, nextSecond, roleArn, stage, useCaseOfAlice } from './case-of-alice.ts';

useCaseOfAlice();

async function resolve(value: string): Promise<Principal> {
  const found = await stage.provider.resolve([{ form: 'arn', value }], ministack.accountId);
  if (found.status !== 'resolved') throw new Error(found.reason);
  return found.principal;
}

const session = (role: string, name: string) => `arn:aws:sts::${ministack.accountId}:assumed-role/${role}/${name}`;

function activityOf(suspect: Principal, from = new Date(Date.now() - 60_000).toISOString()): Promise<ActivityFacts> {
  const to = new Date(Date.now() + 60_000).toISOString();
  return stage.provider.activity(suspect, { from, to }, { from, to: from });
}

const names = (requests: readonly { readonly target: string }[]) =>
  new Set(requests.map(({ target }) => target.split('/').at(-1)));

describe('a role that others hold too', () => {
  async function shared() {
    const [mallory, carol] = [await stage.createUser('mallory'), await stage.createUser('carol')];
    const [ops, inner] = [await stage.createRole('ops'), await stage.createRole('inner')];
    const [thief, colleague] = [
      await stage.assume(mallory.key, ops.arn, 'stolen'),
      await stage.assume(carol.key, ops.arn, 'work'),
    ];
    await stage.as(thief).iam.send(new CreateUserCommand({ UserName: 'backdoor' }));
    await stage.as(colleague).iam.send(new CreateUserCommand({ UserName: 'new-service' }));
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    await stage.as(colleague).iam.send(new AttachUserPolicyCommand({ UserName: 'alice', PolicyArn }));
    await stage.assume(colleague, inner.arn, 'daily');
    return { carol, ops };
  }

  it("never undoes another's changes, nor ends the sessions that they lead to", async () => {
    const { carol } = await shared();
    const suspect = await resolve(session('ops', 'stolen'));
    const { requests, caveats } = stage.provider.propose(suspect, await activityOf(suspect), CASE, ALL);
    expect(names(requests)).toEqual(new Set(['ops', 'backdoor']));
    expect(caveats).toEqual([expect.stringContaining(carol.arn)]);
  });

  it('names the sessions whose changes it undoes where nobody can tell the suspect from the others', async () => {
    const { ops } = await shared();
    const { requests, caveats } = stage.provider.propose(
      await resolve(ops.arn),
      await activityOf(await resolve(ops.arn)),
      CASE,
      ALL,
    );
    expect(names(requests)).toEqual(new Set(['ops', 'backdoor', 'new-service', 'alice', 'inner']));
    expect(caveats).toContainEqual(expect.stringMatching(/can't be told.*stolen, work/u));
  });
});

describe('what was given out before the window', () => {
  it('is revoked as well: it may still live', async () => {
    const held = await stage.assume(key, roleArn, 'early');
    await stage.as(key).iam.send(new CreateUserCommand({ UserName: 'early' }));
    await nextSecond();
    const from = new Date().toISOString();
    await stage.as(key).ec2.send(new DescribeInstancesCommand({}));
    const facts = await activityOf(alice, from);
    expect(facts.assumedRoles).toMatchObject([{ roleArn, sessionName: 'early' }]);
    const { requests, caveats } = stage.provider.propose(alice, facts, CASE, ALL);
    expect(requests).toContainEqual(expect.objectContaining({ action: 'revoke-role-sessions', target: roleArn }));
    expect(caveats).toEqual([]);
    // All else is of the window.
    expect(facts.around.calls).toBe(1);
    expect(facts.changesByPrincipal).toEqual([]);

    // And a session of a role is followed by when it was given out, not by when it called.
    await stage.as(held).iam.send(new CreateUserCommand({ UserName: 'late' }));
    const suspect = await resolve(roleArn);
    expect((await activityOf(suspect, from)).changesByPrincipal).toMatchObject([{ target: 'late' }]);
  });

  it('says where the log was not read so far back', async () => {
    for (let call = 0; call < 55; call++) await stage.as(key).ec2.send(new DescribeInstancesCommand({}));
    await nextSecond();
    const from = new Date().toISOString();
    const cut = createAwsProvider({ ...stage.settings, lookupPages: 1 });
    const facts = await cut.activity(alice, { from, to: new Date().toISOString() }, { from, to: from });
    expect(facts).toMatchObject({ around: { truncated: false }, assumedRolesTruncated: true });
    expect(cut.propose(alice, facts, CASE, ALL).caveats).toEqual([expect.stringContaining('too long to read whole')]);
  });
});

describe('whom a change was made on', () => {
  it.each([
    ['is the one that IAM knows by the name', 0, true],
    ['is another one than a namesake created after it', -10_000, false],
  ])('%s', async (_, ms, isThere) => {
    const { arn, id } = await stage.createUser('backdoor');
    const at = new Date(Date.now() + ms).toISOString();
    const changes = ['CreateUser', 'AttachUserPolicy'].map((eventName): IdentityChange => ({
      eventName,
      target: 'backdoor',
      at,
      denied: false,
      details: { userName: 'backdoor' },
    }));
    const found = await withOwners(createAwsClients(stage.settings), changes);
    const owner = isThere ? { kind: 'user', arn, uniqueId: id } : null;
    expect(found.map((change) => change.owner)).toEqual([owner, owner]);
  });
});
