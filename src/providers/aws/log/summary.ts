import { isDiscoveryApi } from '../../../domain/discovery.ts';
import type { AssumedRole, CallSummary, IdentityChange, TimeWindow } from '../../../domain/evidence.ts';
import { callerOf } from './caller.ts';
import { detailsOf } from './details.ts';
import { summariseCalls, type SummarisedCall } from '../../call-summary.ts';
import type { LogEvent } from './event.ts';

/** More are said in `truncated`. */
const MOST_ROLES = 50;

/** Both ends count; the log has whole seconds, so a window's first second counts whole. */
export function within(window: TimeWindow, event: LogEvent): boolean {
  const at = Date.parse(event.at);
  return at >= Math.floor(Date.parse(window.from) / 1000) * 1000 && at <= Date.parse(window.to);
}

/** Calls of one identity in one window. Calls that AWS services made on its behalf are not its own and are left out. */
export function summarise(events: readonly LogEvent[], window: TimeWindow, cut: boolean): CallSummary {
  const own = events.filter((event) => !event.byService && within(window, event));
  return summariseCalls(own.map(summarisedCall), window, cut);
}

const summarisedCall = (event: LogEvent): SummarisedCall => ({
  ...event,
  api: `${event.service}:${event.name}`,
  discoveryApi: isDiscoveryApi('aws', event.name) ? event.name : '',
  keyId: event.accessKeyId,
});

/** Roles whose sessions were really given out; the newest of each role and session name. */
export function assumedRoles(events: readonly LogEvent[]): { roles: readonly AssumedRole[]; cut: boolean } {
  const roles = new Map<string, AssumedRole>();
  for (const event of events) {
    const roleArn = event.parameters['roleArn'];
    if (!isAssumption(event) || typeof roleArn !== 'string') continue;
    const name = event.parameters['roleSessionName'];
    const sessionName = typeof name === 'string' ? name : '';
    const known = roles.get(`${roleArn} ${sessionName}`);
    if (!known || known.at < event.at)
      roles.set(`${roleArn} ${sessionName}`, { roleArn, sessionName, at: event.at, by: callerOf(event) });
  }
  const all = [...roles.values()].toSorted((a, b) => compare(a.at, b.at) || compare(a.roleArn, b.roleArn));
  return { roles: onlyOneSessionEachBeyond(all), cut: new Set(all.map((role) => role.roleArn)).size > MOST_ROLES };
}

/** Past the cap, a role is kept once: which roles matters more than how many sessions each had. */
function onlyOneSessionEachBeyond(all: readonly AssumedRole[]): readonly AssumedRole[] {
  if (all.length <= MOST_ROLES) return all;
  return [...new Map(all.map((role) => [role.roleArn, role])).values()].slice(0, MOST_ROLES);
}

export function isAssumption(event: LogEvent): boolean {
  return event.service === 'sts' && event.name.startsWith('AssumeRole') && event.errorCode === '';
}

/** GetSessionToken and GetFederationToken: sessions that outlive the key they were minted with. */
export function isMinting(event: LogEvent): boolean {
  const minting = event.name === 'GetSessionToken' || event.name === 'GetFederationToken';
  return event.service === 'sts' && minting && event.errorCode === '';
}

/** Writes on identities, their credentials, their policies, and the trust that lets others become them. */
export function identityChange(event: LogEvent): IdentityChange | null {
  if (event.byService || !isIdentityWrite(event)) return null;
  const details = detailsOf(event);
  return {
    eventName: event.name,
    target: targetOf(event),
    at: event.at,
    denied: event.denied,
    ...(event.errorCode === '' ? {} : { failed: true }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

const READS = /^(?:Get|List|Simulate|Generate)/u;
const OTHER_WRITES: Readonly<Record<string, RegExp>> = {
  rolesanywhere: /^(?:Create|Update|Enable|Import)/u,
  lambda: /^AddPermission/u,
  sso: /^(?:Create|Put|Attach|Provision|Update)/u,
};

function isIdentityWrite(event: LogEvent): boolean {
  if (event.service === 'iam') return !READS.test(event.name);
  return OTHER_WRITES[event.service]?.test(event.name) ?? false;
}

const TARGETS = ['userName', 'roleName', 'groupName', 'policyArn', 'policyName', 'instanceProfileName', 'functionName'];

/** A write that names nobody, such as CreateAccessKey without a user, is about the caller. */
function targetOf(event: LogEvent): string {
  const named = [...TARGETS, 'name', 'sAMLProviderArn', 'openIDConnectProviderArn']
    .map((parameter) => event.parameters[parameter])
    .find((value) => typeof value === 'string');
  return typeof named === 'string' ? named : event.identityName || event.identityArn || 'unknown';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
