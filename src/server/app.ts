import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyTypeProvider,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import type { z } from 'zod';

import type { Logger } from '../runtime/logger.ts';
import { answerProblem, documentOf, HttpProblem, invalidRequest } from './problem.ts';

interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
}

/** Fastify whose route schemas are zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypes
>;

export const MOST_BODY_BYTES = 1024 * 1024;
const MOST_CONNECTIONS = 1_000;

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const;

/** The bare server: limits, headers, validation, and one form for every error. */
export function createApp(logger: Logger): App {
  const base: FastifyBaseLogger = logger;
  const app = fastify({
    loggerInstance: base,
    // A line per request would be written by whoever can reach the port; what matters is logged where it happens.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: MOST_BODY_BYTES,
    connectionTimeout: 60_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 10_000, maxHeaderSize: 16 * 1024 },
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => void answerProblem(error, request, reply),
    clientErrorHandler: refuseUnreadable,
  }).withTypeProvider<ZodTypes>();
  app.server.maxConnections = MOST_CONNECTIONS;
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((request, reply) => answerProblem(new HttpProblem('not-found'), request, reply));
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (data) => {
    const result = schema.safeParse(data);
    return result.success ? { value: result.data } : { error: invalidRequest(httpPart ?? 'body', result.error) };
  });
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook('onRequest', async (_request, reply) => void reply.headers(SECURITY_HEADERS));
  return app;
}

/** Not even HTTP, or headers too large or too slow: there is no request to answer, only a socket. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(documentOf(new HttpProblem('request-invalid'), randomUUID()));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
