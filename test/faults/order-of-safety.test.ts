import {
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  ListAttachedUserPoliciesCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sealPlan } from '../../src/approval/digest.ts';
import { applyAction } from '../../src/containment/apply.ts';
import { planRollback, revertAction } from '../../src/containment/rollback.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import type { FailureType } from '../../src/contracts/failures.ts';
import type { AwsActionId } from '../../src/providers/aws/actions/index.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
import { resourceOf } from '../../src/domain/principal.ts';
import { containmentLimits } from '../../src/policy/budget.ts';
import type { Stage } from '../providers/aws/stage.ts';
import { buildStage } from '../providers/aws/stage.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { startMiniStack, type MiniStack } from '../support/processes/ministack.ts';
import type { Office, Suspect } from './suspect.ts';
import { approval, containmentThrough, newSuspect, openOffice, stateOf } from './suspect.ts';

let ministack: MiniStack;
let stage: Stage;
let office: Office;
let strangers: Office;
let proxy: FaultProxy;

beforeAll(async () => {
  ministack = await startMiniStack();
  stage = await buildStage(ministack);
  office = await openOffice();
  strangers = await openOffice();
  proxy = await startFaultProxy(ministack.url);
});
afterAll(async () => {
  await proxy?.stop();
  await strangers?.close();
  await office?.close();
  await ministack?.stop();
});

interface Attempt {
  readonly suspect: Suspect;
  readonly decisions: readonly SignedDecision[];
  readonly dependencies: ContainmentDependencies;
}

interface Barrier {
  readonly name: string;
  /** `null`: no refusal of ours, but an error that the caller sees. */
  readonly failure: FailureType | null;
  /** What the refusal must name. */
  readonly message?: string;
  /** What a rollback gives back it takes from nobody's budget, and from nobody who is protected. */
  readonly ofContainment?: true;
  set(attempt: Attempt): Promise<Partial<Attempt> & { readonly lift?: () => Promise<void> }>;
}

const configured = (changes: Readonly<Record<string, unknown>>) => ({
  dependencies: containmentThrough(proxy.url, stage, office, changes),
});

const changedDecision =
  (change: (signed: SignedDecision) => SignedDecision | Promise<SignedDecision>) => async (attempt: Attempt) => ({
    decisions: await Promise.all(attempt.decisions.map(async (signed) => change(signed))),
  });

/** As if the plan had been made and approved with another target. */
async function aimedAt(target: string, { suspect }: Attempt) {
  const request = { ...suspect.planned.request, target };
  const plan = sealPlan({ ...suspect.plan, actions: [{ ...suspect.planned, request }] });
  await office.store.plans.put(plan);
  return { suspect: { ...suspect, plan }, decisions: [await approval(plan, office.signer)] };
}

const BREAK_GLASS = 'arn:aws:iam::123456789012:role/break-glass';

