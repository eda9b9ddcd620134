import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

import { SEARCH_ATTRIBUTE_TYPES } from '../contracts/search-attributes.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;
const TYPES = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  KeywordList: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
  Int: IndexedValueType.INDEXED_VALUE_TYPE_INT,
} as const;

type Name = keyof typeof SEARCH_ATTRIBUTE_TYPES;
const NAMES = Object.keys(SEARCH_ATTRIBUTE_TYPES) as Name[];

/** What a client's and a worker's connection have alike. */
export interface OperatorConnection {
  readonly operatorService: Pick<Connection['operatorService'], 'listSearchAttributes' | 'addSearchAttributes'>;
}

/** What the namespace lacks. Temporal takes an order to add one that it has with another type, and does nothing. */
export interface Lacking {
  readonly absent: readonly Name[];
  readonly mistyped: readonly Name[];
}

export async function lackingSearchAttributes(
  { operatorService }: OperatorConnection,
  namespace: string,
): Promise<Lacking> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const known = customAttributes ?? {};
  return {
    absent: NAMES.filter((name) => !(name in known)),
    mistyped: NAMES.filter((name) => name in known && known[name] !== TYPES[SEARCH_ATTRIBUTE_TYPES[name]]),
  };
}

/**
 * Registers what is missing. Answers null, or why Temporal does not let this process see what there is: then it goes on, since
 * they may be there. Throws, with what an operator runs, where they are missing and may not be added.
 */
export async function registerSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
): Promise<string | null> {
  const lacking = await lackingSearchAttributes(connection, namespace).catch(refusalOf);
  if (typeof lacking === 'string') return lacking;
  const { absent, mistyped } = lacking;
  if (mistyped.length > 0) throw unregistered(namespace, lacking);
  if (absent.length === 0) return null;
  const searchAttributes = Object.fromEntries(absent.map((name) => [name, TYPES[SEARCH_ATTRIBUTE_TYPES[name]]]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return null;
  } catch (error) {
    throw unregistered(namespace, lacking, error);
  }
}

function unregistered(namespace: string, lacking: Lacking, cause?: unknown): Error {
  const names = [...lacking.absent, ...lacking.mistyped].join(', ');
  return new Error(
    `Search attributes are missing in the namespace ${namespace} (${names}) and can not be added from here; no case runs ` +
      `without them. An operator adds them once, then start the worker again. ${howToAdd(namespace, lacking)}`,
    cause === undefined ? {} : { cause },
  );
}

/** https://grpc.io/docs/guides/status-codes/ */
const REFUSALS: readonly unknown[] = [7, 12];

/** What Temporal says where it does not permit or have the call; anything else is thrown on. */
export function refusalOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  if (!REFUSALS.includes(code)) throw error;
  return String(error);
}

/** For a server of one's own, and for the Cloud, where the first is refused. */
export function howToAdd(namespace: string, { absent, mistyped }: Lacking = { absent: NAMES, mistyped: [] }): string {
  const types = [...absent, ...mistyped].map((name) => [name, SEARCH_ATTRIBUTE_TYPES[name]] as const);
  const own = types.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
  const cloud = types.map(([name, type]) => `--search-attribute "${name}=${type}"`).join(' ');
  return (
    (mistyped.length > 0 ? `First remove what has another type: ${mistyped.join(', ')}. ` : '') +
    `Your own Temporal: temporal operator search-attribute create --namespace ${namespace} ${own}; ` +
    `Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${cloud}`
  );
}
