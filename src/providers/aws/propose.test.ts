import { describe, expect, it } from 'vitest';

import type { ActivityFacts, AssumedRole } from '../../domain/evidence.ts';
import type { AwsPrincipalKind, AwsPrincipal } from '../../domain/principal.ts';
import { proposalCaveats, proposeActions } from './propose.ts';

const OTHERS = [
  'deactivate-ssh-public-keys',
  'deactivate-signing-certificates',
  'deactivate-service-specific-credentials',
  'reset-console-password',
];
const ALL = [
  ...OTHERS.toReversed(),
  'rotate-access-key',
  'revoke-role-sessions',
  'deactivate-access-keys',
  'quarantine-principal',
  'deny-principal',
  'delete-access-keys',
];
const principal = (kind: AwsPrincipalKind, arn = 'arn:aws:iam::123456789012:user/alice'): AwsPrincipal => ({
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
      ['quarantine-principal', 'alice'],
      ['deactivate-access-keys', 'alice'],
      ['revoke-role-sessions', 'a'],
      ['revoke-role-sessions', 'b'],
      ...OTHERS.map((action) => [action, 'alice']),
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
    const alone = proposalCaveats(principal('iam-user'), facts, ALL);
    expect(alone).toEqual([expect.stringMatching(/which this case does not change: .*210987654321/u)]);
    expect(proposalCaveats(principal('iam-user'), facts, ALL, ['333333333333'])).toEqual(alone);
    // Also where Cordon works in that account: its log and its budget are another case's.
    const served = proposalCaveats(principal('iam-user'), facts, ALL, ['210987654321']);
    expect(served).toEqual([
      ...alone,
      expect.stringMatching(/send an alert about each of .*210987654321:role\/theirs/u),
    ]);
  });

  it('says when the roles can not be known', () => {
    expect(proposalCaveats(principal('iam-user'), null, ALL)).toHaveLength(1);
    const cut = { assumedRoles: [], around: { truncated: true } } as unknown as ActivityFacts;
    expect(proposalCaveats(principal('iam-user'), cut, ALL)).toHaveLength(1);
    expect(proposalCaveats(principal('iam-user'), activity(role('a')), ['deny-principal'])).toHaveLength(1);
    expect(proposalCaveats(principal('iam-user'), activity(role('a')), ALL)).toEqual([]);
  });

  it('never proposes a deletion in a containment', () => {
    expect(propose(activity(role('a')), 'iam-user', ['delete-access-keys'])).toEqual([]);
  });

  it('never promises containment by the quarantine alone: its caveat keeps the case from ending CONTAINED', () => {
    const caveats = proposalCaveats(principal('iam-user'), activity(), [
      'quarantine-principal',
      'deactivate-access-keys',
    ]);
    expect(caveats.join()).toContain('soft tier');
    expect(proposalCaveats(principal('iam-user'), activity(), ['quarantine-principal', 'deny-principal'])).toEqual([]);
  });

  it('refuses a case id that could be more than a name', () => {
    expect(() => proposeActions(principal('iam-user'), null, '../x', ALL)).toThrow(/case id/u);
  });
});
