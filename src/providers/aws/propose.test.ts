import { describe, expect, it } from 'vitest';

import type { ActivityFacts, AssumedRole } from '../../domain/evidence.ts';
import type { AwsPrincipalKind, Principal } from '../../domain/principal.ts';
import { proposalCaveats, proposeActions } from './propose.ts';

const ALL = ['rotate-access-key', 'revoke-role-sessions', 'deactivate-access-keys', 'deny-principal'];
const principal = (kind: AwsPrincipalKind, arn = 'arn:aws:iam::123456789012:user/alice'): Principal => ({
  cloud: 'aws',
  kind,
  accountId: '123456789012',
  name: 'alice',
  arn,
});
const role = (name: string, account = '123456789012'): AssumedRole => ({
  roleArn: `arn:aws:iam::${account}:role/${name}`,
  sessionName: 's',
  at: '2026-01-01T12:00:00.000Z',
});
const activity = (...assumedRoles: AssumedRole[]) =>
  ({ assumedRoles, around: { truncated: false } }) as unknown as ActivityFacts;
const propose = (facts: ActivityFacts | null, kind: AwsPrincipalKind = 'iam-user', enabled = ALL) =>
  proposeActions(principal(kind), facts, 'ca_1', enabled).map(({ action, target }) => [
    action,
    target.split('/').at(-1),
  ]);

describe('proposeActions', () => {
  it('goes in the order of safety, whatever the order of the settings', () => {
    expect(propose(activity(role('b'), role('a'), role('b')))).toEqual([
      ['deny-principal', 'alice'],
      ['deactivate-access-keys', 'alice'],
      ['revoke-role-sessions', 'a'],
      ['revoke-role-sessions', 'b'],
      ['rotate-access-key', 'alice'],
    ]);
  });

  it('is the same for the same facts in another order', () => {
    const one = proposeActions(principal('iam-user'), activity(role('a'), role('b')), 'ca_1', ALL);
    expect(proposeActions(principal('iam-user'), activity(role('b'), role('a')), 'ca_1', ALL)).toEqual(one);
  });

  it('revokes the role itself of a role session', () => {
    const own = principal('role-session', 'arn:aws:iam::123456789012:role/deploy');
    const requests = proposeActions(own, null, 'ca_1', ALL);
    expect(requests.map(({ action, target }) => [action, target])).toEqual([['revoke-role-sessions', own.arn]]);
  });

  it.each<AwsPrincipalKind>(['root', 'identity-center-user', 'federated-user', 'service-linked-role', 'aws-service'])(
    'proposes nothing for %s, and says why',
    (kind) => {
      expect(propose(activity(role('a')), kind)).toEqual([]);
      expect(proposalCaveats(principal(kind), activity(), ALL)[0]).toBeTruthy();
    },
  );

  it('proposes no role of another account, and says so', () => {
    const facts = activity(role('theirs', '210987654321'));
    expect(propose(facts, 'iam-user', ['revoke-role-sessions'])).toEqual([]);
    expect(proposalCaveats(principal('iam-user'), facts, ALL).join()).toContain('210987654321');
  });

  it('says when the roles can not be known', () => {
    expect(proposalCaveats(principal('iam-user'), null, ALL)).toHaveLength(1);
    const cut = { assumedRoles: [], around: { truncated: true } } as unknown as ActivityFacts;
    expect(proposalCaveats(principal('iam-user'), cut, ALL)).toHaveLength(1);
    expect(proposalCaveats(principal('iam-user'), activity(role('a')), ['deny-principal'])).toHaveLength(1);
    expect(proposalCaveats(principal('iam-user'), activity(role('a')), ALL)).toEqual([]);
  });

  it('refuses a case id that could be more than a name', () => {
    expect(() => proposeActions(principal('iam-user'), null, '../x', ALL)).toThrow(/case id/u);
  });
});
