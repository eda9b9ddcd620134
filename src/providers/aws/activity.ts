import { CordonFailure } from '../../contracts/failures.ts';
import type { ActivityFacts, IdentityChange, SessionHolder, TimeWindow } from '../../domain/evidence.ts';
import type { AwsPrincipal } from '../../domain/principal.ts';
import type { LogProof } from '../port.ts';
import { listAccessKeys } from './access-keys.ts';
import type { AwsClients, AwsSettings } from './clients.ts';
import { orNull } from './confirm.ts';
import { withFormer } from './hunt/former.ts';
import { holders, keysOfOthers } from './hunt/holders.ts';
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
  // What was given out long before the alert may still be in use.
  const alive: TimeWindow = { from: longestSessionBefore(around.from), to: around.to };
  const whole: TimeWindow = { from: earlier(alive.from, before.from), to: later(around.to, before.to) };
  const [traced, onPrincipal] = await Promise.all([
    keysOf(clients, principal).then((keys) => trace(lookup, principal, keys, whole)),
    lookup({ key: 'ResourceName', value: principal.name }, around),
  ]);
  const cut = (window: TimeWindow) => traced.completeFrom !== null && traced.completeFrom > window.from;
  const given = traced.given.filter((event) => within(alive, event));
  const events = [...traced.own, ...traced.bySessions].filter((event) => within(alive, event));
  const holderOf = holders(principal, { given, events });
  const possible = events.filter((event) => holderOf(event)?.is !== 'other');
  const { roles, cut: rolesCut } = assumedRoles(possible);
  const byPrincipal = changes(
    events.filter((event) => within(around, event)),
    holderOf,
  );
  const bySuspect = possible.filter((event) => within(around, event));
  const former = await withFormer(clients, lookup, principal, bySuspect, byPrincipal.map(withoutId));
  const ofPrincipal = changes(onPrincipal.events.filter((event) => within(around, event)));
  const isAbout = (change: Change) => change.target === principal.name || change.target === principal.arn;
  const about = [...ofPrincipal, ...byPrincipal].filter(isAbout);
  return {
    around: summarise(traced.own, around, cut(around) || rolesCut || onPrincipal.completeFrom !== null),
    before: summarise(traced.own, before, cut(before)),
    assumedRoles: roles,
    ...(cut(alive) ? { assumedRolesTruncated: true } : {}),
    mintedSessions: possible.filter(isMinting).length,
    ...(principal.kind === 'role-session' ? { entries: assumedRoles(given).roles } : {}),
    changesByPrincipal: await withOwners(clients, former),
    changesOfPrincipal: [...new Map(about.map((change) => [change.id, change])).values()].map(withoutId),
  };
}

/**
 * Calls that were accepted since, as `service:EventName at time from address`, at most 50. Sessions given out in the twelve hours
 * before `since` are followed, because those are the ones that may still live. The log has whole seconds: a call in the very
 * second of `since` can't be placed before it, and counts. Calls that AWS made on the principal's behalf count as well.
 */
export async function findSuccessfulCalls(
  clients: AwsClients,
  settings: AwsSettings,
  lookup: Lookup,
  principal: AwsPrincipal,
  since: string,
): Promise<LogProof> {
  const now = settings.now?.() ?? new Date();
  const to = now.toISOString();
  const traced = await trace(lookup, principal, await keysOf(clients, principal), {
    from: longestSessionBefore(since),
    to,
  });
  const events = [...traced.own, ...traced.bySessions];
  const others = keysOfOthers(principal, { given: traced.given, events }, since);
  const answered = (answer: LogEvent['answer']) =>
    events
      .filter((event) => event.answer === answer && within({ from: since, to }, event))
      .filter((event) => !others.has(event.accessKeyId))
      .filter((event) => !DENIED_BY_NO_POLICY.has(`${event.service}:${event.name}`))
      .map(inWords)
      .slice(0, 50);
  const isOldEnough = now.getTime() - Date.parse(since) >= (settings.logDelaySeconds ?? 900) * 1000;
  const isWhole = traced.completeFrom === null;
  return {
    calls: answered('accepted'),
    unclear: answered('failed'),
    logComplete: isOldEnough && isWhole,
    ...(isWhole ? {} : { gap: GAP }),
    scope: `CloudTrail of ${[...clients.cloudtrail.keys()].toSorted().join(', ')}`,
  };
}

const GAP =
  'The log of this identity and of the sessions it led to is longer than Cordon reads, or has records that it does not understand: its silence proves nothing. Look through CloudTrail by hand.';

function inWords({ service, name, at, address, errorCode }: LogEvent): string {
  const error = errorCode === '' ? '' : ` (${errorCode.replaceAll(/[^\w.]/gu, '').slice(0, 60)})`;
  return `${service}:${name} at ${at} from ${address || 'an unknown address'}${error}`;
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

function changes(
  events: readonly LogEvent[],
  holderOf: (event: LogEvent) => SessionHolder | null = () => null,
): readonly Change[] {
  return events.flatMap((event) => {
    const change = identityChange(event);
    const holder = holderOf(event);
    return change ? [{ ...change, id: event.id, ...(holder ? { holder } : {}) }] : [];
  });
}

function withoutId(change: Change): IdentityChange {
  const { id: _, ...rest } = change;
  return rest;
}

function longestSessionBefore(at: string): string {
  return new Date(Date.parse(at) - LONGEST_SESSION_MS).toISOString();
}

function earlier(a: string, b: string): string {
  return Date.parse(a) < Date.parse(b) ? a : b;
}

function later(a: string, b: string): string {
  return Date.parse(a) > Date.parse(b) ? a : b;
}
