import { isDiscoveryApi } from '../../../domain/discovery.ts';
import type { CallSummary, IdentityChange, TimeWindow } from '../../../domain/evidence.ts';
import { summariseCalls, type SummarisedCall } from '../../call-summary.ts';
import { KEYS_OF_RESOURCES } from '../left-behind.ts';
import type { LogEvent } from './event.ts';

export function within({ from, to }: TimeWindow, { at }: LogEvent): boolean {
  return Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to);
}

/** Calls and sign-ins of one identity in one window. The "regions" of Azure are its resource groups, as the detection counts them. */
export function summarise(events: readonly LogEvent[], window: TimeWindow, cut: boolean): CallSummary {
  const own = events.filter((event) => within(window, event));
  return summariseCalls(own.map(summarisedCall), window, cut);
}

const summarisedCall = (event: LogEvent): SummarisedCall => ({
  ...event,
  discoveryApi: isDiscoveryApi('azure', operationOf(event.api)) ? event.api : '',
  denied: event.outcome === 'denied',
  region: event.resourceGroup,
});

/** As `DISCOVERY_APIS` and Azure spell it, with a slash after the provider. */
export const operationOf = (api: string) => api.replace(':', '/');

const CHANGES =
  /^(?:entra|microsoft\.authorization|microsoft\.managedidentity|microsoft\.insights:diagnosticsettings)/u;

/** Writes on roles and rights, on the directory, and on where the logs go; and keys of resources that were handed out. */
export function identityChange({ api, target, at, outcome, write }: LogEvent): IdentityChange | null {
  if (!write || !(CHANGES.test(api) || KEYS_OF_RESOURCES.test(operationOf(api)))) return null;
  return { eventName: operationOf(api), target: target || 'unknown', at, denied: outcome !== 'succeeded' };
}
