import { z } from 'zod';

import type { DecisionGateway, DecisionInput, GatewayAnswer } from '../../approval/gateway.ts';
import type { NotifyLog } from '../port.ts';
import { cut, inert, inertFallback } from './inert-text.ts';

/** A person of the configuration whom Slack can name. */
export interface SlackApprover {
  readonly id: string;
  readonly name: string;
  readonly slackUserId: string;
}

export const MOST_REASON_CHARACTERS = 500;

const subject = z.strictObject({
  caseId: z.string().regex(/^[\w-]{1,100}$/u),
  planDigest: z.string().regex(/^[0-9a-f]{64}$/u),
});
export type Subject = z.infer<typeof subject>;

/** Case and plan of a button or a modal; undefined for anything that Cordon did not write. It is a claim, never a permission. */
export function readSubject(value: unknown): Subject | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return subject.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}

export interface Decisions {
  approverOf(slackUserId: string): SlackApprover | undefined;
  /** One sentence for the person who clicked. Never throws: an error becomes a sentence and a log line. */
  decide(approver: SlackApprover, subject: Subject, decision: 'approve' | 'deny', reason?: string): Promise<string>;
}

/** From a click to the gateway. Slack has said who clicked; the gateway and the workflow say whether that counts. */
export function createDecisions(
  approvers: readonly SlackApprover[],
  gateway: DecisionGateway,
  log: NotifyLog,
): Decisions {
  const bySlackId = new Map(approvers.map((approver) => [approver.slackUserId, approver]));
  if (bySlackId.size < approvers.length) {
    throw new Error(
      'Two approvers have the same slackUserId: a click would count for the wrong person. Give each their own.',
    );
  }
  const pending = new Set<string>();

  return {
    approverOf: (slackUserId) => bySlackId.get(slackUserId),

    async decide(approver, { caseId, planDigest }, decision, reason) {
      const key = [caseId, planDigest, approver.id].join(' ');
      if (pending.has(key)) return 'Your decision on this plan is already on its way.';
      pending.add(key);
      try {
        const input = { caseId, planDigest, decision, actor: approver.id, channel: 'slack' } as const;
        return sentence(decision, await gateway.decide(withReason(input, reason)));
      } catch (error) {
        log.error(
          { err: error, caseId, planDigest, actor: approver.id },
          'A decision from Slack had no certain answer',
        );
        return `It is not certain whether your decision counted. Look with: cordon case show ${caseId}. Then press the button again, or decide with: cordon case ${decision} ${caseId}`;
      } finally {
        pending.delete(key);
      }
    },
  };
}

function withReason(input: Omit<DecisionInput, 'reason'>, reason: string | undefined): DecisionInput {
  return reason === undefined ? input : { ...input, reason: cut(inert(reason), MOST_REASON_CHARACTERS) };
}

function sentence(decision: 'approve' | 'deny', answer: GatewayAnswer): string {
  if (answer.status === 'refused') return `Your decision does not count: ${inertFallback(answer.reason)}`;
  if (decision === 'deny') return 'You denied this plan. Nothing is changed.';
  const { approvals, required } = answer;
  if (approvals >= required)
    return `You approved this plan. It is being carried out (${approvals} of ${required} approvals).`;
  return `You approved this plan: ${approvals} of ${required} approvals. Nothing happens until the others approve too.`;
}
