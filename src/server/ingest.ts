import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { respondWorkflowId } from '../contracts/ids.ts';
import { receive, SOURCES, type ReceivedAlert } from '../sources/index.ts';
import { SOURCE_NAMES, type SourceName } from '../sources/names.ts';
import type { App } from './app.ts';
import { checkBearer } from './bearer.ts';
import type { ServerDependencies } from './dependencies.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Metrics } from './metrics.ts';
import { answerProblem, HttpProblem, problemOf, problemSchema } from './problem.ts';
import { presentOf } from './settled.ts';
import { checkSignature } from './signature.ts';

const acceptedSchema = z.object({
  alertId: z.string(),
  workflowId: z.string(),
  status: z.enum(['accepted', 'duplicate']).describe('`duplicate`: known already, and nothing is started'),
});
const answerSchema = acceptedSchema.extend({
  alerts: z
    .array(acceptedSchema)
    .describe('Every finding of the body, in its order; the first one stands at the top too'),
});
type Accepted = z.infer<typeof acceptedSchema>;

type IngestDependencies = Pick<ServerDependencies, 'config' | 'secrets' | 'store'> & {
  readonly dispatcher: Dispatcher;
  readonly metrics: Metrics;
  readonly now: () => Date;
};

/** `POST /v1/alerts/<source>`: authenticate, parse, store, answer. The start in Temporal comes after, and never holds it up. */
export function ingestRoutes(app: App, parts: IngestDependencies): void {
  const { dispatcher, metrics, store } = parts;
  // The signature is over the bytes, so the body stays bytes until it is checked.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  for (const source of SOURCE_NAMES) {
    const authenticate = authenticationOf(source, parts);
    if (authenticate === undefined) continue;
    app.post(
      `/v1/alerts/${source}`,
      {
        schema: {
          operationId: `receiveAlert_${source}`,
          summary: `Take in an alert: ${SOURCES[source].title}`,
          body: SOURCES[source].schema,
          response: { 202: answerSchema, '4xx': problemSchema },
        },
        // Authenticated before it is parsed; the source itself judges the body.
        validatorCompiler: () => (value: unknown) => ({ value }),
        onRequest: async (request) => authenticate.beforeBody(request),
        preHandler: async (request) => authenticate.withBody(request, bytesOf(request.body)),
        errorHandler: (error, request, reply) => {
          metrics.rejections.inc({ source, reason: problemOf(error).problem });
          answerProblem(error, request, reply);
        },
      },
      async (request, reply) => {
        const received = receive(source, jsonOf(bytesOf(request.body)), parts.now());
        const alerts: Accepted[] = [];
        for (const one of received) {
          const present = SOURCES[source].goesOn ? await presentOf(one, store) : one;
          const { waiting, ...accepted } = await accept(store, present);
          if (waiting) dispatcher.wake();
          alerts.push(accepted);
        }
        for (const { status, alertId } of alerts) {
          metrics.alerts.inc({ source, outcome: status });
          request.log[status === 'accepted' ? 'info' : 'debug']({ source, alertId, status }, 'Alert received');
        }
        return reply.code(202).send({ ...alerts[0], alerts });
      },
    );
  }

  app.post('/v1/alerts/*', { schema: { hide: true } }, async () => {
    metrics.rejections.inc({ source: 'unknown', reason: 'not-found' });
    throw new HttpProblem('not-found', 'No such source is configured. See `sources` in the configuration.');
  });
}

async function accept(store: ServerDependencies['store'], { alert, raw, dedupKey }: ReceivedAlert) {
  // A detector in a loop repeats itself by the thousand: a read answers it without waiting for the disk.
  const known = await store.alerts.get(alert.alertId);
  const { status, stored } = known
    ? { status: 'duplicate', stored: known }
    : await store.alerts.accept(alert, raw, dedupKey, respondWorkflowId(alert.alertId));
  return {
    alertId: stored.alert.alertId,
    workflowId: stored.workflowId,
    status: status === 'new' ? ('accepted' as const) : ('duplicate' as const),
    waiting: stored.delivery === 'waiting',
  };
}

interface Authentication {
  /** Before a byte of the body is read, where the method allows it. */
  beforeBody(request: FastifyRequest): void;
  withBody(request: FastifyRequest, body: Uint8Array): void;
}

/** Undefined for a source that is not configured. Throws at start for one without its secret: it must not stand open. */
function authenticationOf(
  source: SourceName,
  { config, secrets, now }: IngestDependencies,
): Authentication | undefined {
  const method = config.sources[source];
  if (method === undefined) return undefined;
  const secret = secrets.sources[source];
  if (!secret) throw new Error(`The source ${source} is configured and its secret is not resolved.`);
  if (method.type === 'bearer') {
    return { beforeBody: ({ headers }) => checkBearer(headers, secret), withBody: () => undefined };
  }
  return {
    beforeBody: () => undefined,
    withBody: ({ headers }, body) => checkSignature(headers, body, secret, method.toleranceSeconds, now()),
  };
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's own message quotes the body.
    throw new HttpProblem('body-not-json');
  }
}
