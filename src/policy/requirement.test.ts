import { expect, test } from 'vitest';

import type { PlannedAction } from '../domain/plan.ts';
import type { Quorum } from './requirement.ts';
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

const finalOne = action('a', { reversibility: 'none' });

test.each<[string, PlannedAction[], Partial<Quorum['large']> & { base?: number }, number]>([
  ['the configuration is asked', [action('a')], {}, 1],
  ['and never undercut', [action('a')], { base: 3 }, 3],
  ['several actions on few targets stay ordinary', [action('a'), action('a'), action('b')], {}, 1],
  ['many targets need two', many, {}, 2],
  ['as many as the threshold do not', many.slice(1), {}, 1],
  ['the threshold is configured', many.slice(4), { aboveResources: 1 }, 2],
  ['0 makes every plan large that changes something', [action('a')], { aboveResources: 0 }, 2],
  ['so is how many must sign', many, { approvals: 4 }, 4],
  ['one may be enough, where that is configured', [...many, finalOne], { approvals: 1 }, 1],
  ['a large plan never needs fewer than a small one', [...many, finalOne], { base: 3 }, 3],
  ['already so changes nothing', many.map((one) => ({ ...one, alreadySo: true })), {}, 1],
  ['what can not be undone needs two', [finalOne], {}, 2],
  ['nobody is never enough', [], { base: 0, approvals: 0 }, 1],
])('%s', (_, actions, { base: approvals = 1, ...large }, expected) => {
  const requirement = approvalRequirement(actions, { approvals, large: { aboveResources: 5, approvals: 2, ...large } });
  expect(requirement.approvals).toBe(expected);
  expect(requirement.reason).not.toBe('');
});
