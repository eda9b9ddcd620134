import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { LogEvent } from '../log/event.ts';
import { isAssumption } from '../log/summary.ts';
import { callerOf } from './caller.ts';

/**
 * Temporary keys of a role, and of roles down its chain, that were given out after `since` to callers who are not the suspect:
 * others go on using the role once the way in is closed to the suspect, and their calls are no sign that it came back.
 * `given`: who was given sessions of the role. Empty where the one suspect can't be told: then every call counts.
 */
export function keysOfOthers(
  { arn, session }: AwsPrincipal,
  given: readonly LogEvent[],
  bySessions: readonly LogEvent[],
  since: string,
): ReadonlySet<string> {
  const its = given.filter((event) => isAssumption(event) && event.parameters['roleArn'] === arn);
  const isBefore = (event: LogEvent) => Date.parse(event.at) < Math.floor(Date.parse(since) / 1000) * 1000;
  const stolen = its.filter(
    (event) => isBefore(event) && (session === undefined || event.parameters['roleSessionName'] === session),
  );
  const suspects = new Set(stolen.map(whose));
  const others = new Set<string>();
  if (suspects.size !== 1) return others;
  for (const event of its) {
    if (!isBefore(event) && !suspects.has(whose(event)) && event.issuedKeyId !== '') others.add(event.issuedKeyId);
  }
  const links = bySessions.filter((event) => isAssumption(event) && event.issuedKeyId !== '');
  for (let known = -1; known < others.size;) {
    known = others.size;
    for (const link of links) if (others.has(link.accessKeyId)) others.add(link.issuedKeyId);
  }
  return others;
}

function whose(event: LogEvent): string {
  const { kind, id, subject } = callerOf(event);
  return JSON.stringify(kind === 'federated' ? [kind, id, subject] : [kind, id]);
}
