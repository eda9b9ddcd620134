import { canonicalJson } from '../../domain/canonical.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { orNull } from './accounts.ts';
import type { GcpClients } from './clients.ts';

/** What people choose of a sink; Google adds times, and the identity that writes. */
const SINK_FIELDS = [
  'destination',
  'filter',
  'description',
  'disabled',
  'exclusions',
  'includeChildren',
  'interceptChildren',
  'bigqueryOptions',
] as const;
const EXCLUSION_FIELDS = ['name', 'description', 'filter', 'disabled'] as const;

/** `projects/p/sinks/s`, also under folders and organisations. */
export const SINK_NAME = /^(?:projects|folders|organizations)\/[a-z0-9-]{1,40}\/sinks\/[\w.-]{1,100}$/u;
export const SINK_RESOURCE = '//logging.googleapis.com/';

/** Null where there is no such sink. */
export async function readSink(clients: GcpClients, sinkName: string): Promise<JsonObject | null> {
  const found = await orNull(clients.logging.sinks.get({ sinkName }));
  return found && sinkState(found.data);
}

/** The chosen fields that say something: an absent one, an empty one and `false` mean the same. */
export function sinkState(sink: object): JsonObject {
  const { exclusions, bigqueryOptions, ...rest } = chosen(sink, SINK_FIELDS);
  const list = Array.isArray(exclusions) ? exclusions.map((one) => chosen(one, EXCLUSION_FIELDS)) : [];
  const partitioned = chosen(bigqueryOptions, ['usePartitionedTables']);
  return {
    ...rest,
    ...(list.length > 0 ? { exclusions: list } : {}),
    ...(Object.keys(partitioned).length > 0 ? { bigqueryOptions: partitioned } : {}),
  };
}

export function sameSink(left: JsonObject | null, right: JsonObject | null): boolean {
  return canonicalJson({ sink: left }) === canonicalJson({ sink: right });
}

export async function createSink(clients: GcpClients, sinkName: string, sink: JsonObject): Promise<void> {
  const [parent = '', name = ''] = sinkName.split('/sinks/');
  await clients.logging.sinks.create({ parent, uniqueWriterIdentity: true, requestBody: { name, ...sink } });
}

/** Of the fields that differ, and no others: some may be set at creation only. */
export function maskOf(current: JsonObject, sink: JsonObject): string {
  return SINK_FIELDS.filter(
    (field) => canonicalJson([current[field] ?? null]) !== canonicalJson([sink[field] ?? null]),
  ).join(',');
}

export async function updateSink(
  clients: GcpClients,
  sinkName: string,
  updateMask: string,
  sink: JsonObject,
): Promise<void> {
  await clients.logging.sinks.update({ sinkName, uniqueWriterIdentity: true, updateMask, requestBody: sink });
}

function chosen(from: unknown, fields: readonly string[]): Record<string, JsonValue> {
  const entries = typeof from === 'object' && from !== null ? Object.entries(from) : [];
  return Object.fromEntries(
    entries.filter(
      ([field, value]) =>
        fields.includes(field) && value !== null && value !== '' && value !== false && value !== undefined,
    ),
  );
}
