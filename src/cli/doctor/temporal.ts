import type { Connection } from '@temporalio/client';

import { roleOf } from '../../config/role.ts';
import type { Config } from '../../config/schema.ts';
import { pollersOf } from '../../runtime/pollers.ts';
import { howToAdd, lackingSearchAttributes, refusalOf } from '../../runtime/search-attributes.ts';
import { askTemporal } from '../../runtime/temporal-connection.ts';
import { temporalBinary } from '../../runtime/temporal-server.ts';
import type { Check, Finding } from './finding.ts';

export function temporalCheck(config: Config): Check {
  const { address, namespace } = config.temporal;
  if (address === undefined) return embedded();
  return {
    name: 'temporal',
    remedy: `Check that Temporal runs at ${address}, that namespace ${namespace} exists there, and tls and apiKey.`,
    run: () =>
      askTemporal(address, config.temporal, async (connection) => {
        await connection.workflowService.describeNamespace({ namespace });
        const detail = `${address} answers, namespace ${namespace} exists`;
        return [
          { check: 'temporal', status: 'ok', detail },
          await searchAttributesFinding(connection, namespace),
          ...(await queueFindings(connection, config)),
        ];
      }),
  };
}

function embedded(): Check {
  return {
    name: 'temporal',
    remedy: 'Run `npm run setup`, or set TEMPORAL_ADDRESS to a server that runs.',
    async run() {
      return [{ check: 'temporal', status: 'ok', detail: `\`cordon up\` will start ${temporalBinary()}` }];
    },
  };
}

async function searchAttributesFinding(connection: Connection, namespace: string): Promise<Finding> {
  const check = 'search attributes';
  const lacking = await lackingSearchAttributes(connection, namespace).catch(refusalOf);
  if (typeof lacking === 'string') {
    return { check, status: 'warning', detail: `can't be looked at: ${lacking}`, remedy: howToAdd(namespace) };
  }
  const names = [...lacking.absent, ...lacking.mistyped];
  if (names.length === 0) return { check, status: 'ok', detail: 'all are registered' };
  const detail = `not registered with the right type: ${names.join(', ')}`;
  return { check, status: 'failed', detail, remedy: howToAdd(namespace, lacking) };
}

/** A queue that nobody polls holds up every case that comes to it, and nothing else tells. Of all machines, whatever runs here. */
async function queueFindings(connection: Connection, config: Config): Promise<readonly Finding[]> {
  const check = 'workers';
  const { queues } = roleOf(config, {});
  const polled = await Promise.all(queues.map((queue) => pollersOf(connection, config.temporal.namespace, queue)));
  const idle = queues.filter((_, index) => polled[index]?.length === 0);
  if (idle.length === 0) return [{ check, status: 'ok', detail: `every queue is polled: ${queues.join(', ')}` }];
  return idle.map((queue) => ({
    check,
    status: 'warning',
    detail: `nobody polls the queue ${queue}: what comes to it waits`,
    remedy: `Start a worker, or look at the log of the one that should run: \`cordon up --only worker --queues ${queue}\`.`,
  }));
}
