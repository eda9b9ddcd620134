import type { ActivityFacts, IdentityChange, SessionHolder } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import { changesThatStand } from '../../standing-changes.ts';
import { findingOf } from './findings.ts';
import type { CounterMeasure, Finding, MeasureId } from './measures.ts';
import { measuresOf } from './measures.ts';

export interface LeftBehind {
  readonly measures: readonly CounterMeasure[];
  /** What has no counter-measure that can be undone, or that could not be confirmed. */
  readonly caveats: readonly string[];
}

/**
 * Persistence: what the suspect made that outlives its own containment, and what takes it away again. Only changes that succeeded.
 * A change that nothing here knows is a caveat: it is never taken for harmless. `closed`: ARNs of roles whose trust policy another
 * action of the plan edits.
 */
export function leftBehind(
  principal: AwsPrincipal,
  activity: ActivityFacts | null,
  caseId: string,
  closed: ReadonlySet<string> = new Set(),
): LeftBehind {
  const all = (activity?.changesByPrincipal ?? []).filter(({ failed, denied }) => !failed && !denied);
  const isOthers = ({ holder }: IdentityChange) => holder?.is === 'other';
  const judged = judgeAll(
    all.filter((change) => !isOthers(change)),
    principal,
  );
  const found = judged.flatMap(({ judgement }) => (typeof judgement === 'object' ? [judgement] : []));
  const loose = judged.flatMap(({ change, judgement }) => (judgement === 'by hand' ? [change] : []));
  const yields = ({ action, target }: Finding) => action === 'restore-role-trust' && closed.has(target);
  const yielded = [...new Set(found.filter(yields).map(({ target }) => target))].toSorted();
  return {
    measures: measuresOf(
      found.filter((finding) => !yields(finding)),
      caseId,
    ),
    caveats: [
      ...changesThatStand(loose, advice),
      ...yielded.map(stillTrusted),
      ...ofHolders(principal, [...judged, ...judgeAll(all.filter(isOthers), principal)]),
    ],
  };
}

interface Judged {
  readonly change: IdentityChange;
  readonly judgement: Finding | 'covered' | 'by hand';
}

function judgeAll(changes: readonly IdentityChange[], principal: AwsPrincipal): readonly Judged[] {
  const made = madeBy(changes, principal.accountId);
  return changes.map((change) => ({ change, judgement: judge(change, changes, made, principal) }));
}

/** Credentials of the suspect itself: the deny on it and the other actions on it cover them. */
const OWN_CREDENTIALS =
  /^(?:(?:Create|Update|Delete)AccessKey|(?:Create|Update|Delete)LoginProfile|ChangePassword|(?:Upload|Update|Delete)(?:SSHPublicKey|SigningCertificate)|(?:Create|Update|Reset|Delete)ServiceSpecificCredential|(?:Create|Enable|Resync|Deactivate|Delete)(?:Virtual)?MFADevice)$/u;

/**
 * They stand idle until something else refers to them; that something else is judged by itself. By the tags of a user or a role
 * policies decide what it may do: those are not among them.
 */
const HARMLESS = /^(?:CreatePolicy|CreateGroup|CreateInstanceProfile|(?:Tag|Untag)(?!(?:User|Role)$)\w+)$/u;

/** Taken from an identity that is denied everything as well: the room for the deny, and rights that come back with a rollback. */
const TAKEN_UNDER_A_DENY: ReadonlySet<MeasureId> = new Set([
  'deny-created-identity',
  'deactivate-created-keys',
  'remove-inline-policies',
  'detach-policies',
]);

/** ARNs of what the suspect created, and the plan takes away. */
interface MadeBySuspect {
  readonly identities: ReadonlySet<string>;
  readonly providers: ReadonlySet<string>;
}

function madeBy(changes: readonly IdentityChange[], accountId: string): MadeBySuspect {
  const findings = changes.flatMap((change) => findingOf(change, accountId) ?? []);
  const targets = (id: MeasureId) =>
    new Set(findings.filter(({ action }) => action === id).map(({ target }) => target));
  return {
    identities: targets('deny-created-identity'),
    providers: targets('delete-created-identity-providers'),
  };
}

