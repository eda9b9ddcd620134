import type { SessionCaller, SessionHolder } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { LogEvent } from '../log/event.ts';
import { isAssumption } from '../log/summary.ts';
import { keysGivenOut } from '../log/trace.ts';
import { callerOf, nameOfCaller } from '../log/caller.ts';

/** What the log tells of a role: who was given sessions of it, and all that was done by them and down their chains. */
export interface RoleLog {
  readonly given: readonly LogEvent[];
  readonly events: readonly LogEvent[];
}

/** The session of the role at the start of a chain. */
interface Session {
  readonly name: string;
  /** When it was given out; empty where the log does not say. */
  readonly at: string;
  /** Null where the log does not say. */
  readonly by: SessionCaller | null;
}

/**
 * By whom a call was made, where that is not the suspect for certain. With one caller who is the suspect, the sessions of all other
 * callers are others'; where the suspect can't be told by the caller, by the name of the session at best. Never for certain
 * another's: what was given to whom the suspect itself may have let in.
 */
export function holders(principal: AwsPrincipal, log: RoleLog): (event: LogEvent) => SessionHolder | null {
  if (principal.kind !== 'role-session') return () => null;
  const sessions = sessionsIn(principal, log);
  const suspected = suspectedAmong(principal, log.given, sessions);
  const suspects = callersOf(suspected);
  const others = sessionsOfOthers(log, sessions, suspects, () => true);
  const names = new Set(suspected.map(({ name }) => name).concat(principal.session ?? []));
  if (principal.session === undefined) for (const event of log.events) names.add(sessionName(event, principal));
  names.delete('');
  const isOne = suspects.size <= 1 && (principal.session !== undefined || names.size === 1);
  return (event) => {
    const session = sessions.get(event.accessKeyId) ?? sessionAt(event, principal);
    if (others.has(session)) return { is: 'other', name: session.by ? nameOfCaller(session.by) : '' };
    const isCaller = suspects.size === 1 && session.by !== null && suspects.has(whose(session.by));
    const isSuspect = (isOne && names.has(session.name)) || (isCaller && isOnePerson(session.by));
    return isSuspect ? null : { is: 'unclear', name: session.name };
  };
}

/**
 * Temporary keys of a role, and of roles down its chain, that were given out from `since` on to callers who are not the suspect:
 * others go on using the role once the way in is closed to the suspect, and their calls are no sign that it came back. Empty where
 * the one suspect can't be told: then every call counts.
 */
export function keysOfOthers(principal: AwsPrincipal, log: RoleLog, since: string): ReadonlySet<string> {
  if (principal.kind !== 'role-session') return new Set();
  // The log has whole seconds.
  const second = Math.floor(Date.parse(since) / 1000) * 1000;
  const isSince = ({ at }: { readonly at: string }) => Date.parse(at) >= second;
  const sessions = sessionsIn(principal, log);
  const before = log.given.filter((event) => !isSince(event));
  const suspects = callersOf(suspectedAmong(principal, before, sessions));
  const others = sessionsOfOthers(log, sessions, suspects, isSince);
  return new Set([...sessions].flatMap(([key, session]) => (others.has(session) ? [key] : [])));
}

/** By temporary key. A session that led back into the role by itself starts nothing new. */
function sessionsIn(principal: AwsPrincipal, { given, events }: RoleLog): ReadonlyMap<string, Session> {
  const givers = new Map([...given, ...events].flatMap((event) => keysGivenOut(event).map((key) => [key, event])));
  const made = new Map<LogEvent, Session>();
  const start = (first: LogEvent): Session => {
    const session = made.get(first) ?? sessionAt(first, principal);
    made.set(first, session);
    return session;
  };
  return new Map([...givers.keys()].map((key) => [key, start(firstOf(key, givers))]));
}

/** Up the chain, from who was given a key to who gave that one its own. */
function firstOf(key: string, givers: ReadonlyMap<string, LogEvent>): LogEvent {
  const seen = new Set<LogEvent>();
  let first = givers.get(key);
  for (let next = first; next && !seen.has(next); next = givers.get(next.accessKeyId)) {
    seen.add(next);
    first = next;
  }
  if (!first) throw new Error('A key that nobody gave out has no giver.');
  return first;
}

