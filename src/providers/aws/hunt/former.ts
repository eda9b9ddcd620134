import { ListPolicyVersionsCommand } from '@aws-sdk/client-iam';

import { CordonFailure } from '../../../contracts/failures.ts';
import { parseArn } from '../../../domain/arn.ts';
import type { IdentityChange } from '../../../domain/evidence.ts';
import type { JsonObject } from '../../../domain/json.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { AwsClients } from '../clients.ts';
import type { LogEvent } from '../log/event.ts';
import type { FoundEvents, Lookup } from '../log/lookup.ts';
import { defaultSetBy, isIdleVersion, trustPutBy } from '../log/details.ts';
import { VERSION_ID } from '../names.ts';

/** As far as CloudTrail's event history goes back. */
const HISTORY_MS = 90 * 86_400_000;
/** Each costs a look-up or a few, at two a second, inside the time that evidence may take; what is not looked up is a caveat. */
const MOST_LOOKED_UP = 3;
const PAGES = 2;

interface Changed {
  readonly kind: 'policy' | 'role';
  /** The ARN of a policy, the name of a role. */
  readonly name: string;
  /** The first time that the suspect changed it. */
  readonly first: LogEvent;
}

/**
 * Adds to the changes by which the suspect replaced something what stood there before: the default version of a policy, the trust
 * policy of a role. The event of the change does not tell it; an older one by somebody else does. Only what is certain: anything
 * that the suspect may have had a hand in, or that could have been changed unseen since, is left out.
 */
export async function withFormer(
  clients: AwsClients,
  lookup: Lookup,
  principal: AwsPrincipal,
  bySuspect: readonly LogEvent[],
  changes: readonly IdentityChange[],
): Promise<readonly IdentityChange[]> {
  const changed = [...firstChanges(principal, bySuspect)].slice(0, MOST_LOOKED_UP);
  const found = new Map(
    await Promise.all(
      changed.map(async ([key, one]) => [key, await formerOf(clients, lookup, principal, bySuspect, one)] as const),
    ),
  );
  return changes.map((change) => {
    const before = found.get(keyOfChange(change));
    return before ? { ...change, before } : change;
  });
}

function firstChanges(principal: AwsPrincipal, bySuspect: readonly LogEvent[]): ReadonlyMap<string, Changed> {
  const made = new Set(
    bySuspect.filter(({ name }) => name === 'CreateRole').map(({ parameters }) => parameters['roleName']),
  );
  const first = new Map<string, Changed>();
  for (const event of bySuspect.filter(succeeded).toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    const { policyArn, roleName } = event.parameters;
    const isPolicy = defaultSetBy(event) !== null && typeof policyArn === 'string';
    const isRole = event.name === 'UpdateAssumeRolePolicy' && typeof roleName === 'string' && !made.has(roleName);
    if (isPolicy && parseArn(policyArn)?.accountId === principal.accountId && !first.has(`policy ${policyArn}`))
      first.set(`policy ${policyArn}`, { kind: 'policy', name: policyArn, first: event });
    if (isRole && !first.has(`role ${roleName}`))
      first.set(`role ${roleName}`, { kind: 'role', name: roleName, first: event });
  }
  return first;
}

function keyOfChange({ eventName, details, failed }: IdentityChange): string {
  if (failed) return '';
  if (details?.policyVersionId !== undefined) return `policy ${details.policyArn ?? ''}`;
  return eventName === 'UpdateAssumeRolePolicy' ? `role ${details?.roleName ?? ''}` : '';
}