function judge(
  change: IdentityChange,
  changes: readonly IdentityChange[],
  made: MadeBySuspect,
  principal: AwsPrincipal,
): Judged['judgement'] {
  const { eventName, owner, details } = change;
  if (DELETES_AN_IDENTITY.test(eventName)) return tookBack(change, changes) ? 'covered' : 'by hand';
  if (owner === null && RENAMES.test(eventName)) return 'by hand';
  // What was made and is gone again needs nothing.
  if (owner === null || HARMLESS.test(eventName) || details?.idle) return 'covered';
  const finding = findingOf(change, principal.accountId);
  const own = principal.kind === 'iam-user' ? principal.arn : null;
  const isOwn =
    own !== null && (owner?.arn === own || change.target === own || change.target === own.split('/').at(-1));
  if (isOwn && OWN_CREDENTIALS.test(eventName)) return 'covered';
  // Under an unconditional deny it can do nothing with whatever else it was given.
  if (owner && made.identities.has(owner.arn)) {
    return finding && TAKEN_UNDER_A_DENY.has(finding.action) ? finding : 'covered';
  }
  if (finding) return finding;
  if (tookBack(change, changes)) return 'covered';
  return made.providers.has(details?.providerArn ?? '') ? 'covered' : 'by hand';
}

/** Whose changes are left as they are, and whose are undone though they may be another's. By name only: others go on with their work. */
function ofHolders({ name }: AwsPrincipal, judged: readonly Judged[]): readonly string[] {
  const named = (is: SessionHolder['is']) => {
    const names = judged.flatMap(({ change: { holder }, judgement }) =>
      holder?.is === is && judgement !== 'covered' ? [holder.name.slice(0, 256) || 'a session without a name'] : [],
    );
    const each = [...new Set(names)].toSorted();
    return each.length > MOST_NAMED ? `${each.slice(0, MOST_NAMED).join(', ')} and others` : each.join(', ');
  };
  const [others, unclear] = [named('other'), named('unclear')];
  return [
    ...(others === ''
      ? []
      : [
          `Role ${name} was used by others too, and what they changed on identities is left: look at that of ${others}.`,
        ]),
    ...(unclear === ''
      ? []
      : [
          `Whether it was the suspect who used role ${name} can't be told of these sessions, and what they changed is taken for the suspect's: ${unclear}. Make sure of it before you approve.`,
        ]),
  ];
}

const MOST_NAMED = 5;

/** Under the name that the log has nobody is there any more, and all the same it is not gone. */
const RENAMES = /^Update(?:User|Group)$/u;

const DELETES_AN_IDENTITY = /^Delete(?:User|Role)$/u;

/** It deleted what it had created itself, and nothing that was there before. */
function tookBack({ eventName, target, at, details }: IdentityChange, changes: readonly IdentityChange[]): boolean {
  const created = /^Delete(User|Role|AccessKey|LoginProfile)$/u.exec(eventName)?.[1];
  const isSame = (other: IdentityChange) =>
    created === 'AccessKey'
      ? details?.accessKeyId !== undefined && other.details?.accessKeyId === details.accessKeyId
      : other.target === target;
  // Times have whole seconds: of the same one, nobody knows which came first.
  return changes.some((other) => other.eventName === `Create${created}` && other.at < at && isSame(other));
}

function stillTrusted(roleArn: string): string {
  return `The suspect changed the trust policy of ${roleArn}, which close-role-trust edits only to shut the suspect out: look at whom else it lets in.`;
}

/** Why there is no counter-measure, where that helps whoever looks at it. */
const REASONS: Readonly<Record<string, string>> = {
  UpdateAssumeRolePolicy: '; what the trust policy said before is not certain from the log',
  CreatePolicyVersion: '; which version was the default before is not certain from the log',
  SetDefaultPolicyVersion: '; which version was the default before is not certain from the log',
  UpdateLoginProfile: '; whoever knows the new password can sign in, and the former one can not be restored',
};

function advice(eventName: string, group: readonly IdentityChange[]): string {
  const commands = [...new Set(group.flatMap((change) => commandAgainst(change) ?? []))].toSorted();
  return commands.length > 0
    ? `: whoever has a certificate of it gets into the account. Disable it by hand: ${commands.slice(0, 5).join('; ')}.`
    : `${REASONS[eventName] ?? ''}: look at it, and undo it by hand.`;
}

/** Roles Anywhere is not in Cordon's hands; what a person has to call there. */
function commandAgainst({ eventName, details }: IdentityChange): string | null {
  const { rolesAnywhereId: id, region } = details ?? {};
  if (id === undefined || region === undefined) return null;
  if (eventName === 'CreateTrustAnchor') {
    return `aws rolesanywhere disable-trust-anchor --trust-anchor-id ${id} --region ${region}`;
  }
  return eventName === 'CreateProfile'
    ? `aws rolesanywhere disable-profile --profile-id ${id} --region ${region}`
    : null;
}
