import type { IncomingHttpHeaders } from 'node:http';

import { z } from 'zod';

import type { CaseState } from '../domain/case.ts';
import { inertText } from '../sources/inert-text.ts';
import type { App } from './app.ts';
import { caseParameters, recordOf, states } from './cases.ts';
import type { ServerDependencies } from './dependencies.ts';
import type { Metrics } from './metrics.ts';
import { HttpProblem, problemSchema } from './problem.ts';

const MOST_REASON_CHARACTERS = 500;

const decisionBody = z.strictObject({
  planDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .describe('Of exactly the plan that was read'),
  decision: z.enum(['approve', 'deny']),
  reason: z.string().max(MOST_REASON_CHARACTERS).optional(),
});
const decisionAnswer = z.object({
  status: z.literal('accepted'),
  state: z.enum(states),
  approvals: z.int(),
  required: z.int(),
});
const rollbackBody = z.strictObject({ reason: z.string().min(1).max(MOST_REASON_CHARACTERS) });
const rollbackAnswer = z.object({ workflowId: z.string(), status: z.enum(['started', 'already-running']) });

/** While a containment runs, what it changed is not yet all in the ledger that a rollback is planned from. */
const CONTAINING: readonly CaseState[] = ['CONTAINING', 'VERIFYING'];

type DecisionDependencies = Pick<ServerDependencies, 'store' | 'cases' | 'gateway'> & {
  readonly metrics: Metrics;
  /** The approver whose token the request carries. */
  readonly approver: (headers: IncomingHttpHeaders) => string;
};

export function decisionRoutes(app: App, { store, cases, gateway, metrics, approver }: DecisionDependencies): void {
  app.post(
    '/v1/cases/:caseId/decisions',
    {
      schema: {
        operationId: 'decide',
        summary: 'Approve or deny one plan, in the name of the token’s owner',
        params: caseParameters,
        body: decisionBody,
        response: { 200: decisionAnswer, '4xx': problemSchema, 503: problemSchema },
      },
    },
    async ({ body, params: { caseId }, headers, log }) => {
      const { decision, planDigest, reason } = body;
      const input = { caseId, planDigest, decision, actor: approver(headers), channel: 'cli' } as const;
      const asked = gateway.decide(reason === undefined ? input : { ...input, reason });
      const answer = await asked.catch((error: unknown) => {
        metrics.decisions.inc({ decision, answer: 'unknown' });
        throw error;
      });
      metrics.decisions.inc({ decision, answer: answer.status });
      log.info({ caseId, planDigest, decision, actor: input.actor, answer: answer.status }, 'Decision made');
      if (answer.status === 'refused') throw new HttpProblem(answer.kind ?? 'conflict', inertText(answer.reason, 300));
      return answer;
    },
  );

  app.post(
    '/v1/cases/:caseId/rollback',
    {
      schema: {
        operationId: 'startRollback',
        summary: 'Plan to put everything back; the plan waits for a decision of its own',
        params: caseParameters,
        body: rollbackBody,
        response: { 202: rollbackAnswer, '4xx': problemSchema, 503: problemSchema },
      },
    },
    async ({ body, params, headers, log }, reply) => {
      const { caseId, state } = await recordOf(store, params.caseId);
      if (CONTAINING.includes(state)) {
        throw new HttpProblem('conflict', 'The containment is under way. Wait until it has ended, then ask again.');
      }
      const reason = inertText(body.reason, MOST_REASON_CHARACTERS);
      const requestedBy = approver(headers);
      const answer = await cases.startRollback({ caseId, requestedBy, reason });
      log.info({ caseId, requestedBy, ...answer }, 'Rollback asked for');
      return reply.code(202).send(answer);
    },
  );
}
