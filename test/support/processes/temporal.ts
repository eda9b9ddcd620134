import {
  startTemporalServer,
  type TemporalServer,
  type TemporalServerOptions,
} from '../../../src/runtime/temporal-server.ts';

/** The product's own Temporal server with its database in memory, so that every start is a clean slate. */
export function startTemporal(options: Omit<TemporalServerOptions, 'databaseFile'> = {}): Promise<TemporalServer> {
  return startTemporalServer(options);
}
