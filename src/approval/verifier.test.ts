import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Decision, SignedDecision } from '../domain/approval.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { Plan } from '../domain/plan.ts';
import { planDigest, sealPlan } from './digest.ts';
import { approvalVerifier } from './verifier.ts';

const ALICE = 'arn:aws:iam::123456789012:user/alice';
const keys = generateKeyPairSync('ed25519');
const verifier = approvalVerifier({
  keys: [{ keyId: 'gateway', publicKey: keys.publicKey }],
  approvers: [
    { id: 'bob', identities: ['arn:aws:iam::123456789012:user/bob'] },
    { id: 'carol', identities: [] },
    { id: 'alice', identities: ['arn:aws:iam::123456789012:user/Alice'] },
    { id: 'dora', identities: ['arn:aws:sts::123456789012:assumed-role/Admin/dora'] },
  ],
});

function planWith(change: Partial<Omit<Plan, 'digest'>> = {}): Plan {
  return sealPlan({
    kind: 'containment',
    caseId: 'ca_1',
    principal: { cloud: 'aws', kind: 'iam-user', accountId: '123456789012', name: 'alice', arn: ALICE },
    actions: [],
    requirement: { approvals: 1, reason: 'one key' },
    obstacles: [],
    caveats: [],
    ...change,
  });
}

const plan = planWith();
let nonces = 0;
const decisionOn = (on: Plan, change: Partial<Decision> = {}): Decision => ({
  caseId: on.caseId,
  planDigest: on.digest,
  decision: 'approve',
  actor: 'bob',
  channel: 'slack',
  decidedAt: '2026-01-02T03:04:05.678Z',
  nonce: (++nonces).toString(16).padStart(32, '0'),
  ...change,
});
/** The format spelled out here once more: whoever changes it changes what every adapter must keep. */
const signed = (on: Plan = plan, change: Partial<Decision> = {}, { privateKey } = keys): SignedDecision => {
  const decision = decisionOn(on, change);
  const signature = sign(null, Buffer.from(canonicalJson(decision)), privateKey).toString('base64');
  return { decision, keyId: 'gateway', signature };
};
const principalWith = (arn: string) =>
  planWith({ principal: { cloud: 'aws', kind: 'iam-user', accountId: '123456789012', name: 'alice', arn } });

