import { z } from 'zod';

import { TRANSITIONS } from '../../domain/case.ts';
import type { CaseState, TimelineEntry } from '../../domain/case.ts';
import type { Plan } from '../../domain/plan.ts';
import { PLAN_KINDS } from '../../domain/plan.ts';

const state = z.enum(Object.keys(TRANSITIONS) as [CaseState, ...CaseState[]]);

const timelineEntry: z.ZodType<TimelineEntry> = z.object({
  at: z.string(),
  state,
  step: z.string(),
  detail: z.string(),
});

const caseSummary = z.object({
  caseId: z.string(),
  workflowId: z.string(),
  principalKey: z.string(),
  state,
  openedAt: z.string(),
  updatedAt: z.string(),
  alertIds: z.array(z.string()),
  planDigest: z.string().optional(),
});

export const caseList = z.object({ cases: z.array(caseSummary) });
export const caseTimeline = z.object({ timeline: z.array(timelineEntry) });
export const caseRecord = caseSummary.extend(caseTimeline.shape).loose();

/** Every field is kept as it came: the digest is computed over all of them, those of a later version too. */
export const plan = z
  .looseObject({
    kind: z.enum(PLAN_KINDS),
    caseId: z.string(),
    principal: z.looseObject({
      cloud: z.string(),
      accountId: z.string(),
      kind: z.string(),
      name: z.string(),
      arn: z.string(),
    }),
    actions: z.array(
      z.looseObject({
        sequence: z.number(),
        request: z.looseObject({ action: z.string(), target: z.string() }),
        title: z.string(),
        calls: z.array(
          z.looseObject({ service: z.string(), operation: z.string(), parameters: z.record(z.string(), z.json()) }),
        ),
        mayBreak: z.array(z.string()),
        reversibility: z.enum(['exact', 'partial', 'not-needed', 'none']),
        alreadySo: z.boolean(),
      }),
    ),
    requirement: z.looseObject({ approvals: z.number(), reason: z.string() }),
    obstacles: z.array(z.string()),
    caveats: z.array(z.string()),
    digest: z.string(),
  })
  .transform((value) => value as unknown as Plan);

export const decisionAnswer = z.object({ state, approvals: z.number(), required: z.number() });
/** Of a rollback, and of a deletion of keys. */
export const secondPlanAnswer = z.object({ workflowId: z.string(), status: z.enum(['started', 'already-running']) });
export const caseExport = z.looseObject({});

export type CaseSummary = z.infer<typeof caseSummary>;
