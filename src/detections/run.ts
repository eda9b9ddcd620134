import { burstRisk } from '../domain/discovery.ts';
import type { Bin } from './correlate.ts';
import { correlate } from './correlate.ts';
import type { LogEvent } from './event.ts';
import { textOf } from './event.ts';
import type { LogSource } from './log-source.ts';
import type { Detection } from './sigma.ts';

const MOST_APIS = 50;
const MOST_ADDRESSES = 10;

/** The columns of the upstream detection, in its spelling. Times are ISO 8601, UTC. */
export interface Finding {
  /** Start of the bin. */
  readonly TimeGenerated: string;
  readonly CloudProvider: LogSource['provider'];
  /** AWS: ARN. Azure: the caller, an object or application id or a user principal name. GCP: e-mail address. */
  readonly Identity: string;
  /** Account, subscription or project. */
  readonly AccountId: string;
  readonly DiscoveryCount: number;
  readonly DistinctAPIs: number;
  /** At most 50, sorted. */
  readonly APIList: readonly string[];
  readonly DistinctRegions: number;
  /** As the log spells them, at most 10, sorted; not all of them need be IP addresses. */
  readonly SourceIPs: readonly string[];
  readonly FirstSeen: string;
  readonly LastSeen: string;
  readonly RiskScore: 30 | 50 | 70 | 90;
}

/** One finding a bin that fires, highest RiskScore first, then DiscoveryCount. */
export function detect(events: Iterable<LogEvent>, detection: Detection): Finding[] {
  return correlate(events, detection)
    .map((bin) => findingOf(bin, detection.source))
    .toSorted(byRisk);
}

function findingOf({ identity, accountId, startMs, events }: Bin, source: LogSource): Finding {
  const all = (...fields: readonly string[]) => events.flatMap((event) => textOf(event, fields) ?? []);
  const apis = distinct(all(source.api));
  const times = all(source.time).map((time) => new Date(time).toISOString());
  const start = new Date(startMs).toISOString();
  return {
    TimeGenerated: start,
    CloudProvider: source.provider,
    Identity: identity,
    AccountId: accountId,
    DiscoveryCount: events.length,
    DistinctAPIs: apis.length,
    APIList: apis.slice(0, MOST_APIS),
    DistinctRegions: distinct(all(...source.regions)).length,
    SourceIPs: distinct(all(source.address)).slice(0, MOST_ADDRESSES),
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
