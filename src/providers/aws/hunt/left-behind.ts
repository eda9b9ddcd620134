import type { ActivityFacts, ChangedIdentity, IdentityChange } from '../../../domain/evidence.ts';
import type { JsonObject } from '../../../domain/json.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { AwsActionId } from '../actions/index.ts';
import { RESERVED_POLICY } from './owner.ts';

export interface CounterMeasure {
  readonly action: AwsActionId;
  readonly target: string;
  readonly parameters: JsonObject;
}

export interface LeftBehind {
  readonly measures: readonly CounterMeasure[];
  /** What has no counter-measure that can be undone, or that could not be confirmed. */
  readonly caveats: readonly string[];
}

/**
 * Persistence: what the suspect made that outlives its own containment, and what takes it away again. Only changes that succeeded.
 * A change that nothing here knows is a caveat: it is never taken for harmless.
 */
export function leftBehind(principal: AwsPrincipal, activity: ActivityFacts | null, caseId: string): LeftBehind {
  const changes = (activity?.changesByPrincipal ?? []).filter(({ failed, denied }) => !failed && !denied);
  const made = changes
    .filter(({ eventName, owner }) => CREATIONS.has(eventName) && owner)
    .flatMap(({ owner }) => owner ?? []);
  const denied = new Set(made.map(({ arn }) => arn));
  const own = principal.kind === 'iam-user' ? principal.arn : null;
  const sorted = changes.map((change) => judge(change, denied, own));
  const found = sorted.flatMap((one) => (typeof one === 'object' ? [one] : []));
  const loose = sorted.flatMap((one, index) => (one === 'by hand' ? [changes[index] as IdentityChange] : []));
  return { measures: [...measuresOf(found, caseId)], caveats: caveatsOf(loose) };
}

const CREATIONS = new Set(['CreateUser', 'CreateRole']);

/** Credentials of the suspect itself: the deny on it and the other actions on it cover them. */
const OWN_CREDENTIALS =
  /^(?:(?:Create|Update|Delete)AccessKey|(?:Create|Update|Delete)LoginProfile|ChangePassword|(?:Upload|Update|Delete)(?:SSHPublicKey|SigningCertificate)|(?:Create|Update|Reset|Delete)ServiceSpecificCredential|(?:Create|Enable|Resync|Deactivate|Delete)(?:Virtual)?MFADevice)$/u;

/** They take away, or stand idle until something else refers to them; that something else is judged by itself. */
const HARMLESS =
  /^(?:CreatePolicy|CreateInstanceProfile|Tag\w+|Untag\w+|DeleteUser|DeleteRole|DeleteAccessKey|DeleteLoginProfile)$/u;

interface Found {
  readonly kind: 'identity' | 'key' | 'attached' | 'inline';
  readonly owner: ChangedIdentity;
  readonly item: string;
}

function judge(change: IdentityChange, denied: ReadonlySet<string>, own: string | null): Found | 'covered' | 'by hand' {
  const { eventName, owner, details } = change;
  // What was made and is gone again needs nothing.
  if (owner === null || HARMLESS.test(eventName)) return 'covered';
  const found = owner ? findingOf(eventName, owner, details) : null;
  const isOwn =
    own !== null && (owner?.arn === own || change.target === own || change.target === own.split('/').at(-1));
  if (isOwn && OWN_CREDENTIALS.test(eventName)) return 'covered';
  if (found) return found;
  // Under an unconditional deny it can do nothing with whatever else it was given.
  return owner && denied.has(owner.arn) ? 'covered' : 'by hand';
}

function findingOf(eventName: string, owner: ChangedIdentity, details: IdentityChange['details']): Found | null {
  const { accessKeyId, policyArn, policyName } = details ?? {};
  switch (eventName) {
    case 'CreateUser':
    case 'CreateRole':
      return { kind: 'identity', owner, item: '' };
    case 'CreateAccessKey':
      return accessKeyId === undefined ? null : { kind: 'key', owner, item: accessKeyId };
    case 'AttachUserPolicy':
    case 'AttachRolePolicy':
      return policyArn === undefined ? null : { kind: 'attached', owner, item: policyArn };
    case 'PutUserPolicy':
    case 'PutRolePolicy':
      // Under a name that Cordon itself puts, a removal would take Cordon's own policy away.
      return policyName === undefined || RESERVED_POLICY.test(policyName)
        ? null
        : { kind: 'inline', owner, item: policyName };
    default:
      return null;
  }
}

/**
 * In the order of safety. Inline policies go before the deny: the suspect may have filled the room that the deny needs. One request an
 * action and target, whatever the order of the facts.
 */
function* measuresOf(found: readonly Found[], caseId: string): Generator<CounterMeasure> {
  const groups = (kind: Found['kind']) =>
    [
      ...Map.groupBy(
        found.filter((one) => one.kind === kind),
        ({ owner }) => owner.arn,
      ),
    ].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const idOf = (group: readonly Found[]) => group[0]?.owner.uniqueId ?? '';
  const items = (group: readonly Found[]) => [...new Set(group.map(({ item }) => item))].toSorted();
  for (const [target, group] of groups('key')) {
    yield { action: 'deactivate-created-keys', target, parameters: { accessKeyIds: items(group) } };
  }
  for (const [target, group] of groups('inline')) {
    yield {
      action: 'remove-inline-policies',
      target,
      parameters: { policyNames: items(group), uniqueId: idOf(group) },
    };
  }
  for (const [target, group] of groups('identity')) {
    const uniqueId = idOf(group);
    yield {
      action: 'deny-created-identity',
      target,
      parameters: { caseId, policyName: `CordonDeny-${caseId}`, uniqueId },
    };
  }
  for (const [target, group] of groups('attached')) {
    yield { action: 'detach-policies', target, parameters: { policyArns: items(group), uniqueId: idOf(group) } };
  }
}

/** One line for each kind of change, so that a flood of them does not hide the rest. */
function caveatsOf(changes: readonly IdentityChange[]): readonly string[] {
  const byName = [...Map.groupBy(changes, ({ eventName }) => eventName)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return byName.map(([eventName, group]) => {
    const targets = [...new Set(group.map(({ target }) => target.slice(0, 256)))].toSorted();
    const more = targets.length > 5 ? ` and ${targets.length - 5} more` : '';
    return `The suspect's ${eventName} on ${targets.slice(0, 5).join(', ')}${more} stands: look at it, and undo it by hand.`;
  });
}
