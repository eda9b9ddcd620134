import { describe, expect, it } from 'vitest';

import type { ActivityFacts } from '../../domain/evidence.ts';
import type { AzurePrincipal, AzurePrincipalKind } from '../../domain/principal.ts';
import { AZURE_ACTIONS } from './actions/index.ts';
import { propose } from './propose.ts';

const ALL = Object.keys(AZURE_ACTIONS);
const subscription = '99999999-2222-4333-8444-555555555555';
const settings = { subscriptions: [subscription], tightenTo: { Owner: 'Reader' } };
const setting = (name: string, id = subscription) =>
  `/subscriptions/${id}/providers/microsoft.insights/diagnosticSettings/${name}`;
const principal = (kind: AzurePrincipalKind): AzurePrincipal => ({
  cloud: 'azure',
  kind,
  accountId: '11111111-2222-4333-8444-555555555555',
  name: 'x',
  uniqueId: 'aaaaaaaa-0000-4000-8000-000000000001',
});
const activity = (...targets: string[]) =>
  ({
    changesByPrincipal: targets.map((target) => ({
      eventName: 'microsoft.insights/diagnosticsettings/delete',
      target,
      at: '',
      denied: false,
    })),
    around: { truncated: false },
  }) as unknown as ActivityFacts;
const actions = (kind: AzurePrincipalKind, enabled = ALL, facts: ActivityFacts | null = activity()) =>
  propose(settings, principal(kind), facts, 'ca_1', enabled).requests.map(({ action }) => action);
const caveats = (kind: AzurePrincipalKind, enabled = ALL, facts: ActivityFacts | null = activity()) =>
  propose(settings, principal(kind), facts, 'ca_1', enabled).caveats;

describe('what is proposed', () => {
  it.each<[AzurePrincipalKind, string[]]>([
    ['service-principal', ['disable-service-principal', 'remove-application-credentials']],
    ['entra-user', ['disable-user', 'revoke-sign-in-sessions', 'reset-user-password']],
    ['managed-identity', []],
  ])('for a %s goes in the order of safety, whatever the order of the settings', (kind, first) => {
    expect(actions(kind)).toEqual([...first, 'remove-role-assignments', 'remove-eligible-roles']);
    expect(actions(kind, ALL.toReversed())).toEqual(actions(kind));
  });

  it('tightens where removing is not enabled, never both', () => {
    const enabled = ALL.filter((id) => id !== 'remove-role-assignments');
    expect(actions('service-principal', enabled)).toContain('tighten-role-assignments');
    expect(actions('service-principal')).not.toContain('tighten-role-assignments');
  });

  it('restores each setting once, ours only, whatever the order of the log', () => {
    const facts = [setting('b'), setting('a'), setting('A'), setting('c', '88888888-2222-4333-8444-555555555555')];
    const of = (targets: string[]) =>
      propose(settings, principal('entra-user'), activity(...targets), 'ca_1', ['restore-diagnostic-settings']);
    expect(of(facts).requests.map(({ target }) => target.toLowerCase())).toEqual([
      setting('a').toLowerCase(),
      setting('b').toLowerCase(),
    ]);
    expect(of([setting('a'), setting('b')])).toEqual(of([setting('b'), setting('a')]));
    expect(of(facts).caveats.join()).toContain('88888888');
  });

  it('is nothing by a hostile target', () => {
    for (const target of ['', '*', `${setting('a')}/../../x`, `/subscriptions/${subscription}`]) {
      const { requests } = propose(settings, principal('entra-user'), activity(target), 'ca_1', [
        'restore-diagnostic-settings',
      ]);
      expect(requests).toEqual([]);
    }
  });

  it('refuses a case id that could be more than a name', () => {
    expect(() => propose(settings, principal('entra-user'), null, '../x', ALL)).toThrow(/case id/u);
  });
});

describe('what a proposal does not cover', () => {
  it('is nothing for a user and a service principal with everything enabled', () => {
    expect([...caveats('entra-user'), ...caveats('service-principal')]).toEqual([]);
  });

  it.each<[string, AzurePrincipalKind, string[], RegExp]>([
    ['sign-in', 'service-principal', ['disable-service-principal'], /can still sign in/u],
    ['tokens', 'entra-user', ['remove-role-assignments', 'tighten-role-assignments'], /about an hour/u],
    ['activation', 'entra-user', ['remove-eligible-roles'], /can be activated/u],
  ])('is %s where the action on it is not enabled', (_, kind, off, said) => {
    expect(
      caveats(
        kind,
        ALL.filter((id) => !off.includes(id)),
      ).join(),
    ).toMatch(said);
  });

  it('is always the tokens of a managed identity', () => {
    expect(caveats('managed-identity').join()).toMatch(/24 hours/u);
    expect(caveats('managed-identity').join()).toMatch(/federated credentials.*permissions of Graph/u);
  });

  it('is the log, where it can not be read or is left off', () => {
    expect(caveats('entra-user', ALL, null)).toHaveLength(1);
    const cut = { changesByPrincipal: [], around: { truncated: true } } as unknown as ActivityFacts;
    expect(caveats('entra-user', ALL, cut)).toHaveLength(1);
    const off = ALL.filter((id) => id !== 'restore-diagnostic-settings');
    expect(caveats('entra-user', off, activity(setting('a')))).toHaveLength(1);
  });
});
