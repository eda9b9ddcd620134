import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { differences, type Snapshot } from '../../demo/snapshot.ts';
import { loadSigningKey, loadVerifyingKey, signingKeyOf } from '../../src/approval/keys.ts';
import type { DecisionSigner } from '../../src/approval/port.ts';
import { decisionSigner } from '../../src/approval/signer.ts';
import { approvalVerifier } from '../../src/approval/verifier.ts';
import { applyAction } from '../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import { decide, stateQuery } from '../../src/contracts/messages.ts';
import type { Decision, SignedDecision } from '../../src/domain/approval.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { configuredProviders } from '../../src/providers/configured.ts';
import { CaseUnderTest, startCordon, type Cordon, type User } from '../support/cordon.ts';

/** The forger reaches Temporal and holds the payload key; only the private key of the approvals is out of reach. */
const WAIT = { timeout: 60_000, interval: 50 };
const SUSPECT_APPROVER = 'arn:aws:iam::123456789012:user/erin';
let cordon: Cordon;
let frank: User;
let thisCase: CaseUnderTest;
let plan: Plan;
let untouched: Snapshot;
/** Holds the real key, for what a stolen or misused gateway could sign. */
let genuine: DecisionSigner;
let forger: DecisionSigner;

beforeAll(async () => {
  cordon = await startCordon({ approval: { approvals: 2 }, identitiesOfErin: [SUSPECT_APPROVER] });
  const key = await loadSigningKey(cordon.config.approval);
  genuine = decisionSigner(key);
  forger = decisionSigner(signingKeyOf(generateKeyPairSync('ed25519').privateKey, key.keyId));
  frank = await cordon.createUser('frank');
  thisCase = new CaseUnderTest(cordon, frank.principal, await cordon.alertOn(frank.principal));
  plan = await openPlan(thisCase);
  untouched = await cordon.account();
});
afterAll(() => cordon?.stop());

async function openPlan(of: CaseUnderTest): Promise<Plan> {
  await of.asked();
  const found = await cordon.store.plans.get((await of.record())?.planDigest ?? '');
  if (!found) throw new Error('The case has no plan.');
  return found;
}

function decisionOn({ caseId, digest: planDigest }: Plan, change: Partial<Decision> = {}): Decision {
  const nonce = randomBytes(16).toString('hex');
  const decidedAt = new Date().toISOString();
  return { caseId, planDigest, decision: 'approve', actor: 'erin', channel: 'cli', decidedAt, nonce, ...change };
}

/** Straight into Temporal. Answers what the forger is told, or `accepted`. */
async function put(signed: unknown, into = thisCase): Promise<string> {
  try {
    await into.handle.executeUpdate(decide, { args: [signed as SignedDecision] });
    return 'accepted';
  } catch (error) {
    let last = error as Error;
    while (last.cause instanceof Error) last = last.cause;
    return last.message;
  }
}

async function refusals(of = thisCase): Promise<string[]> {
  const entries = await cordon.ledger(of.caseId);
  return entries.filter(({ type }) => type === 'refusal').map(({ body }) => body['reason'] as string);
}

async function expectNothingChanged(approvals = 0): Promise<void> {
  expect(differences(untouched, await cordon.account()), 'changed in AWS').toEqual([]);
  expect(await thisCase.handle.query(stateQuery)).toMatchObject({ state: 'AWAITING_APPROVAL', approvals });
  const taken = (await cordon.ledger(thisCase.caseId)).filter(({ type }) => type === 'decision' || type === 'intent');
  expect(taken).toHaveLength(approvals);
}

const FORGED: readonly [string, () => unknown, RegExp][] = [
  ['signed by another key', () => forger.sign(decisionOn(plan)), /signature .* does not hold/u],
  ['a deny signed by another key', () => forger.sign(decisionOn(plan, { decision: 'deny' })), /does not hold/u],
  [
    'signed by a key nobody knows',
    async () => ({ ...(await forger.sign(decisionOn(plan))), keyId: 'another' }),
    /unknown key/u,
  ],
  ['not signed', async () => ({ ...(await genuine.sign(decisionOn(plan))), signature: '' }), /./u],
  [
    'a deny that became an approval after it was signed',
    async () => {
      const signed = await genuine.sign(decisionOn(plan, { decision: 'deny' }));
      return { ...signed, decision: { ...signed.decision, decision: 'approve' } };
    },
    /does not hold/u,
  ],
  [
    'of someone who is no approver',
    () => genuine.sign(decisionOn(plan, { actor: 'mallory' })),
    /not a listed approver/u,
  ],
  ['about another case', () => genuine.sign(decisionOn(plan, { caseId: 'ca_other' })), /another case/u],
  [
    'with a field that nobody knows',
    async () => ({ ...(await genuine.sign(decisionOn(plan))), approved: true }),
    /malformed/u,
  ],
];

describe('a forged decision put straight into Temporal changes nothing, and the case still waits:', () => {
  test.each(FORGED)('%s', async (_name, forge, says) => {
    const before = (await refusals()).length;
    const told = await put(await forge());
    expect(told).toMatch(says);
    expect(told).not.toBe('accepted');
    await expectNothingChanged();
    expect((await refusals()).slice(before), 'the ledger has it').toEqual([told]);
  });

  const malformed: typeof FORGED = [
    ['about another plan', () => genuine.sign(decisionOn(plan, { planDigest: 'f'.repeat(64) })), /another plan/u],
    ['nothing', () => null, /./u],
    ['no decision', () => ({ keyId: 'x', signature: '' }), /./u],
    ['a text', () => 'approve', /./u],
  ];
  test.each(malformed)('%s: the validator rejects it before it is history', async (_name, forge, says) => {
    const told = await put(await forge());
    expect(told).toMatch(says);
    expect(told).not.toBe('accepted');
    await expectNothingChanged();
  });
});

