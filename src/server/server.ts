import type { IncomingHttpHeaders } from 'node:http';

import { checkCredentials } from '../config/tokens.ts';
import { createApp, type App } from './app.ts';
import { approverOf } from './bearer.ts';
import { caseRoutes } from './cases.ts';
import { decisionRoutes } from './decisions.ts';
import type { ServerDependencies } from './dependencies.ts';
import { createDispatcher } from './dispatcher.ts';
import { ingestRoutes } from './ingest.ts';
import { killSwitchRoutes } from './kill-switch.ts';
import { createMetrics } from './metrics.ts';
import { describeRoutes } from './openapi.ts';
import { operationsRoutes } from './operations.ts';
import { orphanRoutes } from './orphans.ts';
import { recordRoutes } from './records.ts';
import { secondPlanRoutes } from './second-plans.ts';

/**
 * Ready to listen; nothing listens yet. Once ready it dispatches the alerts that wait in the store; `close()` answers what is
 * under way, then stops dispatching. Throws `SecretError` for a source or approver whose secret is missing, shared or unfit.
 */
export async function createServer(dependencies: ServerDependencies): Promise<App> {
  const { config, secrets, store, cases, logger, version, mounted, now = () => new Date() } = dependencies;
  checkCredentials(config, secrets);
  const metrics = createMetrics(store);
  const dispatcher = createDispatcher({ alerts: store.alerts, cases, logger, metrics, now });
  const app = createApp(logger);
  const approver = (headers: IncomingHttpHeaders) => approverOf(headers, secrets.approvers);
  const security = [{ approver: [] }];

  await describeRoutes(app, version);
  app.addHook('onReady', async () => dispatcher.wake());
  app.addHook('onClose', () => dispatcher.stop());
  operationsRoutes(app, { ...dependencies, metrics });

  await app.register(async (scope: App) => ingestRoutes(scope, { ...dependencies, dispatcher, metrics, now }));

  await app.register(async (scope: App) => {
    scope.addHook('onRoute', (route) => void (route.schema = { ...route.schema, security }));
    scope.addHook('onRequest', async ({ headers }) => void approver(headers));
    caseRoutes(scope, dependencies);
    recordRoutes(scope, dependencies);
    decisionRoutes(scope, { ...dependencies, metrics, approver });
    secondPlanRoutes(scope, { ...dependencies, approver });
    killSwitchRoutes(scope, { store, approver });
    orphanRoutes(scope, dependencies);
  });

  if (mounted) {
    await app.register(async (scope: App) => {
      // Left unread: the listener checks a signature over the raw bytes.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.post(mounted.path, { schema: { hide: true } }, (request, reply) => {
        reply.hijack();
        mounted.handler(request.raw, reply.raw);
      });
    });
  }
  return app;
}