const BARRIERS: readonly Barrier[] = [
  {
    name: 'the kill switch is on',
    failure: 'Stopped',
    async set() {
      await office.store.killSwitch.set(true, 'erin', 'drill');
      return { lift: () => office.store.killSwitch.set(false, 'erin', 'over') };
    },
  },
  { name: 'observe mode', failure: 'NotPermittedByMode', set: async () => configured({ mode: 'observe' }) },
  { name: 'no approval', failure: 'ApprovalInvalid', set: async () => ({ decisions: [] }) },
  {
    name: 'a denial',
    failure: 'ApprovalInvalid',
    set: async ({ decisions }) => ({
      decisions: await Promise.all(
        decisions.map(({ decision }) => office.signer.sign({ ...decision, decision: 'deny' })),
      ),
    }),
  },
  {
    name: 'an approval changed after it was signed',
    failure: 'ApprovalInvalid',
    set: changedDecision((signed) => ({ ...signed, decision: { ...signed.decision, actor: 'mallory' } })),
  },
  {
    name: "an approval signed with somebody else's key",
    failure: 'ApprovalInvalid',
    set: changedDecision(({ decision }) => strangers.signer.sign(decision)),
  },
  {
    name: 'an approval by someone who is not listed',
    failure: 'ApprovalInvalid',
    set: async ({ suspect }) => ({ decisions: [await approval(suspect.plan, office.signer, 'mallory')] }),
  },
  {
    name: 'an approval of another plan',
    failure: 'ApprovalInvalid',
    set: changedDecision(({ decision }) => office.signer.sign({ ...decision, planDigest: 'a'.repeat(64) })),
  },
  {
    name: 'an approver short',
    failure: 'ApprovalInvalid',
    async set({ suspect }) {
      const plan = sealPlan({ ...suspect.plan, requirement: { approvals: 2, reason: 'two' } });
      await office.store.plans.put(plan);
      return { suspect: { ...suspect, plan }, decisions: [await approval(plan, office.signer)] };
    },
  },
  {
    name: 'a protected suspect',
    failure: 'TargetRefused',
    ofContainment: true,
    set: async ({ suspect }) =>
      configured({ protected: [{ principal: resourceOf(suspect.principal), reason: 'break-glass' }] }),
  },
  {
    name: 'a target that is no identity but a pattern',
    failure: 'TargetRefused',
    message: 'a pattern',
    set: (attempt) => aimedAt('arn:aws:iam::123456789012:user/*', attempt),
  },
  {
    name: 'a protected target that is not the suspect',
    failure: 'TargetRefused',
    message: 'who comes when all else fails',
    ofContainment: true,
    async set(attempt) {
      const reason = 'who comes when all else fails';
      return {
        ...configured({ protected: [{ principal: BREAK_GLASS, reason }] }),
        ...(await aimedAt(BREAK_GLASS, attempt)),
      };
    },
  },
  {
    name: "Cordon's own identity as the target",
    failure: 'TargetRefused',
    message: 'Cordon itself',
    ofContainment: true,
    set: (attempt) => aimedAt(stage.cordonArn, attempt),
  },
  {
    name: 'a namesake created since the plan was made',
    failure: 'TargetRefused',
    async set({ suspect }) {
      const { iam } = stage.admin;
      const UserName = suspect.principal.name;
      for (const { accessKeyId } of suspect.keys) {
        await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: accessKeyId }));
      }
      const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
      for (const PolicyName of PolicyNames) await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
      const { AttachedPolicies = [] } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
      for (const { PolicyArn } of AttachedPolicies)
        await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn }));
      await iam.send(new DeleteUserCommand({ UserName }));
      const { id } = await stage.createUser(UserName);
      expect(id).not.toBe(suspect.principal.uniqueId);
      return {};
    },
  },
  ...(
    [
      ['in all', 'budget.containmentsPerHour', { containmentsPerHour: 1 }],
      ['of its account', 'budget.perAccount', { perAccount: 1 }],
      ['of its kind', 'budget.perKind.iam-user', { perKind: { 'iam-user': 1 } }],
    ] as const
  ).map(([what, key, one]) => ({
    name: `a full budget ${what}`,
    failure: 'BudgetExceeded' as const,
    message: key,
    ofContainment: true as const,
    async set({ suspect, dependencies }: Attempt) {
      const limits = containmentLimits(suspect.principal, dependencies.config.budget);
      await office.store.budget.reserve('an earlier case', limits);
      const most = { containmentsPerHour: 100_000, perAccount: 100_000, perKind: { 'iam-user': 100_000 } };
      return configured({ budget: { ...most, ...one } });
    },
  })),
  {
    name: 'a ledger that takes no intent',
    failure: null,
    async set({ dependencies }) {
      const { ledger } = office.store;
      const failing = {
        ...ledger,
        append: (entry: Parameters<typeof ledger.append>[0]) =>
          entry.type.endsWith('intent') ? Promise.reject(new Error('The disk is full.')) : ledger.append(entry),
      };
      return { dependencies: { ...dependencies, store: { ...office.store, ledger: failing } } };
    },
  },
];