describe('the approval verifier', () => {
  it('accepts what listed approvers signed, as many as the plan asks for', () => {
    expect(verifier.refusal(plan, [signed()])).toBeNull();
    expect(verifier.decisionRefusal(plan, signed())).toBeNull();
    expect(verifier.decisionRefusal(plan, signed(plan, { decision: 'deny', reason: 'a drill' }))).toBeNull();
    const two = planWith({ requirement: { approvals: 2, reason: 'large' } });
    expect(verifier.refusal(two, [signed(two), signed(two, { actor: 'carol' })])).toBeNull();
  });

  const asked = (by: string, approvals = 1) =>
    planWith({ kind: 'rollback', requestedBy: by, requirement: { approvals, reason: 'asked' } });

  it('lets who asked for a plan approve it only where the others are not enough', () => {
    const by = asked('bob');
    expect(verifier.decisionRefusal(by, signed(by))).toMatch(/bob asked for this plan/u);
    expect(verifier.refusal(by, [signed(by)])).toMatch(/bob asked for this plan/u);
    expect(verifier.refusal(by, [signed(by, { actor: 'carol' })])).toBeNull();
    expect(verifier.decisionRefusal(by, signed(by, { decision: 'deny' })), 'to deny is safe').toBeNull();
    // Alice is the suspect, so carol and dora are the others.
    const two = asked('bob', 2);
    expect(verifier.decisionRefusal(two, signed(two))).toMatch(/bob asked for this plan/u);
    const three = asked('bob', 3);
    expect(verifier.decisionRefusal(three, signed(three))).toBeNull();
    const alone = approvalVerifier({
      keys: [{ keyId: 'gateway', publicKey: keys.publicKey }],
      approvers: [
        { id: 'bob', identities: [] },
        { id: 'alice', identities: [ALICE] },
      ],
    });
    expect(alone.refusal(by, [signed(by)]), 'nobody else is there').toBeNull();
  });

  it('refuses a plan that says another asked for it than its digest does', () => {
    const by = asked('bob');
    expect(verifier.refusal({ ...by, requestedBy: 'carol' }, [signed(by)])).toMatch(/digest names/u);
    const { requestedBy: _, ...nobody } = by;
    expect(verifier.refusal(nobody, [signed(by)])).toMatch(/digest names/u);
  });

  const twice = signed();
  const blocked = planWith({ obstacles: ['iam:PutUserPolicy is missing'] });
  const two = planWith({ requirement: { approvals: 2, reason: 'large' } });
  const stranger = generateKeyPairSync('ed25519');
  const refused: [what: string, plan: Plan, decisions: SignedDecision[], reason: RegExp][] = [
    ['no decision', plan, [], /No decision/u],
    ['a changed plan', { ...plan, kind: 'rollback' }, [signed()], /digest names/u],
    ['a plan with another digest', { ...plan, digest: planWith({ caseId: 'x' }).digest }, [signed()], /digest names/u],
    ['a changed plan with its digest made anew', planWith({ kind: 'rollback' }), [signed()], /another plan/u],
    ['another case', plan, [signed(plan, { caseId: 'ca_2' })], /another case/u],
    ['an unknown key', plan, [{ ...signed(), keyId: 'other' }], /unknown key/u],
    ['a key of a prototype', plan, [{ ...signed(), keyId: '__proto__' }], /unknown key/u],
    ['a signature of another key', plan, [signed(plan, {}, stranger)], /signature/u],
    ['an actor who is not listed', plan, [signed(plan, { actor: 'mallory' })], /not a listed approver/u],
    ['the suspect, whatever the case of the name', plan, [signed(plan, { actor: 'alice' })], /may be the suspect/u],
    ['the suspect who denies', plan, [signed(plan, { actor: 'alice', decision: 'deny' })], /may be the suspect/u],
    ['a denial among approvals', plan, [signed(), signed(plan, { actor: 'carol', decision: 'deny' })], /denied/u],
    ['one actor twice', two, [signed(two), signed(two)], /approver counts once/u],
    ['one decision twice', plan, [twice, twice], /counts once/u],
    [
      'a nonce twice',
      two,
      ['bob', 'carol'].map((actor) => signed(two, { actor, nonce: 'a'.repeat(32) })),
      /decision counts once/u,
    ],
    ['too few', two, [signed(two)], /needs 2 approvals and has 1/u],
    ['a plan with obstacles', blocked, [signed(blocked)], /obstacles/u],
    ['a plan that needs nobody', planWith({ requirement: { approvals: 0, reason: '' } }), [signed()], /valid number/u],
    [
      'a plan that needs half a person',
      planWith({ requirement: { approvals: 0.5, reason: '' } }),
      [signed()],
      /valid number/u,
    ],
    ['a plan without a principal', principalWith('alice'), [signed(principalWith('alice'))], /no valid principal/u],
  ];
  it.each(refused)('refuses %s', (_, on, decisions, reason) => {
    expect(verifier.refusal(on, decisions)).toMatch(reason);
  });

  const session = (name: string) => `arn:aws:sts::123456789012:assumed-role/Admin/${name}`;
  const role = 'arn:aws:iam::123456789012:role/team/admin';
  it.each([
    [session('dora'), false],
    [role, false], // which of its sessions is meant can't be told
    [session('eve'), true],
    ['arn:aws:iam::999999999999:role/Admin', true],
  ])('dora, who is a session of a role, may approve against %s: %s', (arn, allowed) => {
    const on = principalWith(arn);
    expect(verifier.refusal(on, [signed(on, { actor: 'dora' })]) === null).toBe(allowed);
  });

  it('refuses a signed decision with any one field changed, added or taken away', () => {
    const genuine = signed(plan, { reason: 'seen on the phone' });
    const paths: string[][] = [
      ['keyId'],
      ['signature'],
      ...Object.keys(genuine.decision).map((field) => ['decision', field]),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.anything(), (path, value) => {
        const forged = structuredClone(genuine) as unknown as Record<string, Record<string, unknown>>;
        const holder = path.length === 2 ? forged['decision']! : (forged as Record<string, unknown>);
        fc.pre(holder[path.at(-1)!] !== value);
        holder[path.at(-1)!] = value;
        expect(verifier.refusal(plan, [forged as unknown as SignedDecision])).not.toBeNull();
        delete holder[path.at(-1)!];
        expect(verifier.refusal(plan, [forged as unknown as SignedDecision])).not.toBeNull();
      }),
    );
    expect(verifier.refusal(plan, [{ ...genuine, note: 'x' } as SignedDecision])).toMatch(/malformed/u);
  });

  it('refuses a signed decision with any one bit of its text changed', () => {
    const text = Buffer.from(JSON.stringify(signed(plan, { reason: 'seen' })));
    const accepted: string[] = [];
    for (let bit = 0; bit < text.length * 8; bit++) {
      const forged = Buffer.from(text);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      const decision = parsedOrNull(forged.toString());
      if (decision && verifier.refusal(plan, [decision]) === null) accepted.push(forged.toString());
    }
    expect(accepted).toEqual([]);
  });

  it('refuses, and never throws at, input of any shape', () => {
    const judged = fc.oneof(fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }));
    fc.assert(
      fc.property(judged, judged, (one, other) => {
        const anything = one as never;
        for (const answer of [
          verifier.refusal(plan, anything),
          verifier.refusal(plan, [anything]),
          verifier.refusal(plan, [signed(), anything]),
          verifier.refusal(anything, other as never),
          verifier.refusal({ ...plan, principal: anything }, [signed()]),
          verifier.decisionRefusal(plan, anything),
          verifier.decisionRefusal(anything, signed()),
        ])
          expect(answer).toEqual(expect.any(String));
      }),
    );
    const cyclic: Record<string, unknown> = {};
    cyclic['actions'] = cyclic;
    expect(verifier.refusal({ ...plan, ...cyclic }, [signed()])).toEqual(expect.any(String));
    expect(planDigest(plan)).toBe(plan.digest);
  });
});

function parsedOrNull(text: string): SignedDecision | null {
  try {
    return JSON.parse(text) as SignedDecision;
  } catch {
    return null;
  }
}
