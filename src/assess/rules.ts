import type { Alert } from '../domain/alert.ts';
import type { GatheredEvidence, QuestionId } from '../domain/evidence.ts';
import type { AwsPrincipalKind, Resolution } from '../domain/principal.ts';
import type { VerdictOutcome } from '../domain/verdict.ts';
import type { AssessmentPolicy } from '../policy/policy.ts';
import type { AllowlistMatch } from './allowlist.ts';
import { matchAllowlist } from './allowlist.ts';
import type { RiskAssessment } from './risk.ts';
import { inert, named } from './wording.ts';

/** What decides a verdict, and in which words. */
export interface Decision {
  readonly outcome: VerdictOutcome;
  readonly rule: string;
  readonly text: string;
  readonly questions: readonly QuestionId[];
}

export interface Assessed {
  readonly alert: Alert;
  readonly resolution: Resolution;
  readonly protectedBecause?: string;
  readonly gathered: GatheredEvidence | null;
  readonly policy: AssessmentPolicy;
}

/** Rules that need no evidence, in order: null leaves the decision to the evidence. */
export function decideWithoutEvidence({ alert, resolution, protectedBecause }: Assessed): Decision | null {
  if (alert.sample)
    return decision('record', 'sample', 'The detector marked it as a sample: recorded, never acted on.');
  if (resolution.status === 'unresolved')
    return decision('park', 'principal-unresolved', `No identity to act on: ${inert(resolution.reason, 300)}`);
  if (resolution.status === 'ambiguous')
    return decision(
      'park',
      'principal-ambiguous',
      `Several identities, none is guessed: ${inert(resolution.reason, 300)} (${named(resolution.candidates, 5)})`,
    );
  if (protectedBecause !== undefined)
    return decision('park', 'protected', `Never contained: ${inert(protectedBecause, 300)}`);
  const { kind } = resolution.principal;
  const byHand = BY_HAND[kind];
  return byHand === null ? null : decision('park', `kind:${kind}`, byHand);
}

/** What a person can do where Cordon has no action yet; null: it has. */
const BY_HAND: Readonly<Record<AwsPrincipalKind, string | null>> = {
  'iam-user': null,
  'role-session':
    'A role session: revoke older sessions of the role, and close the way back in (trust policy or source identity); isolate the compute, which fetches fresh credentials at once.',
  'identity-center-user':
    'An Identity Center user, whose role can not be edited in IAM: disable the user, end the portal sessions, then deny by SCP or permission set on identitystore:userId.',
  'federated-user': 'A federated session: what stops it is a deny on the user that minted it.',
  'service-linked-role': 'A service-linked role: its sessions can not be revoked. Look at the service it belongs to.',
  root: 'The root user, whom IAM policies do not bind: change its password, remove its access keys, check its MFA and contact details.',
  'aws-service': 'An AWS service acting for someone is no identity to judge: find out on whose behalf it called.',
};

/** Rules over the evidence, in order; the last one always decides. */
export function decideByEvidence(
  input: Assessed & {
    readonly gathered: GatheredEvidence;
    readonly resolution: Resolution & { readonly status: 'resolved' };
  },
  weighed: RiskAssessment,
): Decision {
  const { alert, resolution, gathered, policy } = input;
  if (gathered.credentials.status === 'known' && gathered.credentials.facts.quarantinedByCloud)
    return decision('contain', 'cloud-quarantine', 'AWS itself has quarantined this identity.', ['credentials']);
  const match = matchAllowlist(resolution.principal, gathered.activity, alert, policy);
  return byAllowlist(match, gathered) ?? byRisk(match, weighed, gathered, policy.containFromRisk);
}

function byAllowlist(match: AllowlistMatch, gathered: GatheredEvidence): Decision | null {
  if (match.status === 'outside')
    return decision(
      'contain',
      `allowlist:${match.entry.name}`,
      `Listed as ${match.entry.kind}, but it did what its entry does not cover: ${match.because.join('; ')}.`,
      ['unusual-behaviour', 'rare-address', 'identity-changes'],
    );
  // Unknown credentials could hide that the cloud has quarantined it.
  if (match.status !== 'matched' || gathered.credentials.status === 'unknown') return null;
  const { name, kind, owner, reason, expires } = match.entry;
  return decision(
    'suppress',
    `allowlist:${name}`,
    `Listed as ${kind}: identity, every address and every call match. ${reason} (owner ${owner}, until ${expires})`,
    ['discovery-excess', 'rare-address', 'unusual-behaviour'],
  );
}

function byRisk(
  match: AllowlistMatch,
  { risk, worst }: RiskAssessment,
  gathered: GatheredEvidence,
  from: number,
): Decision {
  const note = allowlistNote(match);
  if (risk >= from)
    return decision('contain', 'risk', `Risk ${risk} reaches ${from}, from which a plan is proposed.${note}`);
  if (gathered.activity.status === 'unknown')
    return decision('park', 'activity-unknown', `Risk ${risk}, but what the identity did is not known.${note}`, [
      'discovery-excess',
    ]);
  if (worst >= from)
    return decision(
      'park',
      'unknown-left',
      `Risk ${risk}, but with what is not known it could be ${worst}: a person must look.${note}`,
    );
  if (match.status === 'undecidable')
    return decision('park', `allowlist:${match.entry.name}`, `Listed, but not all of it could be checked.${note}`);
  return decision('record', 'risk', `Risk ${risk} is below ${from}, from which a plan is proposed.${note}`);
}

function allowlistNote(match: AllowlistMatch): string {
  if (match.status === 'undecidable')
    return ` Allowlist entry ${match.entry.name} can't vouch: ${match.because.join('; ')}`;
  if (match.status === 'matched')
    return ` Allowlist entry ${match.entry.name} can't vouch while the credentials are not known.`;
  const [expired] = match.status === 'none' ? match.expired : [];
  return expired ? ` Allowlist entry ${expired.name} expired on ${expired.expires}.` : '';
}

function decision(
  outcome: VerdictOutcome,
  rule: string,
  text: string,
  questions: readonly QuestionId[] = [],
): Decision {
  return { outcome, rule, text, questions };
}
