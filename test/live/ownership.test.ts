import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { changedBy as changedInAws } from './aws/clients.ts';
import { changedBy as changedInAzure } from './azure/policy.ts';
import { olderThan } from './clean.ts';
import { refusalsOf } from './confirmation.ts';
import { changedBy as changedInGcp, PolicyGuard } from './gcp/intercept.ts';
import { NotOurs, Ownership } from './ownership.ts';
import { newRun, runOf, startOf } from './run.ts';

const run = runOf('cordon-live-6b015554-');
const OTHER = 'cordon-live-6b015553-';
const ID = '11111111-2222-4333-8444-555555555555';
const ownership = new Ownership(run);

describe('a live run', () => {
  it('tells its start by its name, to the second', () => {
    const now = new Date('2026-11-21T08:00:00.900Z');
    expect(startOf(`${newRun(now).prefix}1-suspect`)).toEqual(new Date('2026-11-21T08:00:00Z'));
    expect(startOf('alice')).toBeNull();
    expect(() => runOf('cordon-live-')).toThrow('is not the prefix');
    expect(() => runOf('cordon-live-6b015554-x')).toThrow('is not the prefix');
  });

  it('leaves to others what may belong to a run that is under way', () => {
    const now = new Date('2026-11-21T08:00:00Z');
    const ago = (minutes: number) => `${newRun(new Date(now.getTime() - minutes * 60_000)).prefix}1-user`;
    const wanted = olderThan(1, now);
    expect([0, 59, 61, 10_000].map((minutes) => wanted(ago(minutes)))).toEqual([false, false, true, true]);
    expect([wanted('alice'), wanted('cordon-live-nonsense-1')]).toEqual([false, false]);
  });
});

describe('the gate before every change', () => {
  it.each([
    `${run.prefix}1-suspect`,
    `arn:aws:iam::123456789012:policy/cordon/CordonQuarantine-${run.prefix}1-`,
    `cordon/access-keys/${run.prefix}1-`,
    `deleted:serviceAccount:${run.prefix}1-s@shop.iam.gserviceaccount.com?uid=1`,
    `projects/shop/roles/${run.prefix.replaceAll('-', '_')}r0`,
  ])('lets %s through', (name) => {
    expect(() => new Ownership(run).require('X', [name])).not.toThrow();
    expect(() => new Ownership('any').require('X', [name])).not.toThrow();
  });

  it.each([
    '',
    '*',
    'alice',
    'cordon',
    'cordon-live-',
    OTHER,
    `${OTHER}1-suspect`,
    `not-${run.prefix}1`,
    `arn:aws:iam::123456789012:user/${run.prefix}/alice`,
    `arn:aws:iam::aws:policy/AdministratorAccess`,
    ID,
  ])('refuses %j, and whatever comes with it', (name) => {
    const gate = new Ownership(run);
    expect(() => gate.require('X', [`${run.prefix}1`, name])).toThrow(NotOurs);
    expect(() => gate.requireNothingRefused(), 'the refusal is not forgotten').toThrow(NotOurs);
    expect(() => gate.claim(ID, name)).toThrow(NotOurs);
    expect(gate.owns(ID)).toBe(false);
  });

  it('refuses whatever does not have the prefix', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        fc.pre(!name.includes('cordon'));
        expect(ownership.owns(name)).toBe(false);
        expect(new Ownership('any').owns(name)).toBe(false);
      }),
    );
    expect(() => new Ownership(run).require('a call that names nothing', [])).toThrow(NotOurs);
  });

  it('takes an id for the name that it was made with, and no other', () => {
    const gate = new Ownership(run);
    gate.claim(ID.toUpperCase(), `${run.prefix}1-suspect`);
    expect([gate.owns(ID), gate.owns(ID.replace('1', '9'))]).toEqual([true, false]);
  });
});

const allowed = (gate: Ownership, changed: readonly (string | undefined)[]) => {
  try {
    gate.require('X', changed);
    return true;
  } catch {
    return false;
  }
};

