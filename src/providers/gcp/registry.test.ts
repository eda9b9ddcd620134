import { describe, expect, it } from 'vitest';

import type { ActivityFacts } from '../../domain/evidence.ts';
import type { GcpActionDefinition } from './actions/definition.ts';
import { GCP_ACTIONS } from './actions/index.ts';
import { permissionOfCall } from './calls.ts';
import { createGcpProvider, leastPrivilegeRole } from './index.ts';
import { EVIDENCE_PERMISSIONS, PLACES } from './permissions.ts';

const ids = Object.keys(GCP_ACTIONS);
const definitions: readonly (readonly [string, GcpActionDefinition])[] = Object.entries(GCP_ACTIONS);
const projects = ['example-project'];
const provider = createGcpProvider({ projects, logDelaySeconds: 0, propagationSeconds: 0 });

describe('the registry of Google Cloud actions', () => {
  it('is what the provider has', () => {
    expect(Object.keys(provider.actions)).toEqual(ids);
  });

  it.each(definitions)('%s asks for permissions in known places, and creates nothing', (_, { facts }) => {
    for (const { resource } of facts.permissions) expect(PLACES).toContain(resource);
    expect(facts.effect).toBe('declarative');
  });

  it.each(definitions)('the example of %s has the shape that a proposal has', (id, { facts }) => {
    const { example } = facts;
    const before = example.parameters['sink'];
    const { granted, keyIds } = example.parameters;
    const [place] = example.target.split('#');
    const common = { target: place, at: '', denied: false };
    const changes = [
      { ...common, eventName: 'DeleteSink', before },
      { ...common, eventName: 'SetIamPolicy', details: { granted } },
      { ...common, eventName: 'CreateServiceAccountKey', details: { keyId: Array.isArray(keyIds) ? keyIds[0] : '' } },
    ];
    const activity = { changesByPrincipal: changes, assumedRoles: [], around: {} } as unknown as ActivityFacts;
    const { requests } = provider.propose(example.principal, activity, 'ca_1', [id]);
    const [request] = requests.filter(({ target }) => target === example.target);
    expect(request).toEqual(example);
    // Reads the parameters and the target; where they are not as they must be, this throws.
    const prior = { keys: [], disabled: false, grants: [], shared: [], sink: null, enabled: [] };
    expect(provider.actions[id]?.previewRevert(example, prior, { disabled: [], removed: [] })).toBeInstanceOf(Array);
  });
});

describe('the least-privilege role', () => {
  const declared = [...EVIDENCE_PERMISSIONS, ...definitions.flatMap(([, { facts }]) => facts.permissions)];

  it('grants what is declared and nothing else, without a wildcard', () => {
    const { includedPermissions } = leastPrivilegeRole(ids, { projects });
    expect(includedPermissions).toEqual([...new Set(declared.map(({ name }) => name))].toSorted());
    for (const name of includedPermissions) expect(name).toMatch(/^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$/u);
  });

  it('can neither make nor delete a credential, nor act as an account', () => {
    const text = leastPrivilegeRole(ids, { projects }).includedPermissions.join(' ');
    expect(text).not.toMatch(/Keys\.(?:create|delete)|actAs|getAccessToken|signBlob|signJwt|implicitDelegation/u);
  });

  it('grants no change while no action is enabled', () => {
    for (const name of leastPrivilegeRole([], { projects }).includedPermissions)
      expect(name).toMatch(/\.(?:get|list|getIamPolicy)$/u);
  });

  it('refuses what it does not know', () => {
    expect(() => leastPrivilegeRole(['toString'], { projects })).toThrow(/no Google Cloud action/u);
    expect(() => leastPrivilegeRole(ids, { projects: ['*'] })).toThrow(/by their ids/u);
  });
});

it.each([
  [
    'GET',
    'https://iam.googleapis.com/v1/projects/p/serviceAccounts/e@x/keys?keyTypes=USER_MANAGED',
    'iam.serviceAccountKeys.list',
  ],
  [
    'POST',
    'https://iam.googleapis.com/v1/projects/p/serviceAccounts/e@x/keys/k:disable',
    'iam.serviceAccountKeys.disable',
  ],
  [
    'POST',
    'https://iam.googleapis.com/v1/projects/p/serviceAccounts/e@x:setIamPolicy',
    'iam.serviceAccounts.setIamPolicy',
  ],
  [
    'POST',
    'https://cloudresourcemanager.googleapis.com/v3/folders/1:getIamPolicy',
    'resourcemanager.folders.getIamPolicy',
  ],
  ['PUT', 'https://logging.googleapis.com/v2/projects/p/sinks/s?updateMask=filter', 'logging.sinks.update'],
  ['GET', 'https://compute.googleapis.com/compute/v1/projects/p', undefined],
  ['GET', 'no address', undefined],
])('%s %s asks for %s', (method, url, permission) => {
  expect(permissionOfCall({ method, url })).toBe(permission);
});
