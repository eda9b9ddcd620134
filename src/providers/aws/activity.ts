import { CordonFailure } from '../../contracts/failures.ts';
import type { ActivityFacts, IdentityChange, TimeWindow } from '../../domain/evidence.ts';
import type { AwsPrincipal } from '../../domain/principal.ts';
import { listAccessKeys } from './access-keys.ts';
import type { AwsClients } from './clients.ts';
import { orNull } from './confirm.ts';
import { keysOfOthers } from './hunt/other-holders.ts';
import { withFormer } from './hunt/former.ts';
import { withOwners } from './hunt/owners.ts';
import type { LogEvent } from './log/event.ts';
import type { Lookup } from './log/lookup.ts';
import { assumedRoles, identityChange, isMinting, summarise, within } from './log/summary.ts';
import { trace } from './log/trace.ts';

/** Sessions of a role last twelve hours at most. */
const LONGEST_SESSION_MS = 12 * 3600 * 1000;

/**
 * AWS answers these to whoever holds live credentials, whatever a policy denies; after a containment they tell nothing but the
 * holder's own name and are no sign that it does not hold.
 */
const DENIED_BY_NO_POLICY = new Set(['sts:GetCallerIdentity']);

export async function gatherActivity(
  clients: AwsClients,
  lookup: Lookup,
  principal: AwsPrincipal,
  around: TimeWindow,
  before: TimeWindow,
): Promise<ActivityFacts> {
  const whole: TimeWindow = { from: earlier(around.from, before.from), to: later(around.to, before.to) };
  const [traced, onPrincipal, entries] = await Promise.all([
    trace(lookup, principal, await keysOf(clients, principal), whole),
    lookup({ key: 'ResourceName', value: principal.name }, around),
    entriesOf(lookup, principal, around),
  ]);
  const cut = (window: TimeWindow) => traced.completeFrom !== null && traced.completeFrom > window.from;
  const all = [...traced.own, ...traced.bySessions].filter((event) => within(around, event));
  const { roles, cut: rolesCut } = assumedRoles(all);
  const byPrincipal = changes(all);
  const former = await withFormer(clients, lookup, principal, all, byPrincipal.map(withoutId));
  const ofPrincipal = changes(onPrincipal.events.filter((event) => within(around, event)));
  const isAbout = (change: Change) => change.target === principal.name || change.target === principal.arn;
  const about = [...ofPrincipal, ...byPrincipal].filter(isAbout);
  return {
    around: summarise(traced.own, around, cut(around) || rolesCut || onPrincipal.completeFrom !== null),
    before: summarise(traced.own, before, cut(before)),
    assumedRoles: roles,
    mintedSessions: all.filter(isMinting).length,
    ...(entries === null ? {} : { entries }),
    changesByPrincipal: await withOwners(clients, former),
    changesOfPrincipal: [...new Map(about.map((change) => [change.id, change])).values()].map(withoutId),
  };
}

/**
 * Calls that succeeded since, as `service:EventName at time from address`, at most 50. Sessions given out in the twelve hours
 * before `since` are followed, because those are the ones that may still live. The log has whole seconds: a call in the very
 * second of `since` can't be placed before it, and counts. Calls that AWS made on the principal's behalf count as well.
 */
export async function findSuccessfulCalls(
  clients: AwsClients,
  lookup: Lookup,
  principal: AwsPrincipal,
  since: string,
  logDelaySeconds: number,
): Promise<{ calls: readonly string[]; logComplete: boolean }> {
  const now = new Date();
  const from = new Date(Date.parse(since) - LONGEST_SESSION_MS).toISOString();
  const to = now.toISOString();
  const [traced, given] = await Promise.all([
    trace(lookup, principal, await keysOf(clients, principal), { from, to }),
    givenOut(lookup, principal, { from, to }),
  ]);
  const all = [...traced.own, ...traced.bySessions];
  const others = keysOfOthers(principal, given, all, since);
  const calls = all
    .filter((event) => !others.has(event.accessKeyId))
    .filter((event) => within({ from: since, to }, event) && event.errorCode === '')
    .filter((event) => !DENIED_BY_NO_POLICY.has(`${event.service}:${event.name}`))
    .map((event) => `${event.service}:${event.name} at ${event.at} from ${event.address || 'an unknown address'}`);
  const oldEnough = now.getTime() - Date.parse(since) >= logDelaySeconds * 1000;
  return { calls: calls.slice(0, 50), logComplete: oldEnough && traced.completeFrom === null };
}

/** Identifies whose a temporary key is by any call it made; sessions live 36 hours at most. */
export async function findArnOfKey(lookup: Lookup, accessKeyId: string): Promise<string | null> {
  const to = new Date();
  const window = { from: new Date(to.getTime() - 36 * 3600 * 1000).toISOString(), to: to.toISOString() };
  const { events } = await lookup({ key: 'AccessKeyId', value: accessKeyId }, window);
  const arns = [
    ...new Set(events.filter((event) => event.accessKeyId === accessKeyId).map((event) => event.identityArn)),
  ];
  return arns.length === 1 ? (arns[0] ?? null) : null;
}

/** A user that is gone has no keys any more, but its calls are in the log all the same. */
async function keysOf(clients: AwsClients, principal: AwsPrincipal): Promise<readonly string[]> {
  if (principal.kind === 'aws-service') {
    throw new CordonFailure('ValidationFailed', 'A service of AWS is not an identity whose calls can be summed up.');
  }
  if (principal.kind !== 'iam-user') return [];
  return ((await orNull(listAccessKeys(clients, principal.name))) ?? []).map((key) => key.accessKeyId);
}

type Change = IdentityChange & { readonly id: string };

function changes(events: readonly LogEvent[]): readonly Change[] {
  return events.flatMap((event) => {
    const change = identityChange(event);
    return change ? [{ ...change, id: event.id }] : [];
  });
}

function withoutId(change: Change): IdentityChange {
  const { id: _, ...rest } = change;
  return rest;
}

/** Who was given sessions of the role. One that is used around the alert may have been given out long before it. */
async function entriesOf(lookup: Lookup, principal: AwsPrincipal, around: TimeWindow) {
  if (principal.kind !== 'role-session') return null;
  const from = new Date(Date.parse(around.from) - LONGEST_SESSION_MS).toISOString();
  return assumedRoles(await givenOut(lookup, principal, { from, to: around.to })).roles;
}

async function givenOut(lookup: Lookup, principal: AwsPrincipal, window: TimeWindow): Promise<readonly LogEvent[]> {
  if (principal.kind !== 'role-session') return [];
  const { events } = await lookup({ key: 'ResourceName', value: principal.arn }, window);
  return events.filter((event) => event.parameters['roleArn'] === principal.arn);
}

function earlier(a: string, b: string): string {
  return Date.parse(a) < Date.parse(b) ? a : b;
}

function later(a: string, b: string): string {
  return Date.parse(a) > Date.parse(b) ? a : b;
}
