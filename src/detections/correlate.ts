import type { LogEvent } from './event.ts';
import { fieldOf, textOf } from './event.ts';
import type { LogSource } from './log-source.ts';
import type { Detection, Threshold } from './sigma.ts';

/** The counted events of one identity in one account in one span of time, in order of time. */
export interface Bin {
  readonly identity: string;
  readonly accountId: string;
  /** Milliseconds since the epoch, a multiple of the timespan. */
  readonly startMs: number;
  readonly events: readonly LogEvent[];
}

/**
 * The bins that reach a threshold. Bins are fixed, so a burst across an edge is two halves, as in the upstream query. Throws
 * on an event without a valid time: it could belong anywhere.
 */
export function correlate(events: Iterable<LogEvent>, detection: Detection): Bin[] {
  const { source } = detection;
  const bins = new Map<string, Bin & { events: LogEvent[] }>();
  for (const event of events) {
    if (!detection.matches(event)) continue;
    const identity = fieldOf(event, source.identity);
    const accountId = fieldOf(event, source.account);
    // As Sigma groups: an event without the field belongs to no group.
    if (typeof identity !== 'string' || typeof accountId !== 'string') continue;
    const startMs = Math.floor(timeOf(event, source) / detection.timespanMs) * detection.timespanMs;
    const key = JSON.stringify([identity, accountId, startMs]);
    const bin = bins.get(key) ?? { identity, accountId, startMs, events: [] };
    bin.events.push(event);
    bins.set(key, bin);
  }
  const firing = [...bins.values()].filter((bin) => detection.thresholds.some((threshold) => reaches(bin, threshold)));
  return firing.map((bin) => ({
    ...bin,
    events: bin.events.toSorted((left, right) => timeOf(left, source) - timeOf(right, source)),
  }));
}

function reaches({ events }: Bin, { distinctOf, atLeast }: Threshold): boolean {
  if (distinctOf === undefined) return events.length >= atLeast;
  const values = events
    .map((event) => fieldOf(event, distinctOf))
    .filter((value) => value !== undefined && value !== null);
  return new Set(values.map((value) => JSON.stringify(value))).size >= atLeast;
}

function timeOf(event: LogEvent, { provider, id, time }: LogSource): number {
  const ms = Date.parse(textOf(event, [time]) ?? '');
  if (Number.isNaN(ms))
    throw new Error(`${provider} event ${textOf(event, [id]) ?? `(without ${id})`} has no valid ${time}.`);
  return ms;
}
