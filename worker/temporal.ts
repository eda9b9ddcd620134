import { setTimeout as pause } from 'node:timers/promises';

import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';

import type { CaseStarter } from '../activities/decide.ts';
import type { Config } from '../src/config/schema.ts';
import { alertJoined, CONTAIN_PRINCIPAL, rollbackNews } from '../src/contracts/messages.ts';
import { QUEUES } from '../src/contracts/queues.ts';
import { rejectionOf } from '../src/runtime/abort.ts';
import { endedBeforeAnswering } from '../src/runtime/case-client.ts';
import type { Logger } from '../src/runtime/logger.ts';
import type { Secrets } from './secrets.ts';

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  readonly tls?: true;
  readonly apiKey?: string;
}

export function temporalSettings({ temporal }: Config, secrets: Secrets, address: string): TemporalSettings {
  const { namespace, tls } = temporal;
  const { temporalApiKey: apiKey } = secrets;
  return {
    address,
    namespace,
    ...(tls ? { tls } : {}),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

/** Connects at the first call: a server takes alerts in while Temporal is away. */
export function temporalClient({ namespace, ...connection }: TemporalSettings, dataConverter: DataConverter): Client {
  return new Client({ connection: Connection.lazy(connection), namespace, dataConverter });
}

/** A worker can do nothing without Temporal: it waits for it, and says so, until `signal` is aborted; then it throws the reason. */
export async function workerConnection(
  settings: TemporalSettings,
  logger: Logger,
  signal: AbortSignal = new AbortController().signal,
): Promise<NativeConnection> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      return await connect(settings, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ address: settings.address, error: String(error) }, 'Temporal can not be reached yet; trying again');
      await pause(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** One that comes after the signal is closed again: a server that takes a connection and says nothing holds up no end. */
async function connect(settings: TemporalSettings, signal: AbortSignal): Promise<NativeConnection> {
  const { namespace: _, ...connection } = settings;
  const connecting = NativeConnection.connect(connection);
  try {
    return await Promise.race([connecting, rejectionOf(signal)]);
  } catch (error) {
    void connecting.then(
      (late) => late.close(),
      () => undefined,
    );
    throw error;
  }
}

/** One running case a principal: a later alert signals the running workflow instead of starting another. */
export function caseStarter(client: Client): CaseStarter {
  return {
    async signalWithStart(workflowId, input, alert) {
      await client.workflow.signalWithStart(CONTAIN_PRINCIPAL, {
        workflowId,
        taskQueue: QUEUES.decide,
        args: [input],
        signal: alertJoined,
        signalArgs: [alert],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: 'Containment of one principal',
      });
    },
    async tell(workflowId, news) {
      try {
        const update = { args: [news] as [typeof news], updateId: news.id };
        return await client.workflow.getHandle(workflowId).executeUpdate(rollbackNews, update);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError || endedBeforeAnswering(error)) return null;
        throw error;
      }
    },
  };
}
