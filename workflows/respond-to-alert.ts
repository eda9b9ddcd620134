import { isCancellation, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';

import { assess } from '../src/assess/verdict.ts';
import type { AlertContext } from '../src/contracts/activities.ts';
import type { RespondToAlertInput } from '../src/contracts/messages.ts';
import { SEARCH_ATTRIBUTES } from '../src/contracts/search-attributes.ts';
import type { Gathered, GatheredEvidence } from '../src/domain/evidence.ts';
import type { Principal } from '../src/domain/principal.ts';
import type { Verdict, VerdictOutcome } from '../src/domain/verdict.ts';
import { decisions, evidence, identify, records } from './activities.ts';
import { tell } from './approval.ts';
import { failureText } from './failures.ts';

/** From one alert to its verdict: who is it, what is known, is it normal. Its id comes from the de-duplication key. */
export async function respondToAlert({ alertId }: RespondToAlertInput): Promise<VerdictOutcome> {
  const context = await identify.identifyPrincipal.executeWithOptions({ summary: 'Who is it?' }, [{ alertId }]);
  const principal = context.resolution.status === 'resolved' ? context.resolution.principal : null;
  const verdict = assess({
    alert: context.alert,
    resolution: context.resolution,
    ...(context.protectedBecause === undefined ? {} : { protectedBecause: context.protectedBecause }),
    gathered: principal ? await gather(principal, context) : null,
    policy: context.policy,
  });
  show(context, verdict);
  if (verdict.outcome === 'contain' && principal) await handOver(principal, context, verdict);
  if (verdict.outcome === 'park') await park(context, verdict);
  await records.recordVerdict({ alertId, verdict, ...(principal ? { principal } : {}) });
  return verdict.outcome;
}

/** Independent reads run at once, in one workflow task. */
async function gather(principal: Principal, { around, before, history }: AlertContext): Promise<GatheredEvidence> {
  const [activity, credentials] = await Promise.all([
    orUnknown('audit log', () =>
      evidence.gatherActivity.executeWithOptions({ summary: 'What did it do?' }, [{ principal, around, before }]),
    ),
    orUnknown('identity service', () =>
      evidence.gatherCredentials.executeWithOptions({ summary: 'Which credentials does it have?' }, [{ principal }]),
    ),
  ]);
  return { activity, credentials, history };
}

/** A read that failed to the end is an answer too: unknown, and never benign. */
async function orUnknown<Facts>(source: string, read: () => Promise<Gathered<Facts>>): Promise<Gathered<Facts>> {
  try {
    return await read();
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { status: 'unknown', source, reason: failureText(error) };
  }
}

async function handOver(principal: Principal, { alert }: AlertContext, verdict: Verdict): Promise<void> {
  const { alertId, title, techniques } = alert;
  await decisions.joinCase.executeWithOptions({ summary: 'Open the case, or join it' }, [
    { principal, alert: { alertId, title, techniques, verdict } },
  ]);
}

/** No certain target, or none that may be contained: a person looks. */
async function park({ alert }: AlertContext, verdict: Verdict): Promise<void> {
  await tell({
    key: `${alert.alertId}:park`,
    urgency: 'page',
    title: `A person must look: ${alert.title}`,
    lines: [...verdict.reasons.map(({ text }) => text), `Alert ${alert.alertId} from ${alert.source}.`],
  });
}

function show({ alert }: AlertContext, { outcome, risk, reasons }: Verdict): void {
  upsertSearchAttributes([
    { key: SEARCH_ATTRIBUTES.cloud, value: alert.cloud },
    { key: SEARCH_ATTRIBUTES.state, value: outcome },
    { key: SEARCH_ATTRIBUTES.technique, value: [...alert.techniques] },
    { key: SEARCH_ATTRIBUTES.risk, value: risk },
  ]);
  setCurrentDetails([`**${outcome}**, risk ${risk}`, ...reasons.map(({ text }) => `- ${text}`)].join('\n'));
}