async function formerOf(
  clients: AwsClients,
  lookup: Lookup,
  principal: AwsPrincipal,
  bySuspect: readonly LogEvent[],
  changed: Changed,
): Promise<JsonObject | null> {
  const { first, name, kind } = changed;
  const window = { from: new Date(Date.parse(first.at) - HISTORY_MS).toISOString(), to: first.at };
  const history = await orNothing(lookup({ key: 'ResourceName', value: name }, window, PAGES));
  if (!history) return null;
  // A log that does not find the suspect's own change under the name would not find another one either.
  if (!history.events.some(({ id }) => id === first.id)) return null;
  const last = lastSetting(history, changed);
  if (last === null) return kind === 'policy' ? onlyOther(clients, bySuspect, changed, history) : null;
  const suspects = new Set(bySuspect.map(({ identityArn }) => identityArn));
  const isSuspect = suspects.has(last.identityArn) || [last.identityArn, last.issuerArn].includes(principal.arn);
  // Times have whole seconds: of the same one, nobody knows which came first.
  const isCertain = last.at < first.at && (history.completeFrom === null || last.at >= history.completeFrom);
  if (isSuspect || !isCertain) return null;
  if (kind === 'policy') {
    const versionId = last.name === 'CreatePolicy' ? 'v1' : defaultSetBy(last);
    return versionId === null ? null : { versionId };
  }
  const trustPolicy = trustPutBy(last);
  return trustPolicy === null ? null : { trustPolicy };
}

/** The newest event before the suspect's that says what stood there; null where there is none. */
function lastSetting({ events }: FoundEvents, { kind, name, first }: Changed): LogEvent | null {
  const settings =
    kind === 'policy'
      ? ['CreatePolicy', 'CreatePolicyVersion', 'SetDefaultPolicyVersion']
      : ['CreateRole', 'UpdateAssumeRolePolicy', 'DeleteRole'];
  const isAbout = (event: LogEvent) =>
    event.name === 'CreatePolicy' || event.parameters[kind === 'policy' ? 'policyArn' : 'roleName'] === name;
  return (
    events.find(
      (event) =>
        event.id !== first.id &&
        event.service === 'iam' &&
        succeeded(event) &&
        settings.includes(event.name) &&
        isAbout(event) &&
        !isIdleVersion(event),
    ) ?? null
  );
}

/**
 * Nobody set the default in all the time that the log covers. Where the suspect's version is still there, none below it was ever
 * deleted, and all but one are the suspect's or younger, that one was it.
 */
async function onlyOther(
  clients: AwsClients,
  bySuspect: readonly LogEvent[],
  { name, first }: Changed,
  { completeFrom }: FoundEvents,
): Promise<JsonObject | null> {
  if (completeFrom !== null || first.name !== 'CreatePolicyVersion') return null;
  const own = new Set(
    bySuspect.filter(({ name: call }) => call === 'CreatePolicyVersion').map(({ made }) => made.policyVersionId),
  );
  const versions = await versionsOf(clients, name);
  const ids = versions.map(({ VersionId = '' }) => VersionId);
  const numbers = ids.filter((id) => VERSION_ID.test(id)).map((id) => Number(id.slice(1)));
  const isThere = ids.includes(first.made.policyVersionId);
  const noneDeleted = isThere && Math.max(...numbers) === versions.length && numbers.length === versions.length;
  const before = Date.parse(first.at);
  const others = versions.filter(
    ({ VersionId = '', CreateDate }) => !own.has(VersionId) && (CreateDate?.getTime() ?? before) < before,
  );
  const [only] = others;
  return noneDeleted && others.length === 1 && only?.VersionId !== undefined ? { versionId: only.VersionId } : null;
}

/** At most five. */
async function versionsOf({ iam }: AwsClients, PolicyArn: string) {
  return (await orNothing(iam.send(new ListPolicyVersionsCommand({ PolicyArn }))))?.Versions ?? [];
}

/** Null where AWS did not answer: then nothing is certain, and what the suspect changed is a caveat. */
async function orNothing<Found>(read: Promise<Found>): Promise<Found | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof CordonFailure) return null;
    throw error;
  }
}

function succeeded({ errorCode }: LogEvent): boolean {
  return errorCode === '';
}
