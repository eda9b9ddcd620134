import { randomBytes } from 'node:crypto';

import type { CaseClient, DecisionAnswer } from '../contracts/case-client.ts';
import { secondPlanWorkflowId } from '../contracts/ids.ts';
import type { Decision, SignedDecision } from '../domain/approval.ts';
import { inertText } from '../sources/inert-text.ts';
import type { Store } from '../store/port.ts';
import type { ApprovalVerifier, DecisionSigner } from './port.ts';
import { SigningFailure } from './signing-failure.ts';

/** One person's answer to one plan. Slack and the CLI both hand it to the same gateway. */
export interface DecisionInput {
  readonly caseId: string;
  readonly planDigest: string;
  readonly decision: 'approve' | 'deny';
  /** Id of an approver of the configuration; the channel has authenticated this person. */
  readonly actor: string;
  readonly channel: 'slack' | 'cli';
  readonly reason?: string;
}

export type GatewayAnswer = DecisionAnswer;

/** Throws only when the answer is unknown (Temporal or store away); a `refused` is certain, also where the key did not sign. */
export interface DecisionGateway {
  decide(input: DecisionInput): Promise<GatewayAnswer>;
}

export interface GatewayParts {
  readonly approvers: readonly { readonly id: string }[];
  readonly store: Pick<Store, 'cases' | 'plans'>;
  readonly cases: Pick<CaseClient, 'decide'>;
  readonly signer: DecisionSigner;
  /** The same rules by which the containment worker will judge: who can't count there is told so at once. */
  readonly verifier: Pick<ApprovalVerifier, 'decisionRefusal'>;
  /** Hears why the key did not sign; the approver is told what to do about it. */
  readonly log?: { error(fields: object, message: string): void };
  readonly now?: () => Date;
}

const MOST_REASON_CHARACTERS = 500;

export function decisionGateway(parts: GatewayParts): DecisionGateway {
  const { approvers, store, cases, signer, verifier, log, now = () => new Date() } = parts;
  return {
    async decide(input) {
      // Nothing is signed for someone who is not listed, whatever a channel says.
      if (!approvers.some(({ id }) => id === input.actor)) {
        return { status: 'refused', kind: 'forbidden', reason: 'You are not a listed approver.' };
      }
      const [plan, record] = await Promise.all([store.plans.get(input.planDigest), store.cases.get(input.caseId)]);
      if (!record) return { status: 'refused', kind: 'not-found', reason: 'There is no such case.' };
      if (plan?.caseId !== input.caseId) {
        return { status: 'refused', kind: 'not-found', reason: 'This case has no such plan.' };
      }
      const signed = await signedOrFailure(signer, decisionOf(input, now()));
      if (signed instanceof SigningFailure) {
        log?.error({ err: signed, caseId: input.caseId, kind: signed.kind }, 'A decision could not be signed');
        return { status: 'refused', kind: 'unavailable', reason: signed.message };
      }
      const refusal = verifier.decisionRefusal(plan, signed);
      if (refusal !== null) {
        const blocked = input.decision === 'approve' && plan.obstacles.length > 0;
        return { status: 'refused', kind: blocked ? 'conflict' : 'forbidden', reason: refusal };
      }
      const workflowId = {
        containment: record.workflowId,
        rollback: secondPlanWorkflowId(input.caseId),
        deletion: secondPlanWorkflowId(input.caseId),
      }[plan.kind];
      return cases.decide(workflowId, signed);
    },
  };
}

/** A failure is certain: what was not signed was sent nowhere, and the next try is a decision of its own. */
async function signedOrFailure(signer: DecisionSigner, decision: Decision): Promise<SignedDecision | SigningFailure> {
  try {
    return await signer.sign(decision);
  } catch (error) {
    return error instanceof SigningFailure ? error : new SigningFailure('unavailable', error);
  }
}

function decisionOf({ caseId, planDigest, decision, actor, channel, reason }: DecisionInput, now: Date): Decision {
  const why = reason === undefined ? '' : inertText(reason, MOST_REASON_CHARACTERS);
  return {
    caseId,
    planDigest,
    decision,
    actor,
    channel,
    decidedAt: now.toISOString(),
    nonce: randomBytes(16).toString('hex'),
    ...(why === '' ? {} : { reason: why }),
  };
}
