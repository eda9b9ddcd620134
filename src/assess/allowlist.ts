import type { Alert } from '../domain/alert.ts';
import type { ActivityFacts, Gathered } from '../domain/evidence.ts';
import type { Principal } from '../domain/principal.ts';
import { resourceOf } from '../domain/principal.ts';
import { matchesResource } from '../domain/resource-name.ts';
import { matchesWildcard } from '../domain/wildcard.ts';
import type { AllowlistEntry, AssessmentPolicy } from '../policy/policy.ts';
import { inNetwork } from './addresses.ts';
import { observe } from './observation.ts';
import { named } from './wording.ts';

/**
 * matched: all that was seen is what the entry lists · outside: a listed identity did something else, which is a finding ·
 * undecidable: nothing contradicts the entry, but not all is known · none: no live entry names this identity.
 */
export type AllowlistMatch =
  | { readonly status: 'matched'; readonly entry: AllowlistEntry }
  | { readonly status: 'outside'; readonly entry: AllowlistEntry; readonly because: readonly string[] }
  | { readonly status: 'undecidable'; readonly entry: AllowlistEntry; readonly because: readonly string[] }
  | { readonly status: 'none'; readonly expired: readonly AllowlistEntry[] };

/**
 * Principal, every address and every API must be the entry's; user agent and tags are never looked at, the caller chooses
 * them. Entries are not combined: one of them must cover all. Their order does not matter.
 */
export function matchAllowlist(
  principal: Principal,
  activity: Gathered<ActivityFacts>,
  alert: Alert,
  policy: AssessmentPolicy,
): AllowlistMatch {
  const resource = resourceOf(principal);
  const naming = policy.allowlist.filter((entry) => matchesResource(entry.principal, resource)).toSorted(byContent);
  const live = naming.filter((entry) => isLive(entry, policy.asOf));
  const [first] = live;
  if (!first) return { status: 'none', expired: naming };

  const observation = observe(alert, activity);
  if (observation.extent === 'nothing') return { status: 'undecidable', entry: first, because: [observation.reason] };

  const judged = live.map((entry) => ({ entry, because: deviations(entry, observation.facts) }));
  const covering = judged.filter(({ because }) => because.length === 0).map(({ entry }) => entry);
  if (covering[0] === undefined) {
    const nearest = judged.reduce((best, next) => (next.because.length < best.because.length ? next : best));
    return { status: 'outside', ...nearest };
  }
  if (observation.extent === 'partial')
    return { status: 'undecidable', entry: covering[0], because: [observation.reason] };

  const contradicted = covering.map((entry) => ({ entry, because: contradictions(entry, alert) }));
  const settled = contradicted.find(({ because }) => because.length === 0);
  return settled
    ? { status: 'matched', entry: settled.entry }
    : { status: 'undecidable', ...(contradicted[0] as Judged) };
}

interface Judged {
  readonly entry: AllowlistEntry;
  readonly because: readonly string[];
}

/** What the log shows and the entry does not list. */
function deviations(entry: AllowlistEntry, facts: ActivityFacts): string[] {
  const { around, assumedRoles, mintedSessions } = facts;
  const foreign = around.addresses.filter((address) => !entry.networks.some((network) => inNetwork(address, network)));
  const changes = [...facts.changesByPrincipal, ...facts.changesOfPrincipal].map(({ eventName }) => `iam:${eventName}`);
  const calls = [...around.apis, ...changes, ...(assumedRoles.length > 0 ? ['sts:AssumeRole'] : [])];
  const unlisted = [...new Set(calls)].filter((api) => !lists(entry, api)).toSorted();
  const mintUnlisted =
    mintedSessions > 0 && !lists(entry, 'sts:GetSessionToken') && !lists(entry, 'sts:GetFederationToken');
  return [
    ...(foreign.length > 0 ? [`address outside its networks: ${named(foreign)}`] : []),
    ...(around.addresses.length === 0 ? ['no address in the log'] : []),
    ...(around.apis.length === 0 ? ['no API in the log'] : []),
    ...(unlisted.length > 0 ? [`call that it does not list: ${named(unlisted)}`] : []),
    ...(mintUnlisted ? ['sessions minted, which it does not list'] : []),
  ];
}

/** What the alert claims beyond the entry and the log does not show: no evidence, but two sources that disagree. */
function contradictions(entry: AllowlistEntry, alert: Alert): string[] {
  const foreign = alert.sourceAddresses.filter(
    (address) => !entry.networks.some((network) => inNetwork(address, network)),
  );
  return foreign.length > 0 ? [`the alert names an address that the log does not show: ${named(foreign)}`] : [];
}

function lists(entry: AllowlistEntry, api: string): boolean {
  return entry.actions.some((action) => matchesWildcard(action, api));
}

/** The day it names is its last; a date that can't be read is over. */
function isLive(entry: AllowlistEntry, asOf: string): boolean {
  const now = Date.parse(asOf);
  const end = Date.parse(`${entry.expires}T23:59:59.999Z`);
  return now <= end;
}

function byContent(left: AllowlistEntry, right: AllowlistEntry): number {
  const [one, other] = [JSON.stringify([left.name, left]), JSON.stringify([right.name, right])];
  return one < other ? -1 : Number(one > other);
}
