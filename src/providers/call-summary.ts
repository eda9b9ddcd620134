import type { CallSummary, TimeWindow } from '../domain/evidence.ts';

/** What a summary needs of one call in a cloud's log; an empty text where the log does not say. */
export interface SummarisedCall {
  /** ISO 8601. */
  readonly at: string;
  /** `service:Name`, as the allowlist spells it. */
  readonly api: string;
  /** Of a discovery call, the name that the detection counts it by. */
  readonly discoveryApi: string;
  readonly denied: boolean;
  readonly address: string;
  readonly userAgent: string;
  readonly keyId: string;
  /** Or what the detection counts as one: in Azure the resource group. */
  readonly region: string;
}

/** Caps of `CallSummary`; what they cut is said in `truncated`. */
const MOST_APIS = 50;
const MOST_ADDRESSES = 10;
const MOST_OTHERS = 50;

/** Calls of one identity in one window, which the caller has chosen them by. `cut`: the log itself was not read to the end. */
export function summariseCalls(calls: readonly SummarisedCall[], window: TimeWindow, cut: boolean): CallSummary {
  const discovery = calls.filter(({ discoveryApi }) => discoveryApi !== '');
  const times = calls.map((call) => call.at).toSorted();
  const [firstSeen, lastSeen] = [times[0], times.at(-1)];
  const lists = {
    apis: distinct(calls, ({ api }) => api, MOST_APIS),
    addresses: distinct(calls, ({ address }) => address, MOST_ADDRESSES),
    userAgents: distinct(calls, ({ userAgent }) => userAgent.slice(0, 200), MOST_OTHERS),
    accessKeyIds: distinct(calls, ({ keyId }) => keyId, MOST_OTHERS),
    regions: distinct(calls, ({ region }) => region, MOST_OTHERS),
  };
  return {
    window,
    calls: calls.length,
    discoveryCalls: discovery.length,
    distinctDiscoveryApis: new Set(discovery.map(({ discoveryApi }) => discoveryApi)).size,
    denied: calls.filter(({ denied }) => denied).length,
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

function distinct(calls: readonly SummarisedCall[], pick: (call: SummarisedCall) => string, most: number) {
  const all = [...new Set(calls.map(pick))].filter((value) => value !== '').toSorted();
  return { values: all.slice(0, most), cut: all.length > most };
}
