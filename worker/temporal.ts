import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';

import type { CaseStarter } from '../activities/decide.ts';
import type { Config } from '../src/config/schema.ts';
import { alertJoined, CONTAIN_PRINCIPAL, rollbackNews } from '../src/contracts/messages.ts';
import { QUEUES } from '../src/contracts/queues.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../src/contracts/search-attributes.ts';
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

/** A worker can do nothing without Temporal: it waits for it, and says so. */
export async function workerConnection(settings: TemporalSettings, logger: Logger): Promise<NativeConnection> {
  const { namespace: _, ...connection } = settings;
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      return await NativeConnection.connect(connection);
    } catch (error) {
      logger.warn({ address: settings.address, error: String(error) }, 'Temporal can not be reached yet; trying again');
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

const { IndexedValueType } = proto.temporal.api.enums.v1;
const TYPES = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  KeywordList: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
  Int: IndexedValueType.INDEXED_VALUE_TYPE_INT,
} as const;

/** Registers what is missing. Where that is forbidden (Temporal Cloud), an operator does it once, as `cordon doctor` says. */
export async function registerSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTE_TYPES).filter(([name]) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, TYPES[type]]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
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
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
  };
}
