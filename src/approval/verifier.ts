import { verify } from 'node:crypto';
import { z } from 'zod';

import type { SignedDecision } from '../domain/approval.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { Plan } from '../domain/plan.ts';
import { resourceOf } from '../domain/principal.ts';
import { isResourceName } from '../domain/resource-name.ts';
import { planDigest } from './digest.ts';
import type { VerifyingKey } from './keys.ts';
import type { ApprovalVerifier } from './port.ts';
import { mayBe } from './suspect.ts';

export interface Approver {
  readonly id: string;
  /** Cloud identities of this person, as patterns of resource names: who is the suspect never approves. */
  readonly identities: readonly string[];
}

export interface VerifierOptions {
  readonly keys: readonly VerifyingKey[];
  readonly approvers: readonly Approver[];
}

const signedDecision = z.strictObject({
  decision: z.strictObject({
    caseId: z.string().min(1).max(200),
    planDigest: z.string().regex(/^[0-9a-f]{64}$/u),
    decision: z.enum(['approve', 'deny']),
    actor: z.string().min(1).max(100),
    channel: z.enum(['slack', 'cli']),
    decidedAt: z.iso.datetime(),
    nonce: z.string().regex(/^[0-9a-f]{32}$/u),
    reason: z.string().max(3000).optional(),
  }),
  keyId: z.string().max(100),
  signature: z.string().max(100),
});

/** Never throws: whatever arrives came through Temporal, where anyone may write, and what can't be understood is refused. */
export function approvalVerifier({ keys, approvers }: VerifierOptions): ApprovalVerifier {
  const publicKeys = new Map(keys.map(({ keyId, publicKey }) => [keyId, publicKey]));
  const listed = new Map(approvers.map((approver) => [approver.id, approver]));

  /** Where they don't, who asked counts as one of them: else what was contained could not be put back. */
  function othersSuffice(plan: Plan): boolean {
    const others = approvers.filter((approver) => approver.id !== plan.requestedBy && !mayBeSuspect(approver, plan));
    return others.length >= plan.requirement.approvals;
  }

  function refusalOfOne(plan: Plan, input: unknown): string | null {
    const parsed = signedDecision.safeParse(input);
    if (!parsed.success) return 'The decision is malformed.';
    const { decision, keyId, signature } = parsed.data;
    const key = publicKeys.get(keyId);
    if (!key) return 'The decision is signed with an unknown key.';
    const bytes = Buffer.from(signature, 'base64');
    const genuine =
      bytes.toString('base64') === signature && verify(null, Buffer.from(canonicalJson(decision)), key, bytes);
    if (!genuine) return 'The signature of the decision does not hold.';
    if (decision.caseId !== plan.caseId) return 'The decision is about another case.';
    if (decision.planDigest !== plan.digest) return 'The decision is about another plan.';
    const approver = listed.get(decision.actor);
    if (!approver) return 'The decision was made by someone who is not a listed approver.';
    if (mayBeSuspect(approver, plan)) return `${approver.id} may be the suspect, and nobody decides about themselves.`;
    if (decision.decision === 'approve' && approver.id === plan.requestedBy && othersSuffice(plan))
      return `${approver.id} asked for this plan, and there are others who can approve it.`;
    if (decision.decision === 'approve' && plan.obstacles.length > 0)
      return 'The plan has obstacles that an operator must remove first; it cannot be approved.';
    return null;
  }

  function refusalOfAll(plan: Plan, decisions: readonly SignedDecision[]): string | null {
    if (!isList(decisions) || decisions.length === 0) return 'No decision approves the plan.';
    for (const decision of decisions) {
      const refusal = refusalOfOne(plan, decision);
      if (refusal !== null) return refusal;
    }
    const made = decisions.map(({ decision }) => decision);
    if (made.some(({ decision }) => decision !== 'approve')) return 'The plan was denied.';
    if (new Set(made.map(({ actor }) => actor)).size < made.length) return 'One approver counts once.';
    if (new Set(made.map(({ nonce }) => nonce)).size < made.length) return 'One decision counts once.';
    const { approvals } = plan.requirement;
    if (made.length < approvals) return `The plan needs ${approvals} approvals and has ${made.length}.`;
    return null;
  }

  return {
    refusal: (plan, decisions) => refusing(() => planRefusal(plan) ?? refusalOfAll(plan, decisions)),
    decisionRefusal: (plan, decision) => refusing(() => planRefusal(plan) ?? refusalOfOne(plan, decision)),
  };
}

function mayBeSuspect({ identities }: Approver, { principal }: Plan): boolean {
  return identities.some((identity) => mayBe(identity, resourceOf(principal)));
}

function planRefusal(plan: Plan): string | null {
  if (planDigest(plan) !== plan.digest) return 'The plan is not the one its digest names.';
  if (!isResourceName(resourceOf(plan.principal)))
    return 'The plan names no valid principal, so nobody can be told from the suspect.';
  if (!Array.isArray(plan.obstacles)) return 'The plan is malformed.';
  const { approvals } = plan.requirement;
  return Number.isSafeInteger(approvals) && approvals >= 1
    ? null
    : 'The plan does not ask for a valid number of approvals.';
}

/** `Array.isArray` makes `any` of the elements. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function refusing(judge: () => string | null): string | null {
  try {
    return judge();
  } catch {
    return 'The plan or the decision is malformed.';
  }
}
