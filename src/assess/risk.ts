import type { Alert, Severity } from '../domain/alert.ts';
import { burstRisk } from '../domain/discovery.ts';
import type { EvidenceItem, GatheredEvidence, QuestionId } from '../domain/evidence.ts';
import type { Reason } from '../domain/verdict.ts';
import { observe } from './observation.ts';
import { isPolling } from './questions/discovery-excess.ts';

export interface RiskAssessment {
  /** 0 to 100. */
  readonly risk: number;
  /** What the risk would be if every unknown turned out against the identity: what a person must rule out. */
  readonly worst: number;
  readonly reasons: readonly Reason[];
}

/** A detector's rating is a claim: `critical` alone brings a person, and a plan only with something that the cloud shows. */
const SEVERITY_RISK: Readonly<Record<Severity, number>> = {
  informational: 0,
  low: 10,
  medium: 20,
  high: 30,
  critical: 50,
};
const POLLING_RISK = 30;

/** What a suspicious answer adds; an unknown one adds half. The burst itself is not here, it is the base. */
const WEIGHT: Readonly<Record<Exclude<QuestionId, 'discovery-excess'>, number>> = {
  'identity-changes': 20,
  'rare-address': 15,
  credentials: 15,
  'unusual-behaviour': 10,
  denials: 10,
  'related-alerts': 10,
  'assumed-roles': 10,
  'business-hours': 5,
};

/** Nothing ever lowers the risk: an answer is silent, or it raises. */
export function weighRisk(alert: Alert, gathered: GatheredEvidence, evidence: readonly EvidenceItem[]): RiskAssessment {
  const bases = [severityBase(alert), burstBase(alert, gathered)];
  const base = Math.max(...bases.map(({ points }) => points));
  let risk = base;
  // A burst that is not wholly seen could be of any size, and credentials not read could be quarantined.
  let worst =
    observe(alert, gathered.activity).extent === 'complete' && gathered.credentials.status === 'known' ? base : 100;
  const raises: Reason[] = [];
  for (const item of evidence) {
    if (item.question === 'discovery-excess') continue;
    const weight = WEIGHT[item.question];
    if (item.answer === 'suspicious') {
      risk += weight;
      worst += weight;
      raises.push(raise(item.question, `+${weight}: ${item.summary}`));
    } else if (item.answer === 'unknown') {
      const half = Math.ceil(weight / 2);
      risk += half;
      worst += weight;
      raises.push(raise(item.question, `+${half}, not known: ${item.summary}`));
    }
  }
  const because = bases.filter(({ points }) => points === base).map(({ reason }) => reason);
  return { risk: Math.min(100, risk), worst: Math.min(100, worst), reasons: [...because, ...raises] };
}

/** For what is decided without evidence: the claims are all there is. */
export function claimedRisk(alert: Alert): number {
  return Math.max(SEVERITY_RISK[alert.severity], claimedScore(alert));
}

interface Base {
  readonly points: number;
  readonly reason: Reason;
}

function severityBase(alert: Alert): Base {
  const points = SEVERITY_RISK[alert.severity];
  return {
    points,
    reason: {
      rule: 'severity',
      weight: 'raises',
      text: `${points}: the detector rates it ${alert.severity}.`,
      questions: [],
    },
  };
}

/** The log's own score. The alert's counts only where the log does not yet show as much as the alert claims. */
function burstBase(alert: Alert, gathered: GatheredEvidence): Base {
  const observation = observe(alert, gathered.activity);
  const seen = observation.extent === 'nothing' ? 0 : observedScore(observation.facts.around);
  const claim = observation.extent === 'complete' ? 0 : claimedScore(alert);
  const text =
    claim > seen
      ? `${claim}: claimed by the alert; the log does not show it in full.`
      : `${seen}: score of the discovery calls in the log.`;
  return {
    points: Math.max(seen, claim),
    reason: { rule: 'burst-score', weight: 'raises', text, questions: ['discovery-excess'] },
  };
}

function observedScore(around: Parameters<typeof isPolling>[0]): number {
  if (around.discoveryCalls === 0) return 0;
  return isPolling(around) ? POLLING_RISK : burstRisk(around.discoveryCalls, around.distinctDiscoveryApis);
}

function claimedScore(alert: Alert): number {
  return Math.min(100, Math.max(0, alert.discovery?.riskScore ?? 0));
}

function raise(question: QuestionId, text: string): Reason {
  return { rule: question, weight: 'raises', text, questions: [question] };
}
