import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ActionRequest, Plan } from '../domain/plan.ts';
import { idempotencyKey, planDigest, roundKey, sealPlan } from './digest.ts';

const principal = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'alice',
  arn: 'arn:aws:iam::123456789012:user/alice',
} as const;
const request: ActionRequest = {
  action: 'deactivate-access-keys',
  cloud: 'aws',
  accountId: '123456789012',
  principal,
  target: principal.arn,
  parameters: { keys: ['AKIA1', 'AKIA2'], force: false },
};
const plan: Plan = sealPlan({
  kind: 'containment',
  caseId: 'ca_1',
  principal,
  actions: [
    {
      sequence: 0,
      request,
      title: 'Deactivate keys',
      calls: [{ service: 'iam', operation: 'UpdateAccessKey', parameters: { UserName: 'alice', Status: 'Inactive' } }],
      mayBreak: ['nightly export'],
      reversibility: 'exact',
      effect: 'declarative',
      alreadySo: false,
      idempotencyKey: idempotencyKey('ca_1', request),
    },
  ],
  requirement: { approvals: 1, reason: 'one user' },
  obstacles: [],
  caveats: [],
});

describe('a plan digest', () => {
  it('is that of the content, not of the order of its fields or the digest it carries', () => {
    const reversed = Object.fromEntries(Object.entries(plan).toReversed()) as unknown as Plan;
    expect(planDigest(reversed)).toBe(plan.digest);
    expect(planDigest({ ...plan, digest: 'another' })).toBe(plan.digest);
    expect(plan.digest).toMatch(/^[0-9a-f]{64}$/u);
  });

  it('changes with every leaf of the plan', () => {
    const leaves = leavesOf(plan).filter(([first]) => first !== 'digest');
    expect(leaves.length).toBeGreaterThan(20);
    for (const path of leaves) {
      const changed = structuredClone(plan) as unknown as Record<string, unknown>;
      const holder = path.slice(0, -1).reduce((node, key) => node[key] as Record<string, unknown>, changed);
      holder[path.at(-1)!] = 'something else';
      expect(planDigest(changed as unknown as Plan), path.join('.')).not.toBe(plan.digest);
    }
  });
});

describe('an idempotency key', () => {
  it('is the same for the same change, whatever the order of its parameters', () => {
    const again = { ...request, parameters: { force: false, keys: ['AKIA1', 'AKIA2'] } };
    expect(idempotencyKey('ca_1', again)).toBe(idempotencyKey('ca_1', request));
  });

  it('is another in each later round, and for each plan of a reopened case', () => {
    const keys = [0, 1, 2].map((reopenings) => idempotencyKey('ca_1', request, reopenings));
    const all = keys.flatMap((key) => [1, 2, 3].map((round) => roundKey(key, round)));
    expect(new Set(all).size).toBe(9);
    expect(all[0], 'the first is the key itself').toBe(idempotencyKey('ca_1', request));
  });

  it('never is the same for another case, action, target or parameter', () => {
    const others = fc.record({
      caseId: fc.string(),
      action: fc.string(),
      target: fc.string(),
      parameters: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(others, others, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        fc.pre(
          Object.keys(one.parameters).length !== Object.keys(other.parameters).length || one.target !== other.target,
        );
        const key = ({ caseId, ...change }: typeof one) => idempotencyKey(caseId, { ...request, ...change });
        expect(key(one)).not.toBe(key(other));
      }),
    );
  });
});

function leavesOf(node: unknown, path: string[] = []): string[][] {
  if (typeof node !== 'object' || node === null) return [path];
  return Object.entries(node).flatMap(([key, child]) => leavesOf(child, [...path, key]));
}
