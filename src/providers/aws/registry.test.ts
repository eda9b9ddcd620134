import { describe, expect, it } from 'vitest';

import type { AwsActionDefinition } from './actions/definition.ts';
import { deletionOfKeys } from './actions/delete-access-keys/request.ts';
import { AWS_ACTIONS } from './actions/index.ts';
import { createAwsProvider, leastPrivilegePolicy } from './index.ts';
import { EVIDENCE_PERMISSIONS } from './permissions.ts';

const ids = Object.keys(AWS_ACTIONS);
const definitions: readonly (readonly [string, AwsActionDefinition])[] = Object.entries(AWS_ACTIONS);
const identityCenter = {
  instanceArn: 'arn:aws:sso:::instance/ssoins-0123456789abcdef',
  identityStoreId: 'd-1234567890',
  region: 'us-east-1',
};
const provider = createAwsProvider({ region: 'us-east-1', logRegions: ['us-east-1'], identityCenter });

/** The suspect assumed it, was given it, and left every kind of thing on it: the example of each action comes from one of these. */
function activityOn(arn: string, id: string) {
  const by = { kind: 'principal', id: 'arn:aws:iam::123456789012:user/alice' };
  const role = { roleArn: arn, sessionName: '', at: '', by };
  const details = {
    accessKeyId: 'AKIAEXAMPLEBACKDOOR0',
    policyArn: arn.includes(':policy/') ? arn : 'arn:aws:iam::aws:policy/X',
    policyName: 'x',
    policyVersionId: 'v2',
    groupName: 'x',
    providerArn: arn,
    functionArn: arn,
    statementId: 'x',
    documentDigest: '0'.repeat(64),
  };
  // What else is on an identity that the suspect created needs no action of its own.
  const names = (id === 'deny-created-identity' ? ['CreateUser'] : []).concat(
    ['CreateAccessKey', 'AttachUserPolicy', 'PutUserPolicy', 'CreateLoginProfile', 'AddUserToGroup'],
    ['UpdateAssumeRolePolicy', 'SetDefaultPolicyVersion', 'CreateSAMLProvider', 'AddPermission20150331v2'],
  );
  const owner = { kind: 'user', arn, uniqueId: 'AIDAEXAMPLEBACKDOOR' };
  const changesByPrincipal = names.map((eventName) => ({
    eventName,
    target: '',
    at: '',
    denied: false,
    details,
    owner,
    before: eventName === 'UpdateAssumeRolePolicy' ? { trustPolicy: '{}' } : { versionId: 'v1' },
  }));
  return { assumedRoles: [role], entries: [role], changesByPrincipal, around: {} } as never;
}

describe('the registry of AWS actions', () => {
  it('is what the provider has', () => {
    expect(Object.keys(provider.actions)).toEqual(ids);
  });

  it.each(definitions)('%s reconciles where it creates', (id, { facts }) => {
    expect(typeof provider.actions[id]?.reconcile).toBe(facts.effect === 'creating' ? 'function' : 'undefined');
  });

  it.each(definitions)('the example of %s has the shape that a proposal has', (id, { facts }) => {
    const { example } = facts;
    expect(example).toMatchObject({ action: id, cloud: 'aws', accountId: example.principal.accountId });
    const { requests: proposed } = provider.propose(example.principal, activityOn(example.target, id), 'ca_1', [id]);
    // A deletion is no part of a containment.
    const deletion = deletionOfKeys(example, [], { deactivatedAt: '', notBefore: '' });
    const [request] = [...proposed, deletion].filter(
      ({ action, target }) => action === id && target === example.target,
    );
    expect(Object.keys(request?.parameters ?? {}).toSorted()).toEqual(Object.keys(example.parameters).toSorted());
    // Reads the parameters and the target; where they are not as they must be, this throws.
    const prior = {
      policyDocument: null,
      olderThan: '2026-01-01T12:00:00.000Z',
      keys: [],
      accessKeyIds: [],
      credentials: [],
      attached: false,
      trustPolicy: '',
      active: [],
      policies: [],
      attachedPolicies: [],
      defaultVersionId: null,
      memberOf: [],
      provider: null,
      statements: [],
      permissionSets: [],
      assignments: [],
    };
    const applied = {
      permissionSets: [],
      assignments: [],
      deactivated: [],
      accessKeyId: 'AKIAEXAMPLE00000',
      secretArn: 'arn',
    };
    expect(provider.actions[id]?.previewRevert(example, prior, applied)).toBeInstanceOf(Array);
  });
});

describe('the least-privilege policy', () => {
  const policy = leastPrivilegePolicy(ids, '123456789012', 'arn:aws:iam::123456789012:user/cordon');

  it('grants what is declared and nothing else, without a wildcard', () => {
    const declared = [...EVIDENCE_PERMISSIONS, ...definitions.flatMap(([, { facts }]) => facts.permissions)];
    const allowed = policy.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    expect(new Set(allowed)).toEqual(new Set(declared.map(({ name }) => name)));
    expect(JSON.stringify(policy)).not.toContain('<account>');
    for (const action of allowed) expect(action).toMatch(/^[a-z]+:[A-Za-z]+$/u);
  });

  it('grants each of it on the resources that are declared for it, and not on those of another', () => {
    const declared = [...EVIDENCE_PERMISSIONS, ...definitions.flatMap(([, { facts }]) => facts.permissions)];
    const allowed = policy.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action, Resource }) =>
      Action.flatMap((name) => Resource.map((resource) => `${name} on ${resource}`)),
    );
    const wanted = declared.map(({ name, resource }) => `${name} on ${resource.replace('<account>', '123456789012')}`);
    expect(new Set(allowed)).toEqual(new Set(wanted));
    expect(new Set(policy.Statement.map(({ Sid }) => Sid)).size).toBe(policy.Statement.length);
  });

  it('changes things only on resources that it names', () => {
    const changes = policy.Statement.filter((statement) => statement.Sid.startsWith('CordonChanges'));
    for (const { Sid, Resource } of changes) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/u);
      // Names of Identity Center hold no account: there is one in an organisation.
      const named = /^arn:aws:(?:[a-z]+:[a-z0-9-]*\*?:123456789012:|sso:::(?:instance|permissionSet|account)\/)/u;
      for (const resource of Resource) expect(resource).toMatch(named);
    }
  });

  it('can not read the secret that a rotation stores', () => {
    expect(JSON.stringify(policy)).not.toContain('GetSecretValue');
  });

  it('grants no change while no action is enabled', () => {
    const statements = leastPrivilegePolicy([], '123456789012').Statement;
    expect(statements.map(({ Sid }) => Sid).filter((sid) => !sid.startsWith('CordonReads'))).toEqual([]);
  });

  it('fits a managed policy', () => {
    expect(JSON.stringify(policy).length).toBeLessThan(6144);
  });

  it('refuses what it does not know', () => {
    expect(() => leastPrivilegePolicy(['toString'], '123456789012')).toThrow(/no AWS action/u);
    expect(() => leastPrivilegePolicy(ids, '*')).toThrow(/twelve digits/u);
  });
});
