import { describe, expect, it } from 'vitest';

import { azureSection } from '../../config/clouds.ts';
import type { AzureActionDefinition } from './actions/definition.ts';
import { AZURE_ACTIONS } from './actions/index.ts';
import { createAzureProvider, leastPrivilegeRole } from './index.ts';
import { EVIDENCE_PERMISSIONS } from './permissions.ts';

const ids = Object.keys(AZURE_ACTIONS);
const definitions: readonly (readonly [string, AzureActionDefinition])[] = Object.entries(AZURE_ACTIONS);
const subscriptions = ['99999999-2222-4333-8444-555555555555'];
const host = 'https://localhost';
const provider = createAzureProvider({
  tenantId: '11111111-2222-4333-8444-555555555555',
  subscriptions,
  endpoints: { authority: host, resourceManager: host, graph: host },
  logDelaySeconds: 0,
  propagationSeconds: 0,
  tightenTo: { Owner: 'Reader', Contributor: 'Reader' },
});

describe('the registry of Azure actions', () => {
  it('is what the provider has', () => {
    expect(Object.keys(provider.actions)).toEqual(ids);
  });

  it('takes no role for a narrow one that is to be replaced itself', () => {
    const [tenantId] = subscriptions;
    const tightens = (tightenTo: object) => azureSection.safeParse({ tenantId, subscriptions, tightenTo }).success;
    expect(tightens({ Owner: 'Reader', Contributor: 'Reader' })).toBe(true);
    expect(tightens({ Owner: 'Contributor', Contributor: 'Reader' })).toBe(false);
    expect(tightens({ Owner: 'Owner' })).toBe(false);
  });

  it.each(definitions)('%s reconciles where it creates', (id, { facts }) => {
    expect(typeof provider.actions[id]?.reconcile).toBe(facts.effect === 'creating' ? 'function' : 'undefined');
  });

  it.each(definitions)('the example of %s has the shape that a proposal has', (id, { facts }) => {
    const { example } = facts;
    expect(example).toMatchObject({ action: id, cloud: 'azure', accountId: example.principal.accountId });
    const changes = ['microsoft.insights/diagnosticsettings/delete', 'microsoft.authorization/roleassignments/write'];
    const changesByPrincipal = changes.map((eventName) => ({
      eventName,
      target: example.target,
      at: '',
      denied: false,
    }));
    const { requests } = provider.propose(example.principal, { changesByPrincipal, around: {} } as never, 'ca_1', [id]);
    const [request] = requests;
    expect(request?.target).toBe(example.target);
    expect(Object.keys(request?.parameters ?? {}).toSorted()).toEqual(Object.keys(example.parameters).toSorted());
    // Reads the parameters and the target; where they are not as they must be, this throws.
    const round = '99999999-2222-4333-8444-555555555556';
    const prior = {
      accountEnabled: true,
      assignments: [],
      roles: [],
      round,
      present: null,
      wanted: {},
      assignment: null,
    };
    expect(provider.actions[id]?.previewRevert(example, prior, { created: [], removed: [] })).toBeInstanceOf(Array);
  });
});

describe('the least privilege', () => {
  it('is what is declared and nothing else, without a wildcard', () => {
    const { roleDefinition, graphApplicationPermissions } = leastPrivilegeRole(ids, { subscriptions });
    const declared = [...EVIDENCE_PERMISSIONS, ...definitions.flatMap(([, { facts }]) => facts.permissions)];
    const granted = [...roleDefinition.Actions, ...graphApplicationPermissions];
    // What is asked for at the destination of a setting is granted there, by hand.
    const everywhere = declared.filter(({ resource }) => resource !== '<destination>');
    expect(new Set(granted)).toEqual(new Set(everywhere.map(({ name }) => name)));
    for (const action of roleDefinition.Actions)
      expect(action).toMatch(/^Microsoft\.[A-Za-z]+(?:\/[A-Za-z]+)+\/(?:read|write|delete)$/u);
    expect(roleDefinition.AssignableScopes).toEqual([`/subscriptions/${subscriptions[0]}`]);
  });

  it('changes nothing while no action is enabled', () => {
    const { roleDefinition, graphApplicationPermissions, notes } = leastPrivilegeRole([], { subscriptions });
    for (const name of roleDefinition.Actions) expect(name).toMatch(/\/read$/u);
    for (const name of graphApplicationPermissions) expect(name).toMatch(/\.Read\.All$/u);
    expect(notes).toEqual([]);
  });

  it('refuses what it does not know', () => {
    expect(() => leastPrivilegeRole(['toString'], { subscriptions })).toThrow(/no Azure action/u);
  });
});
