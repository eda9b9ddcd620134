import { describe, expect, it } from 'vitest';

import type { ActivityFacts, IdentityChange } from '../../domain/evidence.ts';
import type { GcpPrincipal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import { GCP_ACTIONS } from './actions/index.ts';
import { proposalCaveats, proposeActions } from './propose.ts';

const ALL = Object.keys(GCP_ACTIONS);
const projects = ['shop-prod'];
const account: GcpPrincipal = {
  cloud: 'gcp',
  kind: 'service-account',
  accountId: 'shop-prod',
  name: 'ci@shop-prod.iam.gserviceaccount.com',
  uniqueId: '100000000000000000001',
};
const user: GcpPrincipal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' };
const other = '//iam.googleapis.com/projects/shop-prod/serviceAccounts/other@shop-prod.iam.gserviceaccount.com';

function activity(changes: readonly Partial<IdentityChange>[] = [], roles: readonly string[] = []): ActivityFacts {
  const changesByPrincipal = changes.map((one) => ({ eventName: 'X', target: '', at: '', denied: false, ...one }));
  const assumedRoles = roles.map((roleArn) => ({ roleArn, sessionName: '', at: '' }));
  return { changesByPrincipal, assumedRoles, around: { truncated: false } } as unknown as ActivityFacts;
}

const requestsFor = (principal: GcpPrincipal, facts: ActivityFacts | null, enabled = ALL) =>
  proposeActions(principal, facts, 'ca_1', enabled, projects).map(({ action }) => action);
const caveatsFor = (principal: GcpPrincipal, facts: ActivityFacts | null, enabled = ALL) =>
  proposalCaveats(principal, facts, enabled, projects).join(' ');

describe('a proposal', () => {
  it('takes keys, account and roles of a service account, and promises all of it', () => {
    expect(requestsFor(account, activity())).toEqual(ALL.slice(0, 3));
    expect(caveatsFor(account, activity())).toBe('');
    for (const { target } of proposeActions(account, activity(), 'ca_1', ALL, projects))
      expect(target).toBe(resourceOf(account));
  });

  it('takes the roles of a person, and says who must do the rest', () => {
    expect(requestsFor(user, activity())).toEqual(['remove-iam-bindings']);
    expect(caveatsFor(user, activity())).toMatch(/Workspace or Cloud Identity/u);
  });

  it('has nothing that is not enabled, and says what that leaves', () => {
    expect(requestsFor(account, activity(), ['disable-service-account-keys'])).toEqual([
      'disable-service-account-keys',
    ]);
    expect(caveatsFor(account, activity(), ['disable-service-account-keys'])).toContain('up to an hour');
    expect(requestsFor(account, null, [])).toEqual([]);
  });

  it.each([
    ['a log that could not be read', null, /could not be read/u],
    ['a log that does not tell all', { ...activity(), around: { truncated: true } } as ActivityFacts, /Data Access/u],
    ['tokens made for others', activity([], [other]), /can't be revoked.*other@shop-prod/u],
    [
      'a key made for another',
      activity([{ eventName: 'CreateServiceAccountKey', target: other }]),
      /CreateServiceAccountKey on .*other@/u,
    ],
    [
      'a role given away',
      activity([{ eventName: 'SetIamPolicy', target: '//x/projects/shop-prod' }]),
      /SetIamPolicy on/u,
    ],
    [
      'a sink of before unknown',
      activity([{ eventName: 'DeleteSink', target: '//logging.googleapis.com/projects/shop-prod/sinks/a' }]),
      /sinks\/a/u,
    ],
  ])('warns of %s', (_, facts, words) => {
    expect(caveatsFor(account, facts)).toMatch(words);
  });

  it('does not warn of what was refused, or is undone anyhow', () => {
    const own = { eventName: 'CreateServiceAccountKey', target: resourceOf(account) };
    const refused = { eventName: 'SetIamPolicy', target: '//x/projects/shop-prod', denied: true };
    expect(caveatsFor(account, activity([own, refused]))).toBe('');
  });

  it('restores only sinks of our projects', () => {
    const before = { destination: 'storage.googleapis.com/audit' };
    const change = (project: string) => ({
      eventName: 'UpdateSink',
      target: `//logging.googleapis.com/projects/${project}/sinks/a`,
      before,
    });
    const facts = activity([change('shop-prod'), change('shop-production')]);
    const restores = proposeActions(account, facts, 'ca_1', ALL, projects).filter(
      ({ action }) => action === 'restore-log-sinks',
    );
    expect(restores).toMatchObject([{ target: change('shop-prod').target, parameters: { sink: before } }]);
    expect(caveatsFor(account, facts)).toContain('shop-production');
  });

  it('refuses a case id that could be more than a name', () => {
    expect(() => proposeActions(account, null, '../x', ALL, projects)).toThrow(/case id/u);
  });
});
