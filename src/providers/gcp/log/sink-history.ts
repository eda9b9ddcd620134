import { CordonFailure } from '../../../contracts/failures.ts';
import type { IdentityChange } from '../../../domain/evidence.ts';
import type { JsonObject } from '../../../domain/json.ts';
import { SINK_NAME, SINK_RESOURCE, sinkState } from '../sinks.ts';
import type { LogEvent } from './event.ts';
import type { Lookup } from './lookup.ts';
import { quoted } from './lookup.ts';

/** How long Google keeps the log of administrators' activity. */
const KEPT_MS = 400 * 24 * 3600 * 1000;
/** A longer one would crowd the history of a case; it is then not known. */
const MOST_CHARACTERS = 8_000;

export function isSinkChange({ eventName, denied }: IdentityChange): boolean {
  return /^(?:Update|Delete)Sink$/u.test(eventName) && !denied;
}

/** The changes, each of a sink with what the log tells of the sink right before the first of them. */
export async function withSinksBefore(
  lookup: Lookup,
  changes: readonly IdentityChange[],
): Promise<readonly IdentityChange[]> {
  const first = new Map<string, string>();
  for (const { target, at } of changes.filter(isSinkChange)) {
    if (at < (first.get(target) ?? '~')) first.set(target, at);
  }
  const before = new Map<string, JsonObject>();
  for (const [target, at] of first) {
    const sink = await inTime(sinkBefore(lookup, target.slice(SINK_RESOURCE.length), at));
    if (sink) before.set(target, sink);
  }
  return changes.map((change) => {
    const sink = isSinkChange(change) ? before.get(change.target) : undefined;
    return sink ? { ...change, before: sink } : change;
  });
}

/** A look back over a year may take longer than a call is given: what it would have told is not known then. */
async function inTime(search: Promise<JsonObject | null>): Promise<JsonObject | null> {
  try {
    return await search;
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'TimedOut') return null;
    throw error;
  }
}

/** Null where the newest write before `at` is not in the log, or does not tell the whole sink: then nobody may guess it. */
async function sinkBefore(lookup: Lookup, sinkName: string, at: string): Promise<JsonObject | null> {
  if (!SINK_NAME.test(sinkName)) return null;
  const name = sinkName.split('/').at(-1) ?? '';
  const filter =
    'protoPayload.serviceName="logging.googleapis.com" AND ' +
    `(protoPayload.resourceName=${quoted(sinkName)} OR protoPayload.request.name=${quoted(name)} OR ` +
    `protoPayload.request.sink.name=${quoted(name)})`;
  const from = new Date(Date.parse(at) - KEPT_MS).toISOString();
  const to = new Date(Date.parse(at) - 1).toISOString();
  const { events } = await lookup(filter, { from, to });
  const newest = events.find(
    (event) => !event.failed && /^(?:Create|Update|Delete)Sink$/u.test(event.name) && isAbout(event, sinkName),
  );
  return newest ? wholeSink(newest) : null;
}

/** A creation is logged under its parent. */
function isAbout({ name, resourceName, request }: LogEvent, sinkName: string): boolean {
  if (resourceName === sinkName) return true;
  const made = sinkIn(request)['name'];
  return name === 'CreateSink' && typeof made === 'string' && `${resourceName}/sinks/${made}` === sinkName;
}

/** The answer to a write, or the request of a creation: an update may name some fields only. */
function wholeSink({ name, request, response }: LogEvent): JsonObject | null {
  const told = [response, ...(name === 'CreateSink' ? [sinkIn(request)] : [])];
  const whole = told.find(({ destination }) => typeof destination === 'string');
  const sink = whole && name !== 'DeleteSink' ? sinkState(whole) : null;
  return sink && JSON.stringify(sink).length <= MOST_CHARACTERS ? sink : null;
}

function sinkIn(request: LogEvent['request']): LogEvent['request'] {
  const inner = request['sink'];
  return typeof inner === 'object' && inner !== null ? (inner as LogEvent['request']) : request;
}
