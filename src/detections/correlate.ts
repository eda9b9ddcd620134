import type { CloudTrailEvent } from './event.ts';
import { fieldOf } from './event.ts';
import type { Detection, Threshold } from './sigma.ts';

/** The counted events of one identity in one account in one span of time, in order of time. */
export interface Bin {
  readonly identity: string;
  readonly accountId: string;
  /** Milliseconds since the epoch, a multiple of the timespan. */
  readonly startMs: number;
  readonly events: readonly CloudTrailEvent[];
}

/**
 * The bins that reach a threshold. Bins are fixed, so a burst across an edge is two halves, as in the upstream query. Throws
 * on an event without a valid time: it could belong anywhere.
 */
export function correlate(events: Iterable<CloudTrailEvent>, detection: Detection): Bin[] {
  const bins = new Map<string, Bin & { events: CloudTrailEvent[] }>();
  for (const event of events) {
    if (!detection.matches(event)) continue;
    const identity = fieldOf(event, 'userIdentity.arn');
    const accountId = fieldOf(event, 'userIdentity.accountId');
    // As Sigma groups: an event without the field belongs to no group.
    if (typeof identity !== 'string' || typeof accountId !== 'string') continue;
    const startMs = Math.floor(timeOf(event) / detection.timespanMs) * detection.timespanMs;
    const key = JSON.stringify([identity, accountId, startMs]);
    const bin = bins.get(key) ?? { identity, accountId, startMs, events: [] };
    bin.events.push(event);
    bins.set(key, bin);
  }
  const firing = [...bins.values()].filter((bin) => detection.thresholds.some((threshold) => reaches(bin, threshold)));
  return firing.map((bin) => ({ ...bin, events: bin.events.toSorted((left, right) => timeOf(left) - timeOf(right)) }));
}

function reaches({ events }: Bin, { distinctOf, atLeast }: Threshold): boolean {
  if (distinctOf === undefined) return events.length >= atLeast;
  const values = events
    .map((event) => fieldOf(event, distinctOf))
    .filter((value) => value !== undefined && value !== null);
  return new Set(values.map((value) => JSON.stringify(value))).size >= atLeast;
}

function timeOf({ eventTime, eventID }: CloudTrailEvent): number {
  const ms = Date.parse(eventTime);
  if (Number.isNaN(ms)) throw new Error(`CloudTrail event ${eventID ?? '(without eventID)'} has no valid eventTime.`);
  return ms;
}
