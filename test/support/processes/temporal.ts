import {
  startTemporalServer,
  type TemporalServer,
  type TemporalServerOptions,
} from '../../../src/runtime/temporal-server.ts';

/** The product's own Temporal server with its database in memory, so that every start is a clean slate. */
export function startTemporal(options: Omit<TemporalServerOptions, 'databaseFile'> = {}): Promise<TemporalServer> {
  return startTemporalServer(options);
}

/** A server that can die and come back at the same address with all that it had written. */
export interface Restartable {
  /** kill -9, or what is its like; resolves once it is gone. */
  crash(): Promise<void>;
  /** Resolves once it answers again. */
  restart(): Promise<void>;
}

export type RestartableTemporal = Pick<TemporalServer, 'address' | 'stop'> & Restartable;

/** As `cordon up` runs it: with a database file. */
export async function startRestartableTemporal(
  options: TemporalServerOptions & { readonly databaseFile: string },
): Promise<RestartableTemporal> {
  let server = await startTemporalServer(options);
  const { address } = server;
  const port = Number(address.split(':').at(-1));
  return {
    address,
    stop: () => server.stop(),
    async crash() {
      if (server.pid === undefined) throw new Error('The Temporal server at TEMPORAL_ADDRESS is not ours to kill.');
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
    },
    async restart() {
      server = await startTemporalServer({ ...options, port });
    },
  };
}
