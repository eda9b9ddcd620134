import { z } from 'zod';

import { TRANSITIONS, type CaseState } from '../domain/case.ts';
import { PLAN_KINDS } from '../domain/plan.ts';
import type { CaseRecord, Store } from '../store/port.ts';
import type { App } from './app.ts';
import type { ServerDependencies } from './dependencies.ts';
import { HttpProblem, problemSchema } from './problem.ts';

export const states = Object.keys(TRANSITIONS) as [CaseState, ...CaseState[]];
export const limit = z.coerce.number().int().min(1).max(200).default(50);

export const caseParameters = z.object({ caseId: z.string().regex(/^ca_[0-9a-f]{32}$/u) });

const timelineSchema = z.array(
  z.object({ at: z.string(), state: z.enum(states), step: z.string(), detail: z.string() }),
);
export const caseSchema = z
  .object({
    caseId: z.string(),
    workflowId: z.string(),
    principalKey: z.string(),
    principal: z.looseObject({}),
    state: z.enum(states),
    openedAt: z.string(),
    updatedAt: z.string(),
    alertIds: z.array(z.string()),
    planDigest: z.string().optional(),
    timeline: timelineSchema,
  })
  .describe('`planDigest` is what a decision names');
export const planSchema = z.looseObject({
  kind: z.enum(PLAN_KINDS),
  caseId: z.string(),
  digest: z.string(),
});

const listQuery = z.object({ limit, state: z.enum(states).optional() });
const approval = z.object({ approvals: z.int(), expiresAt: z.string().optional() }).optional();

/** OpenAPI of a route that only reads. */
export function reading(operationId: string, summary: string, answer: z.ZodType) {
  return { operationId, summary, response: { 200: answer, '4xx': problemSchema } };
}

/** What people and the CLI read: from the store, so that it answers while Temporal is away and after its retention. */
export function caseRoutes(app: App, { store, cases }: Pick<ServerDependencies, 'store' | 'cases'>): void {
  app.get(
    '/v1/cases',
    {
      schema: {
        ...reading('listCases', 'Cases, newest first', z.object({ cases: z.array(caseSchema) })),
        querystring: listQuery,
      },
    },
    async ({ query }) => ({
      cases: await store.cases.list({
        limit: query.limit,
        ...(query.state === undefined ? {} : { state: query.state }),
      }),
    }),
  );

  app.get(
    '/v1/cases/:caseId',
    {
      schema: {
        ...reading('getCase', 'One case; `approval` while it waits for one', caseSchema.extend({ approval })),
        params: caseParameters,
      },
    },
    async ({ params, log }) => {
      const record = await recordOf(store, params.caseId);
      if (record.state !== 'AWAITING_APPROVAL') return record;
      const status = await cases.status(record.workflowId).catch((error: unknown) => {
        log.warn({ err: error, caseId: record.caseId }, 'The waiting case did not answer; shown as it is stored');
        return null;
      });
      if (status?.caseId !== record.caseId) return record;
      return { ...record, approval: { approvals: status.approvals, expiresAt: status.expiresAt } };
    },
  );

  app.get(
    '/v1/cases/:caseId/timeline',
    {
      schema: {
        ...reading('getTimeline', 'What happened, oldest first', z.object({ timeline: timelineSchema })),
        params: caseParameters,
      },
    },
    async ({ params }) => ({ timeline: (await recordOf(store, params.caseId)).timeline }),
  );

  app.get(
    '/v1/cases/:caseId/plan',
    {
      schema: {
        ...reading('getPlan', 'The newest plan: what a decision is about', planSchema),
        params: caseParameters,
      },
    },
    async ({ params }) => {
      const plan = await planOf(store, await recordOf(store, params.caseId));
      if (plan === null) throw new HttpProblem('not-found', 'This case has no plan yet.');
      return plan;
    },
  );
}

/** Throws `HttpProblem` (404). */
export async function recordOf(store: Store, caseId: string): Promise<CaseRecord> {
  const record = await store.cases.get(caseId);
  if (record === null) throw new HttpProblem('not-found', 'There is no such case.');
  return record;
}

/** The newest plan, or null. */
export async function planOf(store: Store, { planDigest }: CaseRecord) {
  return planDigest === undefined ? null : store.plans.get(planDigest);
}