describe('what a call changes', () => {
  const own = `${run.prefix}1-suspect`;
  it.each([
    ['PutUserPolicy', { UserName: own, PolicyName: 'x' }, true],
    ['PutUserPolicy', { UserName: 'alice', PolicyName: own }, false],
    ['UpdateAccessKey', { AccessKeyId: 'AKIA' }, false], // IAM would take the caller's own
    ['AttachUserPolicy', { UserName: own, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }, false],
    ['AttachUserPolicy', { UserName: 'alice', PolicyArn: `arn:aws:iam::1:policy/${own}` }, false],
    ['CreatePolicy', { PolicyName: `CordonQuarantine-${own}` }, true],
    ['CreatePolicy', { PolicyName: 'mine' }, false],
    ['CreateSecret', { Name: `cordon/access-keys/${own}` }, true],
    ['DeleteSecret', { SecretId: 'prod/database' }, false],
    ['AssumeRole', { RoleArn: 'arn:aws:iam::123456789012:role/Admin' }, false],
    ['UpdateAccountPasswordPolicy', { MinimumPasswordLength: 6 }, false],
  ])('in AWS: %s of %j: %s', (operation, input, expected) => {
    expect(allowed(new Ownership(run), changedInAws(operation, input))).toBe(expected);
  });

  it.each([
    ['projects/shop/serviceAccounts', { accountId: own }, true],
    ['projects/shop/serviceAccounts', { accountId: 'deployer' }, false],
    [`projects/shop/serviceAccounts/${own}@shop.iam.gserviceaccount.com/keys/1:disable`, {}, true],
    ['projects/shop/serviceAccounts/deployer@shop.iam.gserviceaccount.com:disable', {}, false],
    [`projects/other/serviceAccounts/${own}@other.iam.gserviceaccount.com:disable`, {}, false],
    [`projects/shop/serviceAccounts/deployer@x/keys/${own}`, {}, false],
    ['folders/1:setIamPolicy', {}, false],
    ['projects/shop/sinks/_Default', {}, false],
  ])('in Google Cloud: %s %j: %s', (path, body, expected) => {
    expect(allowed(new Ownership(run), changedInGcp('shop', path, body))).toBe(expected);
  });

  const subscription = ID.replace('1', '0');
  const group = `/subscriptions/${subscription}/resourceGroups`;
  const assignment = `providers/Microsoft.Authorization/roleAssignments/${ID.replace('1', '7')}`;
  it.each([
    ['POST', '/v1.0/applications', { displayName: own }, true],
    ['POST', '/v1.0/applications', { displayName: 'payroll' }, false],
    ['POST', '/v1.0/users', { displayName: own, userPrincipalName: 'boss@contoso.com' }, false],
    ['PATCH', `/v1.0/servicePrincipals/${ID}`, { accountEnabled: false }, true],
    ['PATCH', `/v1.0/servicePrincipals/${ID.replace('1', '9')}`, { displayName: own }, false],
    ['PATCH', `/v1.0/servicePrincipals(appId='${ID}')`, {}, false],
    ['POST', `/v1.0/groups/${ID}/members`, {}, false],
    ['PUT', `${group}/${own}/${assignment}`, { properties: { principalId: ID } }, true],
    ['PUT', `${group}/${own}/${assignment}`, { properties: { principalId: ID.replace('1', '9') } }, false],
    ['PUT', `/subscriptions/${subscription}/${assignment}`, { properties: { principalId: ID } }, false],
    ['DELETE', `${group}/${own}/${assignment}`, {}, false], // was not made here
    ['DELETE', `${group}/${own}`, {}, true],
    ['DELETE', `${group}/production`, {}, false],
    ['DELETE', `${group}/${own}/providers/Microsoft.Compute/virtualMachines/web-1`, {}, false],
    ['DELETE', `/subscriptions/${ID}/resourceGroups/${own}`, {}, false],
  ])('in Azure: %s %s %j: %s', (method, path, body, expected) => {
    const gate = new Ownership(run);
    gate.claim(ID, own);
    expect(allowed(gate, changedInAzure(subscription, method, path, body))).toBe(expected);
  });
});

describe("the policy of a project, which is everybody's", () => {
  const mine = `serviceAccount:${run.prefix}1-s@shop.iam.gserviceaccount.com`;
  const read = { etag: 'a', bindings: [{ role: 'roles/owner', members: ['user:boss@example.com', mine] }] };
  it.each([
    [
      'own members taken out',
      { etag: 'a', bindings: [{ role: 'roles/owner', members: ['user:boss@example.com'] }] },
      true,
    ],
    ['own members put in', { ...read, bindings: [...read.bindings, { role: 'roles/viewer', members: [mine] }] }, true],
    ['somebody else taken out', { etag: 'a', bindings: [{ role: 'roles/owner', members: [mine] }] }, false],
    ['all of it gone', { etag: 'a', bindings: [] }, false],
    [
      'a condition of somebody else gone or changed',
      { etag: 'a', bindings: [{ ...read.bindings[0], condition: {} }] },
      false,
    ],
    ['an etag that was not read', { ...read, etag: 'b' }, false],
    ['no etag', { bindings: read.bindings }, false],
  ])('%s: %s', (_, policy, expected) => {
    const guard = new PolicyGuard(new Ownership(run));
    guard.read(read);
    const refused = () => guard.require(policy);
    if (expected) expect(refused).not.toThrow();
    else expect(refused).toThrow(NotOurs);
  });
});

describe('what has to be said before anything is changed', () => {
  const AWS = { CORDON_LIVE_AWS_ACCOUNT: '123456789012' };
  const AZURE = { CORDON_LIVE_AZURE_TENANT: ID, CORDON_LIVE_AZURE_SUBSCRIPTION: ID };
  it.each([
    [['aws'], AWS, []],
    [['aws', 'azure', 'gcp'], { ...AWS, ...AZURE, CORDON_LIVE_GCP_PROJECT: 'shop-prod' }, []],
    [['aws'], { ...AWS, CI: 'false' }, []],
    [['aws'], { ...AWS, CI: 'true' }, [/^CI is set/u]],
    [[], AWS, [/^No cloud is named/u]],
    [['oracle'], AWS, [/^oracle is no cloud/u]],
    [['constructor'], {}, [/is no cloud/u]],
    [['aws'], {}, [/^CORDON_LIVE_AWS_ACCOUNT is not set/u]],
    [['aws'], { CORDON_LIVE_AWS_ACCOUNT: 'yes' }, [/^CORDON_LIVE_AWS_ACCOUNT is "yes"/u]],
    [['azure'], { CORDON_LIVE_AZURE_TENANT: ID }, [/^CORDON_LIVE_AZURE_SUBSCRIPTION is not set/u]],
    [
      ['gcp', 'azure'],
      { CI: '1' },
      [/^CI/u, /GCP_PROJECT is not set/u, /TENANT is not set/u, /SUBSCRIPTION is not set/u],
    ],
  ])('%j with %j: refusals %j', (clouds, environment, expected) => {
    const refusals = refusalsOf(clouds, environment);
    expect(refusals).toEqual(expected.map((one) => expect.stringMatching(one)));
  });
});
