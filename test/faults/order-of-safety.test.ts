import { DeleteAccessKeyCommand, DeleteUserCommand, DeleteUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sealPlan } from '../../src/approval/digest.ts';
import { applyAction } from '../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import type { FailureType } from '../../src/contracts/failures.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
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
  set(attempt: Attempt): Promise<Partial<Attempt> & { readonly lift?: () => Promise<void> }>;
}

const configured = (changes: Readonly<Record<string, unknown>>) => ({
  dependencies: containmentThrough(proxy.url, stage, office, changes),
});

const changedDecision = (change: (signed: SignedDecision) => SignedDecision) => async (attempt: Attempt) => ({
  decisions: attempt.decisions.map(change),
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
      decisions: decisions.map(({ decision }) => office.signer.sign({ ...decision, decision: 'deny' })),
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
    set: async ({ suspect }) => ({ decisions: [approval(suspect.plan, office.signer, 'mallory')] }),
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
      return { suspect: { ...suspect, plan }, decisions: [approval(plan, office.signer)] };
    },
  },
  {
    name: 'a protected suspect',
    failure: 'TargetRefused',
    set: async ({ suspect }) =>
      configured({ protected: [{ principal: suspect.principal.arn, reason: 'break-glass' }] }),
  },
  {
    name: 'a target that is no identity but a pattern',
    failure: 'TargetRefused',
    async set({ suspect }) {
      const request = { ...suspect.planned.request, target: 'arn:aws:iam::123456789012:user/*' };
      const plan = sealPlan({ ...suspect.plan, actions: [{ ...suspect.planned, request }] });
      await office.store.plans.put(plan);
      return { suspect: { ...suspect, plan }, decisions: [approval(plan, office.signer)] };
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
      await iam.send(new DeleteUserCommand({ UserName }));
      const { id } = await stage.createUser(UserName);
      expect(id).not.toBe(suspect.principal.uniqueId);
      return {};
    },
  },
  {
    name: 'the budget is full',
    failure: 'BudgetExceeded',
    async set() {
      const limit = { name: 'containments per hour', limit: 100_000, windowSeconds: 3600 };
      await office.store.budget.reserve('an earlier case', [limit]);
      return configured({ budget: { containmentsPerHour: 1 } });
    },
  },
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

describe.each(Object.keys(AWS_ACTIONS))('%s does not write to AWS', (action) => {
  it.each(BARRIERS)('with $name', async (barrier) => {
    const { failure } = barrier;
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
