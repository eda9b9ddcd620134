import type { Alert } from '../domain/alert.ts';
import type { EvidenceItem, Gathered, GatheredEvidence, QuestionId } from '../domain/evidence.ts';
import { QUESTIONS } from '../domain/evidence.ts';
import type { Principal } from '../domain/principal.ts';
import type { AssessmentPolicy } from '../policy/policy.ts';
import { observe } from './observation.ts';
import type { ActivityQuestion, Answer, OtherQuestion, Subject } from './question.ts';
import { assumedRoles } from './questions/assumed-roles.ts';
import { businessHours } from './questions/business-hours.ts';
import { credentials } from './questions/credentials.ts';
import { denials } from './questions/denials.ts';
import { discoveryExcess } from './questions/discovery-excess.ts';
import { identityChanges } from './questions/identity-changes.ts';
import { rareAddress } from './questions/rare-address.ts';
import { relatedAlerts } from './questions/related-alerts.ts';
import { unusualBehaviour } from './questions/unusual-behaviour.ts';
import { inert } from './wording.ts';

const PLAYBOOK = {
  'discovery-excess': discoveryExcess,
  'business-hours': businessHours,
  'rare-address': rareAddress,
  'unusual-behaviour': unusualBehaviour,
  denials,
  'identity-changes': identityChanges,
  credentials,
  'assumed-roles': assumedRoles,
  'related-alerts': relatedAlerts,
} satisfies Record<QuestionId, ActivityQuestion | OtherQuestion>;

/** Every question of the playbook in its order, each answered or `unknown` with the reason. */
export function answerPlaybook(
  alert: Alert,
  principal: Principal,
  gathered: GatheredEvidence,
  policy: AssessmentPolicy,
): EvidenceItem[] {
  const observation = observe(alert, gathered.activity);
  const activity = observation.extent === 'nothing' ? undefined : observation.facts;
  const subject: Subject = { principal, activity, credentials: gathered.credentials, history: gathered.history };

  const answer = (asked: ActivityQuestion | OtherQuestion): Answer => {
    if (asked.about !== 'activity') return asked.ask(subject);
    if (observation.extent === 'nothing') return { answer: 'unknown', summary: observation.reason };
    const given = asked.ask(observation.facts, policy.businessHours);
    if (observation.extent === 'complete' || given.answer === 'suspicious') return given;
    // What a partial log doesn't show is no comfort.
    return { answer: 'unknown', summary: `${observation.reason} So far: ${given.summary}` };
  };

  return (Object.keys(QUESTIONS) as QuestionId[]).map((question) => {
    const asked: ActivityQuestion | OtherQuestion = PLAYBOOK[question];
    const { answer: verdict, summary } = answer(asked);
    return { question, answer: verdict, summary: inert(summary, 600), ...origin(gathered[asked.about]) };
  });
}

/** Whether an answer that counts against the identity came from its cloud: other alerts are claims, as this one is. */
export function isAgainstByCloud({ question, answer }: EvidenceItem): boolean {
  const { about }: ActivityQuestion | OtherQuestion = PLAYBOOK[question];
  return answer === 'suspicious' && about !== 'history';
}

function origin(gathered: Gathered<unknown>): { source: string; link?: string } {
  if (gathered.status === 'unknown' || gathered.link === undefined) return { source: gathered.source };
  return { source: gathered.source, link: gathered.link };
}
