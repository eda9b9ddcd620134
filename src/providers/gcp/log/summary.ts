import { isDiscoveryApi } from '../../../domain/discovery.ts';
import type { AssumedRole, CallSummary, IdentityChange, TimeWindow } from '../../../domain/evidence.ts';
import { accountPath, EMAIL } from '../names.ts';
import { summariseCalls, type SummarisedCall } from '../../call-summary.ts';
import { detailsOf } from './details.ts';
import type { LogEvent } from './event.ts';

/** Both ends count. */
export function within(window: TimeWindow, event: LogEvent): boolean {
  const at = Date.parse(event.at);
  return at >= Date.parse(window.from) && at <= Date.parse(window.to);
}

/** Calls of one identity in one window. */
export function summarise(events: readonly LogEvent[], window: TimeWindow, cut: boolean): CallSummary {
  const own = events.filter((event) => within(window, event));
  return summariseCalls(own.map(summarisedCall), window, cut);
}

const summarisedCall = (event: LogEvent): SummarisedCall => ({
  ...event,
  api: `${event.service}:${event.method}`,
  discoveryApi: isDiscoveryApi('gcp', event.method) ? event.method : '',
  region: event.labels['location'] ?? event.labels['zone'] ?? event.labels['region'] ?? '',
});

/** Tokens and signatures made in the name of a service account: they live on by themselves, up to an hour and by policy to twelve. */
export function isMinting(event: LogEvent): boolean {
  const minting = /^(?:GenerateAccessToken|GenerateIdToken|SignJwt|SignBlob)$/u.test(event.name);
  return event.service === 'iamcredentials' && minting && !event.failed;
}

/** Service accounts that tokens were made for; the newest time of each. */
export function impersonated(events: readonly LogEvent[]): readonly AssumedRole[] {
  const newest = new Map<string, AssumedRole>();
  for (const event of events.filter(isMinting)) {
    const roleArn = accountOf(event);
    const known = newest.get(roleArn);
    if (!known || known.at < event.at) newest.set(roleArn, { roleArn, sessionName: event.name, at: event.at });
  }
  return [...newest.values()].toSorted((a, b) => (a.roleArn < b.roleArn ? -1 : 1));
}

/** The log names the account by its number; its labels have project and address. */
function accountOf({ labels, resourceName }: LogEvent): string {
  const { project_id: projectId = '-', email_id: email = '' } = labels;
  const path = EMAIL.test(email.toLowerCase()) ? accountPath(projectId, email.toLowerCase()) : resourceName;
  return `//iam.googleapis.com/${path || 'an unnamed service account'}`;
}

/**
 * Writes on identities, keys, policies and the trust that lets others in; and on the sinks and buckets of the log itself, by
 * which such writes would be hidden.
 */
const CHANGES: readonly (readonly [service: RegExp, name: RegExp])[] = [
  [/^/u, /^setIam(?:Policy|Permissions)$/iu],
  [/^iam$/u, /^(?!Get|List|Query|Test|Lint)/u],
  [/^logging$/u, /^(?:Create|Update|Delete)(?:Sink|Exclusion|Bucket|Settings|CmekSettings)/u],
  [/^compute$/u, /^(?:setServiceAccount|setMetadata|setCommonInstanceMetadata)$/u],
];

export function identityChange(event: LogEvent): IdentityChange | null {
  if (!CHANGES.some(([service, name]) => service.test(event.service) && name.test(event.name))) return null;
  const details = detailsOf(event);
  return {
    eventName: event.name,
    target: targetOf(event),
    at: event.at,
    denied: event.denied,
    ...(event.failed ? { failed: true } : {}),
    ...(details ? { details } : {}),
  };
}

/** Full resource names where the log lets us make them, so that people and plans see the same name. */
function targetOf(event: LogEvent): string {
  if (event.service === 'iam' && event.labels['email_id']) return accountOf(event);
  return event.resourceName ? `//${event.service}.googleapis.com/${event.resourceName}` : event.email || 'unknown';
}
