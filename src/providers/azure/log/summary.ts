import { isDiscoveryApi } from '../../../domain/discovery.ts';
import type { CallSummary, IdentityChange, TimeWindow } from '../../../domain/evidence.ts';
import type { LogEvent } from './event.ts';

/** Caps of `CallSummary`; what they cut is said in `truncated`. */
const MOST_APIS = 50;
const MOST_ADDRESSES = 10;
const MOST_OTHERS = 50;

export function within({ from, to }: TimeWindow, { at }: LogEvent): boolean {
  return Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to);
}

/** Calls and sign-ins of one identity in one window. The "regions" of Azure are its resource groups, as the detection counts them. */
export function summarise(events: readonly LogEvent[], window: TimeWindow, cut: boolean): CallSummary {
  const own = events.filter((event) => within(window, event));
  const discovery = own.filter(({ api }) => isDiscoveryApi('azure', operationOf(api)));
  const times = own.map(({ at }) => at).toSorted();
  const [firstSeen, lastSeen] = [times[0], times.at(-1)];
  const lists = {
    apis: distinct(own, ({ api }) => api, MOST_APIS),
    addresses: distinct(own, ({ address }) => address, MOST_ADDRESSES),
    userAgents: distinct(own, ({ userAgent }) => userAgent.slice(0, 200), MOST_OTHERS),
    accessKeyIds: distinct(own, ({ keyId }) => keyId, MOST_OTHERS),
    regions: distinct(own, ({ resourceGroup }) => resourceGroup, MOST_OTHERS),
  };
  return {
    window,
    calls: own.length,
    discoveryCalls: discovery.length,
    distinctDiscoveryApis: new Set(discovery.map(({ api }) => api)).size,
    denied: own.filter(({ outcome }) => outcome === 'denied').length,
    apis: lists.apis.values,
    addresses: lists.addresses.values,
    userAgents: lists.userAgents.values,
    accessKeyIds: lists.accessKeyIds.values,
    regions: lists.regions.values,
    ...(firstSeen === undefined ? {} : { firstSeen }),
    ...(lastSeen === undefined ? {} : { lastSeen }),
    truncated: cut || Object.values(lists).some((list) => list.cut),
  };
}

/** As `DISCOVERY_APIS` and Azure spell it, with a slash after the provider. */
export const operationOf = (api: string) => api.replace(':', '/');

/** Writes on roles and rights, on the directory, and on where the logs go. */
export function identityChange({ api, target, at, outcome, write }: LogEvent): IdentityChange | null {
  if (
    !write ||
    !/^(?:entra|microsoft\.authorization|microsoft\.managedidentity|microsoft\.insights:diagnosticsettings)/u.test(api)
  )
    return null;
  return { eventName: operationOf(api), target: target || 'unknown', at, denied: outcome !== 'succeeded' };
}

function distinct(events: readonly LogEvent[], pick: (event: LogEvent) => string, most: number) {
  const all = [...new Set(events.map(pick))].filter((value) => value !== '').toSorted();
  return { values: all.slice(0, most), cut: all.length > most };
}
