import { expect, test } from 'vitest';

import type { PlannedAction } from '../domain/plan.ts';
import { approvalRequirement } from './requirement.ts';

function action(target: string, change: Partial<PlannedAction> = {}): PlannedAction {
  const principal = {
    cloud: 'aws',
    kind: 'iam-user',
    accountId: '123456789012',
    name: 'a',
    arn: 'arn:aws:iam::123456789012:user/a',
  } as const;
  const request = { action: 'x', cloud: 'aws', accountId: '123456789012', principal, target, parameters: {} } as const;
  const base = { sequence: 0, request, title: 'Do x', calls: [], mayBreak: [], idempotencyKey: '' } as const;
  return { ...base, reversibility: 'exact', effect: 'declarative', alreadySo: false, ...change };
}

const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((target) => action(target));

test.each<[string, PlannedAction[], number, number]>([
  ['the configuration is asked', [action('a')], 1, 1],
  ['and never undercut', [action('a')], 3, 3],
  ['several actions on few targets stay ordinary', [action('a'), action('a'), action('b')], 1, 1],
  ['many targets need two', many, 1, 2],
  ['already so changes nothing', many.map((one) => ({ ...one, alreadySo: true })), 1, 1],
  ['what can not be undone needs two', [action('a', { reversibility: 'none' })], 1, 2],
  ['nobody is never enough', [], 0, 1],
])('%s', (_, actions, configured, approvals) => {
  const requirement = approvalRequirement(actions, configured);
  expect(requirement.approvals).toBe(approvals);
  expect(requirement.reason).not.toBe('');
});
