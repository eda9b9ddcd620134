import type { IncomingHttpHeaders } from 'node:http';

import { z } from 'zod';

import { MOST_REASON_CHARACTERS, turnKillSwitch } from '../containment/kill-switch.ts';
import type { App } from './app.ts';
import { reading } from './cases.ts';
import type { ServerDependencies } from './dependencies.ts';
import { problemSchema } from './problem.ts';

const switchSchema = z.object({
  stopped: z.boolean().describe('true: no change is begun in any cloud'),
  by: z.string().optional(),
  at: z.string().optional(),
  reason: z.string().optional(),
});
const switchBody = z.strictObject({
  stopped: z.boolean(),
  reason: z.string().trim().min(1).max(MOST_REASON_CHARACTERS).describe('Stands in the ledger'),
});

type KillSwitchDependencies = Pick<ServerDependencies, 'store'> & {
  /** The approver whose token the request carries. */
  readonly approver: (headers: IncomingHttpHeaders) => string;
};

/** Needs the store only: people can stop Cordon while Temporal is away. */
export function killSwitchRoutes(app: App, { store, approver }: KillSwitchDependencies): void {
  app.get(
    '/v1/kill-switch',
    { schema: reading('getKillSwitch', 'Whether Cordon is stopped, by whom, since when and why', switchSchema) },
    async () => store.killSwitch.status(),
  );

  app.put(
    '/v1/kill-switch',
    {
      schema: {
        operationId: 'turnKillSwitch',
        summary: 'Stop all changes, or let them begin again, in the name of the token’s owner',
        body: switchBody,
        response: { 200: switchSchema, '4xx': problemSchema },
      },
    },
    async ({ body, headers, log }) => {
      const by = approver(headers);
      const status = await turnKillSwitch(store, { ...body, by, channel: 'server' });
      log.warn({ stopped: body.stopped, by }, 'Kill switch turned');
      return status;
    },
  );
}