/**
 * They need more than one person in the account: groups, policies, functions, a directory. What stands before a change is the same for
 * every action; the contract of the actions breaks each of their writes.
 */
const NEEDS_MORE: ReadonlySet<string> = new Set<AwsActionId>([
  'deny-permission-set-user',
  'remove-account-assignments',
  'remove-created-login-profile',
  'delete-created-identity-providers',
  'restore-role-trust',
  'remove-function-permissions',
  'restore-policy-version',
  'remove-from-groups',
]);
const ACTIONS = Object.keys(AWS_ACTIONS).filter((id) => !NEEDS_MORE.has(id));

describe.each(ACTIONS)('%s does not write to AWS', (action) => {
  it.each(BARRIERS)('with $name', async (barrier) => {
    const { failure, message = '' } = barrier;
    const suspect = await newSuspect(action, stage, office);
    const dependencies = containmentThrough(proxy.url, stage, office);
    const { lift, ...changed } = await barrier.set({ suspect, dependencies, decisions: suspect.decisions });
    const attempt = { suspect, dependencies, decisions: suspect.decisions, ...changed };
    const before = await stateOf(stage, suspect, suspect.caseId);
    proxy.clear();
    const input = { planDigest: attempt.suspect.plan.digest, sequence: 0, decisions: attempt.decisions };
    const error = await applyAction(input, attempt.dependencies).catch((thrown: unknown) => thrown);
    await lift?.();
    expect(error).toMatchObject(failure ? { type: failure } : { message: 'The disk is full.' });
    expect((error as Error).message).toContain(message);
    expect(proxy.calls.filter(({ write }) => write)).toEqual([]);
    expect(await stateOf(stage, suspect, suspect.caseId)).toEqual(before);
    const { ledger } = office.store;
    const types = (await ledger.ofCase(suspect.caseId)).map(({ type }) => type);
    expect(types).toEqual(failure ? ['refusal'] : []);
  });

  it('unless nothing stands in its way', async () => {
    const suspect = await newSuspect(action, stage, office);
    proxy.clear();
    const input = { planDigest: suspect.plan.digest, sequence: 0, decisions: suspect.decisions };
    await applyAction(input, containmentThrough(proxy.url, stage, office));
    expect(proxy.calls.filter(({ write }) => write).length).toBeGreaterThan(0);
  });
});