function sessionAt(event: LogEvent, principal: AwsPrincipal): Session {
  const isInto = isAssumption(event) && event.parameters['roleArn'] === principal.arn;
  // A session of the role itself whose own start the log does not have.
  if (!isInto || event.issuerArn === principal.arn) return { name: sessionName(event, principal), at: '', by: null };
  const name = event.parameters['roleSessionName'];
  return { name: typeof name === 'string' ? name : '', at: event.at, by: callerOf(event) };
}

function sessionName({ issuerArn, identityArn }: LogEvent, { arn }: AwsPrincipal): string {
  return issuerArn === arn ? (identityArn.split('/').at(-1) ?? '') : '';
}

/** Where those sessions started that the alert may have meant: those of the name it has, or any where it has none. */
function suspectedAmong(
  principal: AwsPrincipal,
  given: readonly LogEvent[],
  sessions: ReadonlyMap<string, Session>,
): readonly Session[] {
  const isMeant = ({ parameters }: LogEvent) =>
    principal.session === undefined || parameters['roleSessionName'] === principal.session;
  return given
    .filter((event) => isAssumption(event) && event.parameters['roleArn'] === principal.arn && isMeant(event))
    .map((event) => sessions.get(event.issuedKeyId) ?? sessionAt(event, principal));
}

function callersOf(sessions: readonly Session[]): ReadonlySet<string> {
  return new Set(sessions.flatMap(({ by }) => (by ? [whose(by)] : [])));
}

function sessionsOfOthers(
  { events }: RoleLog,
  sessions: ReadonlyMap<string, Session>,
  suspects: ReadonlySet<string>,
  mayBe: (session: Session) => boolean,
): ReadonlySet<Session> {
  const isOther = (session: Session) => session.by !== null && !suspects.has(whose(session.by)) && mayBe(session);
  let others = new Set(suspects.size === 1 ? [...sessions.values()].filter(isOther) : []);
  // Whoever the suspect let in is not another; and what those did in turn is the suspect's as well.
  for (let known = -1; known !== others.size;) {
    known = others.size;
    const touched = touchedBy(events.filter(({ accessKeyId }) => !others.has(sessions.get(accessKeyId) ?? NOBODY)));
    others = new Set([...others].filter(({ by }) => by !== null && !touched(by)));
  }
  return others;
}

const NOBODY: Session = { name: '', at: '', by: null };

/** Whether somebody is one whom these calls gave a credential or trust, or may have: a change of the role's own trust lets in anyone. */
function touchedBy(events: readonly LogEvent[]): (caller: SessionCaller) => boolean {
  const changes = events.filter(
    ({ service, name, errorCode }) => service === 'iam' && errorCode === '' && GIVES.test(name),
  );
  const isOpen = changes.some(({ name }) => LETS_IN_ANYONE.test(name));
  const named = changes.flatMap(({ parameters }) => [parameters['userName'], parameters['roleName']]);
  // IAM has no two names that differ in case alone, and a caller writes them as they like.
  const names = new Set(named.map((name) => (typeof name === 'string' ? name.toLowerCase() : '')));
  return ({ id }) => isOpen || names.has((id.split('/').at(-1) ?? '').toLowerCase());
}

const GIVES = /^(?:Create|Update|Put|Attach|Add|Upload|Enable|Reset|Set)/u;
/** Trust in roles and in identity providers. */
const LETS_IN_ANYONE = /^(?:UpdateAssumeRolePolicy|(?:Create|Update|Add)\w*(?:OpenIDConnect|SAML)\w*)$/u;

/** Of a role or a service many have sessions, of a user and of a federated subject one has. */
function isOnePerson(caller: SessionCaller | null): boolean {
  return caller?.kind === 'federated' || (caller?.subject === undefined && caller?.kind !== 'service');
}

function whose({ kind, id, subject }: SessionCaller): string {
  return JSON.stringify(kind === 'federated' ? [kind, id, subject] : [kind, id]);
}
