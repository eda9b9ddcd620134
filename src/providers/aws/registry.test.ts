import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { configSchema } from '../../config/schema.ts';
import { principalIn } from '../port.ts';
import type { AwsActionDefinition } from './actions/definition.ts';
import { AWS_ACTIONS } from './actions/index.ts';
import { createAwsProvider, leastPrivilegePolicy } from './index.ts';
import { EVIDENCE_PERMISSIONS } from './permissions.ts';
import { proposeKeyDeletion } from './propose.ts';

const ids = Object.keys(AWS_ACTIONS);
const definitions: readonly (readonly [string, AwsActionDefinition])[] = Object.entries(AWS_ACTIONS);
const provider = createAwsProvider({ region: 'us-east-1', logRegions: ['us-east-1'] });

/** The suspect assumed it, was given it, and left every kind of thing on it: the example of each action comes from one of these. */
function activityOn(arn: string) {
  const by = { kind: 'principal', id: 'arn:aws:iam::123456789012:user/alice' };
  const role = { roleArn: arn, sessionName: '', at: '', by };
  const details = { accessKeyId: 'AKIAEXAMPLEBACKDOOR0', policyArn: 'arn:aws:iam::aws:policy/X', policyName: 'x' };
  const names = ['CreateUser', 'CreateAccessKey', 'AttachUserPolicy', 'PutUserPolicy'];
  const owner = { kind: 'user', arn, uniqueId: 'AIDAEXAMPLEBACKDOOR' };
  const changesByPrincipal = names.map((eventName) => ({
    eventName,
    target: '',
    at: '',
    denied: false,
    details,
    owner,
  }));
  return { assumedRoles: [role], entries: [role], changesByPrincipal, around: {} } as never;
}

describe('the registry of AWS actions', () => {
  it('is equal to the folders', () => {
    const entries = readdirSync(new URL('actions', import.meta.url), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.toSorted()).toEqual(ids.toSorted());
    expect(Object.keys(provider.actions)).toEqual(ids);
  });

  it('is equal to what the configuration may enable', () => {
    const enabled = (actions: string[]) => configSchema.safeParse({ aws: { actions } }).success;
    expect(enabled(ids)).toBe(true);
    expect(enabled(['no-such-action'])).toBe(false);
  });

  it.each(definitions)('%s is whole', (id, { facts }) => {
    expect(facts.id).toBe(id);
    expect(facts.description.length).toBeGreaterThan(80);
    expect(facts.permissions.length).toBeGreaterThan(0);
    expect(typeof provider.actions[id]?.reconcile).toBe(facts.effect === 'creating' ? 'function' : 'undefined');
  });

  it.each(definitions)('the example of %s has the shape that a proposal has', (id, { facts }) => {
    const { example } = facts;
    expect(example).toMatchObject({ action: id, cloud: 'aws', accountId: example.principal.accountId });
    const { requests: proposed } = provider.propose(example.principal, activityOn(example.target), 'ca_1', [id]);
    // A deletion is no part of a containment.
    const deletion = proposeKeyDeletion(principalIn('aws', example.principal), [], '');
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
    };
    const applied = { deactivated: [], accessKeyId: 'AKIAEXAMPLE00000', secretArn: 'arn' };
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

  it('changes things only on resources that it names', () => {
    const changes = policy.Statement.filter((statement) => statement.Sid.startsWith('CordonChanges'));
    for (const { Sid, Resource } of changes) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/u);
      for (const resource of Resource) expect(resource).toMatch(/^arn:aws:[a-z]+:[a-z0-9-]*\*?:123456789012:/u);
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
