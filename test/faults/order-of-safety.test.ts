import {
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  ListAttachedUserPoliciesCommand,
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
  set(attempt: Attempt): Promise<Partial<Attempt> & { readonly lift?: () => Promise<void> }>;
}

const configured = (changes: Readonly<Record<string, unknown>>) => ({
  dependencies: containmentThrough(proxy.url, stage, office, changes),
});

const changedDecision =
  (change: (signed: SignedDecision) => SignedDecision | Promise<SignedDecision>) => async (attempt: Attempt) => ({
    decisions: await Promise.all(attempt.decisions.map(async (signed) => change(signed))),
  });

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
    set: async ({ suspect }) =>
      configured({ protected: [{ principal: resourceOf(suspect.principal), reason: 'break-glass' }] }),
  },
  {
    name: 'a target that is no identity but a pattern',
    failure: 'TargetRefused',
    async set({ suspect }) {
      const request = { ...suspect.planned.request, target: 'arn:aws:iam::123456789012:user/*' };
      const plan = sealPlan({ ...suspect.plan, actions: [{ ...suspect.planned, request }] });
      await office.store.plans.put(plan);
      return { suspect: { ...suspect, plan }, decisions: [await approval(plan, office.signer)] };
    },
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
      await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: 'work' }));
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
          entry.type === 'intent' ? Promise.reject(new Error('The disk is full.')) : ledger.append(entry),
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
