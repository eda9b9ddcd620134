// node deploy/worker-health.mjs [--config FILE] [--queues NAMES]: exit status 0 if this machine polls each queue of the worker, else 1.
// The health check of the worker's container: a worker serves no port, and one that runs without polling is not well. Give it the
// --queues that the worker has. Address, namespace, TLS and API key are those of the configuration.
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';

import { partOf } from '../src/cli/part.ts';
import { loadConfig } from '../src/config/load.ts';
import { roleOf } from '../src/config/role.ts';
import { pollersOf } from '../src/runtime/pollers.ts';
import { askTemporal } from '../src/runtime/temporal-connection.ts';

const { values } = parseArgs({ options: { config: { type: 'string' }, queues: { type: 'string' } } });
const { config } = await loadConfig(values.config);
const { address, namespace } = config.temporal;
if (address === undefined) throw new Error('Set TEMPORAL_ADDRESS, or temporal.address in the configuration.');
const { queues } = roleOf(config, partOf({ only: 'worker', ...(values.queues ? { queues: values.queues } : {}) }));
const unpolled = await askTemporal(address, config.temporal, async (connection) => {
  const polled = await Promise.all(queues.map((queue) => pollersOf(connection, namespace, queue)));
  return queues.filter((_, index) => !polled[index]?.some((identity) => identity.endsWith(`@${hostname()}`)));
});
if (unpolled.length > 0) {
  console.error(`Nobody on ${hostname()} polls ${unpolled.join(', ')}.`);
  process.exitCode = 1;
}
