import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { z } from 'zod';

import type { App } from './app.ts';

/** Collects every route that is registered after it. */
export async function describeRoutes(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Cordon', version, description: 'Contains compromised cloud identities.' },
      components: { securitySchemes: { approver: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url }) => ({ schema: documented(schema ?? {}), url }),
  });
}

function documented(schema: FastifySchema): FastifySchema {
  const { body, params, querystring, response, ...rest } = schema;
  const answers = Object.entries((response ?? {}) as Record<string, unknown>);
  return {
    ...rest,
    ...(body === undefined ? {} : { body: jsonSchema(body) }),
    ...(params === undefined ? {} : { params: jsonSchema(params) }),
    ...(querystring === undefined ? {} : { querystring: jsonSchema(querystring) }),
    ...(answers.length === 0
      ? {}
      : { response: Object.fromEntries(answers.map(([status, answer]) => [status, jsonSchema(answer)])) }),
  };
}

/** Preprocessed parts (GuardDuty's two spellings) are described by what they come to. */
function jsonSchema(schema: unknown): object {
  if (!(schema instanceof z.ZodType)) return schema as object;
  const { $schema: _, ...document } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return document;
}
