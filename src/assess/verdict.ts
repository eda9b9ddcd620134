import type { Reason, Verdict } from '../domain/verdict.ts';
import { answerPlaybook } from './playbook.ts';
import { claimedRisk, weighRisk } from './risk.ts';
import type { Assessed, Decision } from './rules.ts';
import { decideByEvidence, decideWithoutEvidence } from './rules.ts';

/**
 * The verdict on one alert. Pure: no clock, no I/O, the same at replay. The first reason decides, the others say what the risk is
 * made of. Unknown is never benign: it can only move the outcome towards a person.
 */
export function assess(input: Assessed): Verdict {
  const { alert, resolution, gathered, policy } = input;
  const early = decideWithoutEvidence(input);
  if (resolution.status !== 'resolved' || gathered === null) {
    const decision = early ?? NO_EVIDENCE;
    return { outcome: decision.outcome, risk: claimedRisk(alert), reasons: [decides(decision)], evidence: [] };
  }
  const evidence = answerPlaybook(alert, resolution.principal, gathered, policy);
  const weighed = weighRisk(alert, gathered, evidence);
  const decision = early ?? decideByEvidence({ ...input, resolution, gathered }, weighed, evidence);
  return { outcome: decision.outcome, risk: weighed.risk, reasons: [decides(decision), ...weighed.reasons], evidence };
}

const NO_EVIDENCE: Decision = {
  outcome: 'park',
  rule: 'no-evidence',
  text: 'No evidence was gathered: a person must look.',
  questions: [],
};

function decides({ rule, text, questions }: Decision): Reason {
  return { rule, weight: 'decides', text, questions };
}
