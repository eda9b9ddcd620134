import type { EvidenceItem, QuestionId } from './evidence.ts';

/**
 * suppress: listed automation doing what its entry says · record: nothing to act on · contain: a plan is proposed ·
 * park: a person must look, no target is certain or none may be contained.
 */
export type VerdictOutcome = 'suppress' | 'record' | 'contain' | 'park';

export interface Reason {
  /** Which rule spoke, for example `allowlist:terraform-ci` or `burst-score`. */
  readonly rule: string;
  readonly weight: 'decides' | 'raises' | 'lowers';
  readonly text: string;
  readonly questions: readonly QuestionId[];
}

export interface Verdict {
  readonly outcome: VerdictOutcome;
  /** 0 to 100. */
  readonly risk: number;
  readonly reasons: readonly Reason[];
  readonly evidence: readonly EvidenceItem[];
}
