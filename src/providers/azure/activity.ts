import type { ActivityFacts, IdentityChange, TimeWindow } from '../../domain/evidence.ts';
import type { AzurePrincipal } from '../../domain/principal.ts';
import type { AzureClients } from './clients.ts';
import { findApplication, findUser } from './directory.ts';
import type { Caller } from './log/activity-log.ts';
import { findCalls, findRoleChanges } from './log/activity-log.ts';
import { findAuditsBy, findAuditsOf, findSignIns } from './log/directory-log.ts';
import type { FoundEvents, LogEvent } from './log/event.ts';
import { merge } from './log/event.ts';
import { identityChange, summarise, within } from './log/summary.ts';
import type { AzureSettings } from './settings.ts';

/**
 * From the activity log of every subscription, the sign-in log and the directory audit. Azure logs what changes something and who
 * signs in; reads of Resource Manager are in none of them. In Azure nothing is assumed or minted: a token belongs to who asked for it.
 */
export async function gatherActivity(
  clients: AzureClients,
  { subscriptions }: Pick<AzureSettings, 'subscriptions'>,
  principal: AzurePrincipal,
  around: TimeWindow,
  before: TimeWindow,
): Promise<ActivityFacts> {
  const whole: TimeWindow = { from: earlier(around.from, before.from), to: later(around.to, before.to) };
  const [own, ofObjects, ofRoles] = await Promise.all([
    ownEvents(clients, subscriptions, principal, whole),
    objectsOf(clients, principal).then((ids) => findAuditsOf(clients, ids, around)),
    findRoleChanges(clients, subscriptions, principal.uniqueId, around),
  ]);
  const ofPrincipal = merge([ofObjects, ofRoles]);
  return {
    around: summarise(own.events, around, own.cut || ofPrincipal.cut),
    before: summarise(own.events, before, own.cut),
    assumedRoles: [],
    mintedSessions: 0,
    changesByPrincipal: changes(own.events.filter((event) => within(around, event))),
    changesOfPrincipal: changes(ofPrincipal.events),
  };
}

/**
 * Calls and sign-ins that succeeded since, as `service:operation at time from address`, at most 50. The log is complete only where
 * it was read to its end and is old enough that nothing is on its way any more.
 */
export async function findSuccessfulCalls(
  clients: AzureClients,
  { subscriptions, logDelaySeconds, now = () => new Date() }: AzureSettings,
  principal: AzurePrincipal,
  since: string,
): Promise<{ calls: readonly string[]; logComplete: boolean }> {
  const to = now();
  const { events, cut } = await ownEvents(clients, subscriptions, principal, { from: since, to: to.toISOString() });
  const calls = events
    .filter(({ outcome }) => outcome === 'succeeded')
    .map(({ api, at, address }) => `${api} at ${at} from ${address || 'an unknown address'}`);
  const oldEnough = to.getTime() - Date.parse(since) >= logDelaySeconds * 1000;
  return { calls: calls.slice(0, 50), logComplete: oldEnough && !cut };
}

async function ownEvents(
  clients: AzureClients,
  subscriptions: readonly string[],
  principal: AzurePrincipal,
  window: TimeWindow,
): Promise<FoundEvents> {
  const caller = await callerOf(clients, principal);
  return merge(
    await Promise.all([
      findCalls(clients, subscriptions, caller, window),
      findSignIns(clients, principal, window),
      findAuditsBy(clients, principal, window),
    ]),
  );
}

/** The name that a user has now, besides the one of the alert: the log keeps the one that was used. */
export async function callerOf(
  clients: AzureClients,
  { kind, uniqueId, appId, name }: AzurePrincipal,
): Promise<Caller> {
  const current = kind === 'entra-user' ? (await findUser(clients, uniqueId))?.userPrincipalName : undefined;
  const names = [uniqueId, appId, current, kind === 'entra-user' ? name : undefined];
  const known = names.filter((one) => one !== undefined && one !== '') as readonly string[];
  return { objectId: uniqueId, names: [...new Map(known.map((one) => [one.toLowerCase(), one])).values()] };
}

/** Credentials are added to the application as well as to its service principal: both are the principal. */
async function objectsOf(clients: AzureClients, { uniqueId, appId, kind }: AzurePrincipal): Promise<readonly string[]> {
  const application = kind === 'service-principal' && appId ? await findApplication(clients, appId) : null;
  return application ? [uniqueId, application.id] : [uniqueId];
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
