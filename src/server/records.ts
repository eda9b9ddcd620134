import { z } from 'zod';

import type { App } from './app.ts';
import { caseParameters, caseSchema, limit, planOf, planSchema, reading, recordOf } from './cases.ts';
import type { ServerDependencies } from './dependencies.ts';
import { HttpProblem } from './problem.ts';

const exported = z.object({
  case: caseSchema,
  alerts: z.array(z.looseObject({})),
  plan: planSchema.nullable(),
  ledger: z
    .array(z.looseObject({}))
    .describe('In order; each entry holds the hash of the one before it in the whole ledger'),
});
const alerts = z.object({ alerts: z.array(z.looseObject({})) });
const alertParameters = z.object({ alertId: z.string().regex(/^al_[0-9a-f]{32}$/u) });
const judged = z.looseObject({
  reasons: z
    .array(z.object({ rule: z.string(), text: z.string() }))
    .describe('Of the verdict, the one that decided first; none while there is no verdict'),
});
const verification = z.looseObject({ status: z.enum(['intact', 'broken']) });

/** For audits: all that is kept about a case in one document, the alerts, and whether the ledger holds. */
export function recordRoutes(app: App, { store }: Pick<ServerDependencies, 'store'>): void {
  app.get(
    '/v1/cases/:caseId/export',
    { schema: { ...reading('exportCase', 'All that is kept about a case', exported), params: caseParameters } },
    async ({ params }) => {
      const record = await recordOf(store, params.caseId);
      const [plan, ledger, joined] = await Promise.all([
        planOf(store, record),
        store.ledger.ofCase(record.caseId),
        Promise.all(record.alertIds.map((alertId) => store.alerts.get(alertId))),
      ]);
      return { case: record, alerts: joined.filter((alert) => alert !== null), plan, ledger };
    },
  );

  app.get(
    '/v1/alerts',
    { schema: { ...reading('listAlerts', 'Alerts, newest first', alerts), querystring: z.object({ limit }) } },
    async ({ query }) => ({ alerts: await store.alerts.list(query.limit) }),
  );

  app.get(
    '/v1/alerts/:alertId',
    { schema: { ...reading('getAlert', 'An alert, its verdict and the reasons', judged), params: alertParameters } },
    async ({ params }) => {
      const [stored, verdict] = await Promise.all([
        store.alerts.get(params.alertId),
        store.ledger.find('verdict', params.alertId),
      ]);
      if (!stored) throw new HttpProblem('not-found', 'There is no such alert.');
      return { ...stored, reasons: (verdict?.body['reasons'] ?? []) as z.infer<typeof judged>['reasons'] };
    },
  );

  app.get(
    '/v1/ledger/verification',
    { schema: reading('verifyLedger', 'Whether the chain holds; names the first bad entry', verification) },
    async () => store.ledger.verify(),
  );
}
