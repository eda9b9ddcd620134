import { z } from 'zod';

import { CLOUDS } from '../domain/cloud.ts';
import type { App } from './app.ts';
import { reading } from './cases.ts';
import type { ServerDependencies } from './dependencies.ts';
import { problemSchema } from './problem.ts';

const startedSchema = z.object({ status: z.enum(['started', 'already-running']) });
const orphanSchema = z.object({
  key: z.string().describe('The same finding has the same in each sweep'),
  kind: z.enum(['change', 'credential', 'intent', 'case', 'blind']),
  name: z.string(),
  why: z.string(),
  remedy: z.string(),
  caseId: z.string().optional(),
});
const sweepSchema = z.object({
  status: z.enum(['none', 'running', 'failed', 'done']).describe('`none`: nobody has asked for a sweep yet'),
  report: z
    .object({
      sweptAt: z.string(),
      places: z.array(z.object({ cloud: z.enum(CLOUDS), accountId: z.string(), marks: z.int() })),
      orphans: z.array(orphanSchema),
      untold: z.array(z.string()).describe('Keys of those that people were not told of before'),
    })
    .optional(),
});

/** The reads are made by workers: the server has no rights in any cloud. */
export function orphanRoutes(app: App, { sweeps }: Pick<ServerDependencies, 'sweeps'>): void {
  app.post(
    '/v1/orphans/sweep',
    {
      schema: {
        operationId: 'sweepOrphans',
        summary: 'Look for what nobody looks after any more: changes, credentials, intents, cases; removes nothing',
        response: { 202: startedSchema, '4xx': problemSchema, 503: problemSchema },
      },
    },
    async (_request, reply) => reply.code(202).send({ status: await sweeps.start() }),
  );

  app.get(
    '/v1/orphans',
    { schema: reading('getOrphans', 'What the newest sweep that a person asked for has found', sweepSchema) },
    async () => sweeps.report(),
  );
}
