import { burstRisk } from '../domain/discovery.ts';
import type { Bin } from './correlate.ts';
import { correlate } from './correlate.ts';
import type { CloudTrailEvent } from './event.ts';
import type { Detection } from './sigma.ts';

const MOST_APIS = 50;
const MOST_ADDRESSES = 10;

/** The columns of the upstream detection, in its spelling. Times are ISO 8601, UTC. */
export interface Finding {
  /** Start of the bin. */
  readonly TimeGenerated: string;
  readonly CloudProvider: 'AWS';
  /** ARN. */
  readonly Identity: string;
  readonly AccountId: string;
  readonly DiscoveryCount: number;
  readonly DistinctAPIs: number;
  /** At most 50, sorted. */
  readonly APIList: readonly string[];
  readonly DistinctRegions: number;
  /** As CloudTrail spells them, at most 10, sorted; not all of them need be IP addresses. */
  readonly SourceIPs: readonly string[];
  readonly FirstSeen: string;
  readonly LastSeen: string;
  readonly RiskScore: 30 | 50 | 70 | 90;
}

/** One finding a bin that fires, highest RiskScore first, then DiscoveryCount. */
export function detect(events: Iterable<CloudTrailEvent>, detection: Detection): Finding[] {
  return correlate(events, detection).map(findingOf).toSorted(byRisk);
}

function findingOf({ identity, accountId, startMs, events }: Bin): Finding {
  const apis = distinct(events.map(({ eventName }) => eventName));
  const times = events.map(({ eventTime }) => new Date(eventTime).toISOString());
  const start = new Date(startMs).toISOString();
  return {
    TimeGenerated: start,
    CloudProvider: 'AWS',
    Identity: identity,
    AccountId: accountId,
    DiscoveryCount: events.length,
    DistinctAPIs: apis.length,
    APIList: apis.slice(0, MOST_APIS),
    DistinctRegions: distinct(events.map(({ awsRegion }) => awsRegion)).length,
    SourceIPs: distinct(events.flatMap(({ sourceIPAddress }) => sourceIPAddress ?? [])).slice(0, MOST_ADDRESSES),
    FirstSeen: times[0] ?? start,
    LastSeen: times.at(-1) ?? start,
    RiskScore: burstRisk(events.length, apis.length),
  };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}

function byRisk(left: Finding, right: Finding): number {
  return (
    right.RiskScore - left.RiskScore ||
    right.DiscoveryCount - left.DiscoveryCount ||
    (`${left.Identity} ${left.TimeGenerated}` < `${right.Identity} ${right.TimeGenerated}` ? -1 : 1)
  );
}
