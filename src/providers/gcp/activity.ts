import type { ActivityFacts, IdentityChange, TimeWindow } from '../../domain/evidence.ts';
import type { GcpPrincipal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import type { LogProof } from '../port.ts';
import type { GcpClients } from './clients.ts';
import { logsReadsOf } from './log/data-access.ts';
import type { LogEvent } from './log/event.ts';
import type { Lookup } from './log/lookup.ts';
import { quoted } from './log/lookup.ts';
import { withSinksBefore } from './log/sink-history.ts';
import { identityChange, impersonated, isMinting, summarise, within } from './log/summary.ts';
import { memberOf } from './names.ts';
import type { GcpSettings } from './settings.ts';

const AUTHENTICATION = 'protoPayload.authenticationInfo';

export async function gatherActivity(
  clients: GcpClients,
  settings: GcpSettings,
  lookup: Lookup,
  principal: GcpPrincipal,
  [around, before]: readonly [TimeWindow, TimeWindow],
): Promise<ActivityFacts> {
  const [made, onPrincipal, readsLogged] = await Promise.all([
    lookup(callsOf(principal), { from: earlier(around.from, before.from), to: later(around.to, before.to) }),
    lookup(changesOf(principal), around),
    logsReadsOf(clients, settings.projects, memberOf(principal)),
  ]);
  const cut = (window: TimeWindow) => !readsLogged || (made.completeFrom !== null && made.completeFrom > window.from);
  const own = made.events.filter((event) => event.email === principal.name);
  const all = made.events.filter((event) => within(around, event));
  return {
    around: summarise(own, around, cut(around) || onPrincipal.completeFrom !== null),
    before: summarise(own, before, cut(before)),
    assumedRoles: impersonated(all).filter(({ roleArn }) => roleArn !== resourceOf(principal)),
    mintedSessions: all.filter(isMinting).length,
    changesByPrincipal: await withSinksBefore(lookup, changes(all)),
    changesOfPrincipal: changes(onPrincipal.events.filter((event) => isAbout(event, principal))),
  };
}

/**
 * Calls without an error since, by the principal or by a token that it made for another account, at most 50. The log is complete
 * once it had its time to arrive, every page was read, and reads by this principal are logged at all; without the last two it never is.
 */
export async function findSuccessfulCalls(
  clients: GcpClients,
  settings: GcpSettings,
  lookup: Lookup,
  principal: GcpPrincipal,
  since: string,
): Promise<LogProof> {
  const now = settings.now?.() ?? new Date();
  const [{ events, completeFrom }, readsLogged] = await Promise.all([
    lookup(callsOf(principal), { from: since, to: now.toISOString() }),
    logsReadsOf(clients, settings.projects, memberOf(principal)),
  ]);
  const calls = events
    .filter((event) => !event.failed)
    .map(({ service, method, at, address }) => `${service}:${method} at ${at} from ${address || 'an unknown address'}`);
  const oldEnough = now.getTime() - Date.parse(since) >= settings.logDelaySeconds * 1000;
  const gap = readsLogged ? (completeFrom === null ? null : UNREAD) : unloggedReads(memberOf(principal));
  return {
    calls: calls.slice(0, 50),
    logComplete: oldEnough && gap === null,
    ...(gap === null ? {} : { gap }),
  };
}

const UNREAD =
  'Not all of the audit log of the projects, and of what they lie in, could be read. "cordon doctor" names what is missing; look at ' +
  'the rest by hand.';

const unloggedReads = (member: string) =>
  `Reads by ${member} that still succeed would not show: Data Access logs (ADMIN_READ and DATA_READ of all services) are not on for ` +
  'it in every project, or Cordon may not see whether they are. Turn them on, and look by hand meanwhile.';

function callsOf({ name }: GcpPrincipal): string {
  const delegation = `${AUTHENTICATION}.serviceAccountDelegationInfo.firstPartyPrincipal.principalEmail`;
  return `${AUTHENTICATION}.principalEmail=${quoted(name)} OR ${delegation}=${quoted(name)}`;
}

/** By anyone: on the account, its keys and policy, or on what it is granted elsewhere. */
function changesOf(principal: GcpPrincipal): string {
  const granted = `protoPayload.serviceData.policyDelta.bindingDeltas.member=${quoted(memberOf(principal))}`;
  const { name, kind, uniqueId } = principal;
  if (kind !== 'service-account') return granted;
  const names = [name, ...(uniqueId ? [uniqueId] : [])].map((one) => `protoPayload.resourceName:${quoted(one)}`);
  return [granted, `resource.labels.email_id=${quoted(name)}`, ...names].join(' OR ');
}

function isAbout(event: LogEvent, principal: GcpPrincipal): boolean {
  const { name, uniqueId } = principal;
  const places = event.resourceName.split('/');
  return (
    event.deltas.some(({ member }) => member?.toLowerCase() === memberOf(principal).toLowerCase()) ||
    event.labels['email_id']?.toLowerCase() === name ||
    places.some((place) => place.toLowerCase() === name || (uniqueId !== undefined && place === uniqueId))
  );
}

function changes(events: readonly LogEvent[]): readonly IdentityChange[] {
  return events.flatMap((event) => identityChange(event) ?? []);
}

function earlier(a: string, b: string): string {
  return Date.parse(a) < Date.parse(b) ? a : b;
}

function later(a: string, b: string): string {
  return Date.parse(a) > Date.parse(b) ? a : b;
}
