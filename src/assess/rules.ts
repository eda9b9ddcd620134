import type { Alert } from '../domain/alert.ts';
import type { EvidenceItem, GatheredEvidence, QuestionId } from '../domain/evidence.ts';
import type { Resolution } from '../domain/principal.ts';
import { byHand } from '../domain/principal.ts';
import type { VerdictOutcome } from '../domain/verdict.ts';
import type { AssessmentPolicy } from '../policy/policy.ts';
import type { AllowlistMatch } from './allowlist.ts';
import { matchAllowlist } from './allowlist.ts';
import { isAgainstByCloud } from './playbook.ts';
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
  const how = byHand(resolution.principal);
  return how === null ? null : decision('park', `kind:${resolution.principal.kind}`, how);
}

/** Rules over the evidence, in order; the last one always decides. */
export function decideByEvidence(
  input: Assessed & {
    readonly gathered: GatheredEvidence;
    readonly resolution: Resolution & { readonly status: 'resolved' };
  },
  weighed: RiskAssessment,
  evidence: readonly EvidenceItem[],
): Decision {
  const { alert, resolution, gathered, policy } = input;
  if (gathered.credentials.status === 'known' && gathered.credentials.facts.quarantinedByCloud)
    return decision('contain', 'cloud-quarantine', 'The cloud itself has quarantined this identity.', ['credentials']);
  const match = matchAllowlist(resolution.principal, gathered.activity, alert, policy);
  return byAllowlist(match, gathered) ?? byRisk(match, weighed, { gathered, evidence }, policy.containFromRisk);
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
  { gathered, evidence }: { readonly gathered: GatheredEvidence; readonly evidence: readonly EvidenceItem[] },
  from: number,
): Decision {
  const note = allowlistNote(match);
  if (risk >= from && !cloudShowsSomething(gathered, evidence))
    return decision(
      'park',
      'claims-alone',
      `Risk ${risk} reaches ${from} by claims and by what is not known; the cloud itself shows nothing against the identity: a person must look.${note}`,
    );
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

/** The least that a plan is proposed on: whoever can send an alert could else have anyone's identity contained by its claims. */
function cloudShowsSomething({ activity }: GatheredEvidence, evidence: readonly EvidenceItem[]): boolean {
  if (evidence.some(isAgainstByCloud)) return true;
  if (activity.status === 'unknown') return false;
  // Without a call of the identity no question about the log has an answer; what was done to it there counts all the same.
  const { changesByPrincipal, changesOfPrincipal, mintedSessions } = activity.facts;
  return changesByPrincipal.length + changesOfPrincipal.length + mintedSessions > 0;
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
