import type { IncomingHttpHeaders } from 'node:http';

import { z } from 'zod';

import { inertText } from '../sources/inert-text.ts';
import type { App } from './app.ts';
import { caseParameters, states } from './cases.ts';
import type { ServerDependencies } from './dependencies.ts';
import type { Metrics } from './metrics.ts';
import { HttpProblem, problemSchema } from './problem.ts';
import { MOST_REASON_CHARACTERS } from './second-plans.ts';

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

type DecisionDependencies = Pick<ServerDependencies, 'gateway'> & {
  readonly metrics: Metrics;
  /** The approver whose token the request carries. */
  readonly approver: (headers: IncomingHttpHeaders) => string;
};

export function decisionRoutes(app: App, { gateway, metrics, approver }: DecisionDependencies): void {
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
}