describe('a rollback does not write to AWS', () => {
  const contained = async (): Promise<Suspect> => {
    const suspect = await newSuspect('deny-principal', stage, office);
    const dependencies = containmentThrough(ministack.url, stage, office);
    await applyAction({ planDigest: suspect.plan.digest, sequence: 0, decisions: suspect.decisions }, dependencies);
    const plan = await planRollback({ caseId: suspect.caseId }, dependencies);
    const [planned] = plan.actions;
    if (!planned) throw new Error('There is nothing to put back.');
    return { ...suspect, plan, planned, decisions: [await approval(plan, office.signer)] };
  };

  it.each(BARRIERS.filter(({ ofContainment }) => !ofContainment))('with $name', async (barrier) => {
    const { failure, message = '' } = barrier;
    const suspect = await contained();
    const { ledger } = office.store;
    const earlier = (await ledger.ofCase(suspect.caseId)).length;
    const dependencies = containmentThrough(proxy.url, stage, office);
    const { lift, ...changed } = await barrier.set({ suspect, dependencies, decisions: suspect.decisions });
    const attempt = { suspect, dependencies, decisions: suspect.decisions, ...changed };
    const before = await stateOf(stage, suspect, suspect.caseId);
    proxy.clear();
    const input = { planDigest: attempt.suspect.plan.digest, sequence: 0, decisions: attempt.decisions };
    const error = await revertAction(input, attempt.dependencies).catch((thrown: unknown) => thrown);
    await lift?.();
    expect(error).toMatchObject(failure ? { type: failure } : { message: 'The disk is full.' });
    expect((error as Error).message).toContain(message);
    expect(proxy.calls.filter(({ write }) => write)).toEqual([]);
    expect(await stateOf(stage, suspect, suspect.caseId)).toEqual(before);
    const types = (await ledger.ofCase(suspect.caseId)).slice(earlier).map(({ type }) => type);
    expect(types).toEqual(failure ? ['refusal'] : []);
  });

  it.each<[string, (suspect: Suspect, containment: string) => [typeof applyAction, string]]>([
    ['a plan to contain', (_, containment) => [revertAction, containment]],
    ['a plan to put back, as one to carry out', ({ plan }) => [applyAction, plan.digest]],
  ])('by %s', async (_, misuse) => {
    const suspect = await contained();
    const [first] = await office.store.ledger.ofCase(suspect.caseId);
    const [act, planDigest] = misuse(suspect, first?.body['planDigest'] as string);
    proxy.clear();
    const input = { planDigest, sequence: 0, decisions: suspect.decisions };
    const refused = act(input, containmentThrough(proxy.url, stage, office));
    await expect(refused).rejects.toMatchObject({ type: 'ValidationFailed' });
    expect(proxy.calls.filter(({ write }) => write)).toEqual([]);
  });
});

describe('the budget', () => {
  const one = { budget: { containmentsPerHour: 1, perAccount: 1, perKind: { 'iam-user': 1 } } };
  const alone = async () => {
    const own = await openOffice();
    return { own, dependencies: containmentThrough(proxy.url, stage, own, one) };
  };

  it('is spent once by all tries and rounds of a plan, and refuses the next principal, who spends nothing', async () => {
    const { own, dependencies } = await alone();
    const [first, second] = [
      await newSuspect('deny-principal', stage, own),
      await newSuspect('deny-principal', stage, own),
    ];
    const apply = ({ plan, decisions }: Suspect, round = 1) =>
      applyAction({ planDigest: plan.digest, sequence: 0, decisions, round }, dependencies);
    await own.store.ledger.append({ type: 'plan', caseId: first.caseId, key: first.plan.digest, body: {} });
    for (const round of [1, 1, 2]) expect(await apply(first, round)).toMatchObject({ sequence: 0 });
    await expect(apply(second)).rejects.toThrow(
      'at most 1 containments an hour in all. Raise budget.containmentsPerHour',
    );
    const wide = containmentThrough(proxy.url, stage, own, {
      budget: { ...one.budget, containmentsPerHour: 2, perAccount: 2 },
    });
    const input = { planDigest: second.plan.digest, sequence: 0, decisions: second.decisions };
    await expect(applyAction(input, wide)).rejects.toThrow('of the kind IAM user. Raise budget.perKind.iam-user');
    await own.close();
  });

  it('is not spent by a rollback, and does not stop one', async () => {
    const { own, dependencies } = await alone();
    const { plan, decisions, caseId, principal } = await newSuspect('deny-principal', stage, own);
    await applyAction({ planDigest: plan.digest, sequence: 0, decisions }, dependencies);
    const rollback = await planRollback({ caseId }, dependencies);
    const input = { planDigest: rollback.digest, sequence: 0, decisions: [await approval(rollback, own.signer)] };
    const none = containmentThrough(proxy.url, stage, own, { budget: { perKind: { 'iam-user': 0 } } });
    expect(await revertAction(input, none)).toMatchObject({ status: 'reverted' });
    const [total] = containmentLimits(principal, dependencies.config.budget);
    if (!total) throw new Error('There is no limit in all.');
    expect(await own.store.budget.reserve('another', [{ ...total, limit: 2 }])).toBeNull();
    await own.close();
  });
});
