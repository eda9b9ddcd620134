import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

import type { Config } from '../../config/schema.ts';
import { resolveSecret } from '../../config/secrets.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../../contracts/search-attributes.ts';
import { temporalBinary } from '../../runtime/temporal-server.ts';
import type { Check, Finding } from './finding.ts';

const CONNECT_WITHIN_MS = 5_000;
const TYPES = proto.temporal.api.enums.v1.IndexedValueType;
const TYPE_OF = {
  Keyword: TYPES.INDEXED_VALUE_TYPE_KEYWORD,
  KeywordList: TYPES.INDEXED_VALUE_TYPE_KEYWORD_LIST,
  Int: TYPES.INDEXED_VALUE_TYPE_INT,
} as const;

export function temporalCheck({ temporal: settings }: Config): Check {
  const { address } = settings;
  if (address === undefined) return embedded();
  return {
    name: 'temporal',
    remedy: `Check that Temporal runs at ${address}, that namespace ${settings.namespace} exists there, and tls and apiKey.`,
    async run() {
      const apiKey = settings.apiKey === undefined ? undefined : await resolveSecret(settings.apiKey);
      const connection = await Connection.connect({
        address,
        tls: settings.tls,
        connectTimeout: CONNECT_WITHIN_MS,
        ...(apiKey === undefined ? {} : { apiKey }),
      });
      try {
        return await connection.withDeadline(Date.now() + CONNECT_WITHIN_MS, () => examine(connection, settings));
      } finally {
        await connection.close();
      }
    },
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

async function examine(
  connection: Connection,
  { address, namespace }: Config['temporal'],
): Promise<readonly Finding[]> {
  await connection.workflowService.describeNamespace({ namespace });
  const answers: Finding = {
    check: 'temporal',
    status: 'ok',
    detail: `${address} answers, namespace ${namespace} exists`,
  };
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTE_TYPES).filter(
    ([name, type]) => customAttributes?.[name] !== TYPE_OF[type],
  );
  if (missing.length === 0) {
    return [answers, { check: 'search attributes', status: 'ok', detail: 'all are registered' }];
  }
  const create = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
  return [
    answers,
    {
      check: 'search attributes',
      status: 'failed',
      detail: `not registered with the right type: ${missing.map(([name]) => name).join(', ')}`,
      remedy: `temporal operator search-attribute create --namespace ${namespace} ${create}`,
    },
  ];
}
