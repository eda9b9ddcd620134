import type { TimeWindow } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { LogEvent } from './event.ts';
import type { FoundEvents, LogAttribute, Lookup } from './lookup.ts';
import { merge } from './lookup.ts';
import { isAssumption, isMinting } from './summary.ts';

/** How far sessions are followed; beyond, the trace says that it is not complete. */
const MOST_SESSIONS = 20;
const DEEPEST = 3;

export interface Trace {
  /** By the principal itself, sessions minted from its key included. */
  readonly own: readonly LogEvent[];
  /** By sessions of roles that it assumed, and of roles that those assumed. */
  readonly bySessions: readonly LogEvent[];
  /** Of a role: all that asked for a session of it. */
  readonly given: readonly LogEvent[];
  /** As in `FoundEvents`. */
  readonly completeFrom: string | null;
}

/**
 * Everything that the log shows of a principal in a window: by its name, by its access keys, and then by each temporary key that
 * the log says was given out to it, link by link. Where the alert named one session of a role, that one and its chain come first:
 * it is not left out for the many that others hold.
 */
export async function trace(
  lookup: Lookup,
  principal: AwsPrincipal,
  accessKeyIds: readonly string[],
  window: TimeWindow,
): Promise<Trace> {
  const byKey = (value: string): LogAttribute => ({ key: 'AccessKeyId', value });
  const find = (attributes: readonly LogAttribute[]) =>
    Promise.all(attributes.map((attribute) => lookup(attribute, window))).then(merge);
  const first = await find([...namesInLog(principal), ...accessKeyIds.map(byKey)]);
  const parts: FoundEvents[] = [first];
  const isOwn = (event: LogEvent) => belongsTo(principal, accessKeyIds, event);
  const seen = new Set(accessKeyIds);
  let cut = false;
  const follow = async (start: readonly LogEvent[]): Promise<void> => {
    for (let depth = 0, following = start; following.length > 0; depth++) {
      const issued = [...new Set(following.flatMap(keysGivenOut))].filter((id) => !seen.has(id));
      const room = depth < DEEPEST ? Math.max(0, MOST_SESSIONS + accessKeyIds.length - seen.size) : 0;
      cut ||= issued.length > room;
      const next = issued.slice(0, room);
      for (const id of next) seen.add(id);
      const found = await find(next.map(byKey));
      parts.push(found);
      following = found.events;
    }
  };
  const given = first.events.filter((event) => isSessionOf(principal, event));
  const starts = first.events.filter((event) => isOwn(event) || isSessionOf(principal, event));
  await follow(starts.filter((event) => isOfNamedSession(principal, event)));
  await follow(starts);
  const all = merge(parts);
  const own = all.events.filter(isOwn);
  const bySessions = all.events.filter((event) => !isOwn(event) && seen.has(event.accessKeyId));
  return { own, bySessions, given, completeFrom: cut ? window.to : all.completeFrom };
}

/** `Username` of the log is the session's name for a role: sessions of a role are found by who was given them, or by their names. */
function namesInLog({ kind, arn, name, session }: AwsPrincipal): readonly LogAttribute[] {
  if (kind !== 'role-session' && kind !== 'service-linked-role') return [{ key: 'Username', value: name }];
  return [
    { key: 'ResourceName', value: arn },
    ...(session === undefined ? [] : [{ key: 'Username', value: session } as const]),
  ];
}

/** It was given out, or it called. */
function isOfNamedSession({ arn, session }: AwsPrincipal, event: LogEvent): boolean {
  if (session === undefined) return false;
  return event.parameters['roleArn'] === arn
    ? event.parameters['roleSessionName'] === session
    : event.issuerArn === arn && event.identityArn.endsWith(`/${session}`);
}

/** A name is not enough: whoever assumes a role may call the session by the user's name. */
export function belongsTo(principal: AwsPrincipal, accessKeyIds: readonly string[], event: LogEvent): boolean {
  if (event.accessKeyId !== '' && accessKeyIds.includes(event.accessKeyId)) return true;
  switch (principal.kind) {
    case 'role-session':
    case 'service-linked-role':
      return event.issuerArn === principal.arn;
    case 'identity-center-user':
      return isSessionOfPerson(principal, event);
    case 'root':
      return event.identityType === 'Root';
    default:
      return event.identityArn === principal.arn;
  }
}

/** Of any role of the account that Identity Center gives out sessions of: only AWS makes roles under that path, and names the sessions. */
function isSessionOfPerson({ accountId, name }: AwsPrincipal, event: LogEvent): boolean {
  const roles = `arn:aws:iam::${accountId}:role/aws-reserved/sso.amazonaws.com/`;
  return event.issuerArn.startsWith(roles) && event.identityArn.endsWith(`/${name}`);
}

/** Someone was given a session of this very role. */
function isSessionOf({ arn }: AwsPrincipal, event: LogEvent): boolean {
  return isAssumption(event) && event.parameters['roleArn'] === arn;
}

/** Temporary and long-term keys that a call gave out. Access keys that it created are followed like sessions: what is done with them is done by the same hand. */
export function keysGivenOut(event: LogEvent): readonly string[] {
  if (event.issuedKeyId !== '' && (isAssumption(event) || isMinting(event))) return [event.issuedKeyId];
  return event.createdKeyId !== '' && event.service === 'iam' && event.errorCode === '' ? [event.createdKeyId] : [];
}
