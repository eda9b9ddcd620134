import type { ActivityFacts, IdentityChange } from '../../../domain/evidence.ts';
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
  const changes = (activity?.changesByPrincipal ?? []).filter(({ failed, denied }) => !failed && !denied);
  const made = madeBy(changes, principal.accountId);
  const judged = changes.map((change) => ({ change, judgement: judge(change, made, principal) }));
  const found = judged.flatMap(({ judgement }) => (typeof judgement === 'object' ? [judgement] : []));
  const loose = judged.flatMap(({ change, judgement }) => (judgement === 'by hand' ? [change] : []));
  const yields = ({ action, target }: Finding) => action === 'restore-role-trust' && closed.has(target);
  const yielded = [...new Set(found.filter(yields).map(({ target }) => target))].toSorted();
  return {
    measures: measuresOf(
      found.filter((finding) => !yields(finding)),
      caseId,
    ),
    caveats: [...changesThatStand(loose, advice), ...yielded.map(stillTrusted)],
  };
}

/** Credentials of the suspect itself: the deny on it and the other actions on it cover them. */
const OWN_CREDENTIALS =
  /^(?:(?:Create|Update|Delete)AccessKey|(?:Create|Update|Delete)LoginProfile|ChangePassword|(?:Upload|Update|Delete)(?:SSHPublicKey|SigningCertificate)|(?:Create|Update|Reset|Delete)ServiceSpecificCredential|(?:Create|Enable|Resync|Deactivate|Delete)(?:Virtual)?MFADevice)$/u;

/** They take away, or stand idle until something else refers to them; that something else is judged by itself. */
const HARMLESS =
  /^(?:CreatePolicy|CreateGroup|CreateInstanceProfile|Tag\w+|Untag\w+|DeleteUser|DeleteRole|DeleteAccessKey|DeleteLoginProfile)$/u;

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

function judge(change: IdentityChange, made: MadeBySuspect, principal: AwsPrincipal): Finding | 'covered' | 'by hand' {
  const { eventName, owner, details } = change;
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
  return made.providers.has(details?.providerArn ?? '') ? 'covered' : 'by hand';
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
