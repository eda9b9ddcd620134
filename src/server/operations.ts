import { z } from 'zod';

import type { App } from './app.ts';
import type { ServerDependencies } from './dependencies.ts';
import type { Metrics } from './metrics.ts';
import { HttpProblem, problemSchema } from './problem.ts';

const alive = z.object({ status: z.literal('ok'), version: z.string() });
const readiness = z.object({
  status: z.enum(['ready', 'degraded']).describe('`degraded`: alerts are taken in and wait until Temporal is back'),
  store: z.literal('ok'),
  temporal: z.enum(['ok', 'away']),
  killSwitch: z.enum(['off', 'stopped']).describe('`stopped`: alerts are taken in and planned for, nothing is changed'),
});

type OperationsDependencies = Pick<ServerDependencies, 'store' | 'cases' | 'version'> & { readonly metrics: Metrics };

export function operationsRoutes(app: App, { store, cases, version, metrics }: OperationsDependencies): void {
  app.get(
    '/healthz',
    { schema: { operationId: 'health', summary: 'The process runs', response: { 200: alive } } },
    async () => ({ status: 'ok', version }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'readiness',
        summary: 'Alerts can be taken in: the store answers',
        response: { 200: readiness, 503: problemSchema },
      },
    },
    async ({ log }) => {
      const storeAnswers = async () => {
        await store.ping();
        return store.killSwitch.status();
      };
      const [{ stopped }, reachable] = await Promise.all([
        storeAnswers().catch((error: unknown) => {
          log.error({ err: error }, 'The store does not answer');
          throw new HttpProblem('unavailable', 'The store does not answer.');
        }),
        cases.reachable(),
      ]);
      return {
        status: reachable ? 'ready' : 'degraded',
        store: 'ok',
        temporal: reachable ? 'ok' : 'away',
        killSwitch: stopped ? 'stopped' : 'off',
      };
    },
  );

  app.get(
    '/metrics',
    { schema: { operationId: 'metrics', summary: 'Prometheus text format', produces: ['text/plain'] } },
    async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  app.get('/openapi.json', { schema: { operationId: 'openapi', summary: 'This description' } }, async () =>
    app.swagger(),
  );

  app.addHook('onResponse', async (request, reply) => {
    // The route's pattern, never the URL: labels stay few.
    const route = request.routeOptions.url ?? 'none';
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    metrics.requests.observe(labels, reply.elapsedTime / 1000);
  });
}
