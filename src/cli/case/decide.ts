import { planDigest } from '../../approval/digest.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Context } from '../context.ts';
import { print } from '../context.ts';
import { RefusedError } from '../failures.ts';
import type { CaseConnection } from './connection.ts';
import { casePath } from './connection.ts';
import { decisionAnswer, plan as planSchema } from './responses.ts';

/** The plan as the server has it, its digest computed again: what is shown is what the digest stands for. */
export async function planOf(server: CaseConnection, caseId: string): Promise<Plan> {
  const plan = await server.get(casePath(caseId, '/plan'), planSchema);
  if (plan.caseId !== caseId)
    throw new RefusedError('The server answered with the plan of another case. Nothing was sent.');
  if (planDigest(plan) !== plan.digest) {
    throw new RefusedError(
      'The digest of the plan does not fit its content: it was changed on the way. Nothing was sent.',
    );
  }
  return plan;
}

export async function sendDecision(
  context: Context,
  server: CaseConnection,
  plan: Plan,
  decision: 'approve' | 'deny',
  reason: string | undefined,
): Promise<void> {
  const body = { planDigest: plan.digest, decision, ...(reason === undefined ? {} : { reason }) };
  const answer = await server.post(casePath(plan.caseId, '/decisions'), body, decisionAnswer);
  print(context, { caseId: plan.caseId, planDigest: plan.digest, decision, ...answer }, () => {
    if (decision === 'deny') return `Denied. The case is ${answer.state}.`;
    return `Approved, ${answer.approvals} of ${answer.required}. The case is ${answer.state}.`;
  });
}
