import type { ActivityFacts, CredentialFacts, EvidenceItem, Gathered, HistoryFacts } from '../domain/evidence.ts';
import type { Principal } from '../domain/principal.ts';
import type { BusinessHours } from '../policy/policy.ts';

export interface Answer {
  readonly answer: EvidenceItem['answer'];
  readonly summary: string;
}

/** All that a question about the calls may look at. The alert's own claims are not among it: they are no evidence. */
export interface ActivityQuestion {
  readonly about: 'activity';
  ask(facts: ActivityFacts, hours: BusinessHours): Answer;
}

/** A question that other systems answer too, or alone; it says itself what it makes of an unknown part. */
export interface OtherQuestion {
  readonly about: 'credentials' | 'history';
  ask(subject: Subject): Answer;
}

export interface Subject {
  readonly principal: Principal;
  /** Undefined when the log gave no answer. */
  readonly activity: ActivityFacts | undefined;
  readonly credentials: Gathered<CredentialFacts>;
  readonly history: Gathered<HistoryFacts>;
}