test('whoever is the suspect decides nothing, by no way and with no signature', async () => {
  const { principal } = await cordon.createUser('erin');
  const own = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  const ownPlan = await openPlan(own);
  const before = await cordon.account();
  for (const decision of ['approve', 'deny'] as const) {
    expect(await put(await genuine.sign(decisionOn(ownPlan, { decision })), own)).toMatch(/may be the suspect/u);
  }
  const body = { planDigest: ownPlan.digest, decision: 'deny' };
  expect((await cordon.as('erin', `/v1/cases/${own.caseId}/decisions`, body)).status).toBe(403);
  await own.approve('erin');
  await expect.poll(() => JSON.stringify(cordon.slack.front.responses), WAIT).toMatch(/may be the suspect/u);
  expect(await own.state()).toBe('AWAITING_APPROVAL');
  expect(await own.handle.query(stateQuery)).toMatchObject({ approvals: 0 });
  expect(differences(before, await cordon.account())).toEqual([]);
  expect(await refusals(own)).toHaveLength(2);
  untouched = before;
});

describe('the containment activity itself believes no workflow:', () => {
  const calls: readonly [string, () => Promise<readonly SignedDecision[]>, string][] = [
    ['without a decision', async () => [], 'No decision approves the plan.'],
    [
      'with null for a list',
      async () => null as unknown as readonly SignedDecision[],
      'No decision approves the plan.',
    ],
    [
      'with forged decisions',
      () => Promise.all([decisionOn(plan), decisionOn(plan, { actor: 'dana' })].map((one) => forger.sign(one))),
      'The signature of the decision does not hold.',
    ],
    [
      'with too few',
      async () => [await genuine.sign(decisionOn(plan, { actor: 'dana' }))],
      'The plan needs 2 approvals and has 1.',
    ],
    [
      'with one person twice',
      () => Promise.all(['dana', 'dana'].map((actor) => genuine.sign(decisionOn(plan, { actor })))),
      'One approver counts once.',
    ],
    [
      'with one who denied',
      () =>
        Promise.all(
          [decisionOn(plan, { actor: 'dana' }), decisionOn(plan, { decision: 'deny' })].map((one) => genuine.sign(one)),
        ),
      'The plan was denied.',
    ],
    [
      'with decisions on another plan',
      () =>
        Promise.all(
          ['dana', 'erin'].map((actor) => genuine.sign(decisionOn(plan, { actor, planDigest: 'f'.repeat(64) }))),
        ),
      'The decision is about another plan.',
    ],
  ];
  test.each(calls)('%s', async (_name, forge, reason) => {
    const input = { planDigest: plan.digest, sequence: 0, decisions: await forge() };
    await expect(applyAction(input, await dependencies())).rejects.toMatchObject({ type: 'ApprovalInvalid' });
    await expectNothingChanged();
    expect(await ofActivities(), 'in the ledger, beside those before').toContain(reason);
  });

  /** The refusals of changes, not those of decisions by the desk. */
  async function ofActivities(): Promise<unknown[]> {
    const entries = await cordon.ledger(thisCase.caseId);
    return entries.filter(({ type, body }) => type === 'refusal' && 'action' in body).map(({ body }) => body['reason']);
  }
});

async function dependencies(): Promise<ContainmentDependencies> {
  const { config, store } = cordon;
  const keys = [await loadVerifyingKey(config.approval.publicKeyFile)];
  const verifier = approvalVerifier({ keys, approvers: config.approvers });
  return { config, store, providers: configuredProviders(config), verifier, now: () => new Date() };
}

test('a real approval counts once, and with the second one all of that did not harm', async () => {
  await thisCase.approve('dana');
  await expect.poll(() => thisCase.handle.query(stateQuery), WAIT).toMatchObject({ approvals: 1 });
  const taken = (await cordon.ledger(thisCase.caseId)).find(({ type }) => type === 'decision')?.body;
  expect(await put(taken), 'the same again').toMatch(/already been taken/u);
  expect(await put(await genuine.sign(decisionOn(plan, { actor: 'dana' })))).toMatch(/already approved/u);
  await expectNothingChanged(1);
  await thisCase.approve('erin');
  expect(await thisCase.handle.result()).toBe('CONTAINED');
  expect(await put(await genuine.sign(decisionOn(plan)))).not.toBe('accepted');
  expect(await cordon.store.ledger.verify()).toMatchObject({ status: 'intact' });
});

test('who has approved may still deny while the plan waits: nothing is changed', async () => {
  const { principal } = await cordon.createUser('gina');
  const second = new CaseUnderTest(cordon, principal, await cordon.alertOn(principal));
  const { digest: planDigest } = await openPlan(second);
  const before = await cordon.account();
  await second.approve('dana');
  await expect.poll(() => second.handle.query(stateQuery), WAIT).toMatchObject({ approvals: 1 });
  const denial = { planDigest, decision: 'deny', reason: 'I mistook the name' };
  expect((await cordon.as('dana', `/v1/cases/${second.caseId}/decisions`, denial)).status).toBe(200);
  expect(await second.handle.result()).toBe('REJECTED');
  expect(differences(before, await cordon.account())).toEqual([]);
});
