import { parseArn } from '../../../domain/arn.ts';
import { canonicalJson } from '../../../domain/canonical.ts';
import type { ActivityFacts, AssumedRole, SessionCaller } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { TrustCaller } from '../actions/close-role-trust/trust.ts';
import { callerSchema } from '../actions/close-role-trust/trust.ts';
import { nameOfCaller } from '../log/caller.ts';

export interface WayIn {
  readonly roleArn: string;
  readonly callers: readonly TrustCaller[];
}

export interface WaysIn {
  readonly ways: readonly WayIn[];
  readonly caveats: readonly string[];
}

const NONE: WaysIn = { ways: [], caveats: [] };

/**
 * How the holder of a stolen role session got it, and can get the next one. Only of role sessions: a user is denied everything, and
 * so gets into no role again. Never guesses: of several callers none is shut out, and a person is told.
 */
export function waysIn(principal: AwsPrincipal, activity: ActivityFacts | null): WaysIn {
  if (principal.kind !== 'role-session') return NONE;
  if (activity === null) {
    return {
      ...NONE,
      caveats: [`How the suspect got into role ${principal.name} is unknown: the way back in is open.`],
    };
  }
  const first = intoItself(principal, activity.entries ?? []);
  const chain = downTheChain(principal, activity.assumedRoles);
  return { ways: [...first.ways, ...chain], caveats: first.caveats };
}

function intoItself(principal: AwsPrincipal, entries: readonly AssumedRole[]): WaysIn {
  const { name, session, arn } = principal;
  const its = entries.filter(({ sessionName }) => session === undefined || sessionName === session);
  const callers = distinct(its.flatMap(({ by }) => (by ? [by] : [])));
  const [caller] = callers;
  const caveat = (text: string): WaysIn => ({ ways: [], caveats: [text] });
  if (!caller) {
    return caveat(
      `Who was given the session of role ${name} is not in the log: the way back in is open. Look at its trust policy.`,
    );
  }
  if (callers.length > 1) {
    const who = callers.slice(0, 5).map(nameOfCaller).join(', ');
    return caveat(
      `Sessions of role ${name} were given to ${who}: which is the suspect can't be told. Close its way back in by hand.`,
    );
  }
  if (caller.kind === 'service') {
    return caveat(
      `Role ${name} is used by ${nameOfCaller(caller)}, whose compute fetches fresh sessions at once: isolate the machine or function.`,
    );
  }
  const known = trustCaller(caller);
  if (known) return { ways: [{ roleArn: arn, callers: [known] }], caveats: [] };
  return caveat(
    `The session of role ${name} was given to ${nameOfCaller(caller)}, whom Cordon can't shut out of a trust policy: do it by hand.`,
  );
}

/** Roles that the sessions got into in turn, link by link. With the session known, only what that very session led to. */
function downTheChain(principal: AwsPrincipal, assumed: readonly AssumedRole[]): readonly WayIn[] {
  const here = assumed.filter(({ roleArn }) => parseArn(roleArn)?.accountId === principal.accountId);
  const links = here.filter(
    ({ roleArn, by }) => by?.kind === 'principal' && roleArn !== principal.arn && by.id !== roleArn,
  );
  const held = new Set([`${principal.arn} ${principal.session ?? '*'}`]);
  const isHeld = ({ by }: AssumedRole) =>
    by !== undefined && (held.has(`${by.id} *`) || held.has(`${by.id} ${by.subject ?? ''}`));
  for (let known = 0; known < held.size;) {
    known = held.size;
    for (const link of links) if (isHeld(link)) held.add(`${link.roleArn} ${link.sessionName}`);
  }
  const reached = Map.groupBy(links.filter(isHeld), ({ roleArn }) => roleArn);
  return [...reached]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([roleArn, group]) => {
      const callers = distinct(group.flatMap(({ by }) => (by ? [by] : []))).flatMap((by) => trustCaller(by) ?? []);
      return callers.length > 0 ? [{ roleArn, callers }] : [];
    });
}

/** The log's words in a trust policy's form, or null where they do not have it. */
function trustCaller({ kind, id, subject }: SessionCaller): TrustCaller | null {
  return callerSchema.safeParse({ kind, id, ...(kind === 'federated' ? { subject } : {}) }).data ?? null;
}

/** The sessions of one role are one caller. Sorted, so that the same facts make the same request. */
function distinct(callers: readonly SessionCaller[]): readonly SessionCaller[] {
  const key = ({ kind, id, subject }: SessionCaller) =>
    canonicalJson(kind === 'federated' ? { kind, id, subject: subject ?? '' } : { kind, id });
  const byKey = new Map(callers.map((caller) => [key(caller), caller]));
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, caller]) => caller);
}
