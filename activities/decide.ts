import type { ApprovalVerifier } from '../src/approval/port.ts';
import type { DecideActivities } from '../src/contracts/activities.ts';
import { CordonFailure } from '../src/contracts/failures.ts';
import { caseIdOf, caseWorkflowId, principalHash } from '../src/contracts/ids.ts';
import type { ContainPrincipalInput, JoinedAlert, RollbackHeard, RollbackNews } from '../src/contracts/messages.ts';
import type { Cloud } from '../src/domain/cloud.ts';
import type { JsonObject } from '../src/domain/json.ts';
import type { Principal } from '../src/domain/principal.ts';
import { principalKey } from '../src/domain/principal.ts';
import type { ResponsePolicy } from '../src/policy/policy.ts';
import type { AlertStore, CaseStore, Store } from '../src/store/port.ts';
import { atBoundary } from './boundary.ts';

/** Temporal's client, for what a workflow can't do itself: signal-with-start another, and have its answer. */
export interface CaseStarter {
  signalWithStart(workflowId: string, input: ContainPrincipalInput, alert: JoinedAlert): Promise<void>;
  /** Null when no workflow of that id runs, or another case. */
  tell(workflowId: string, news: RollbackNews): Promise<RollbackHeard | null>;
}

export interface DecideDependencies {
  readonly policyFor: (cloud: Cloud) => ResponsePolicy;
  readonly store: Pick<Store, 'alerts' | 'cases' | 'plans' | 'ledger'>;
  readonly verifier: ApprovalVerifier;
  readonly cases: CaseStarter;
}

export function createDecideActivities({ policyFor, store, verifier, cases }: DecideDependencies): DecideActivities {
  return atBoundary({
    async recordVerdict({ alertId, verdict, principal }) {
      const { outcome, risk, reasons } = verdict;
      await store.alerts.recordVerdict(alertId, {
        outcome,
        ...(principal ? { principalKey: principalKey(principal) } : {}),
      });
      await store.ledger.append({
        type: 'verdict',
        caseId: '',
        key: alertId,
        body: { alertId, outcome, risk, reasons: reasons.map(({ rule, text }) => ({ rule, text })) },
      });
    },

    async joinCase({ principal, alert }) {
      const workflowId = caseWorkflowId(principal);
      const caseId = caseIdOf(principal, alert.alertId);
      const input = { caseId, principal, principalHash: principalHash(principal) };
      await cases.signalWithStart(workflowId, input, { ...alert, opens: caseId });
      return { workflowId };
    },

    tellCase: ({ principal, news }) => cases.tell(caseWorkflowId(principal), news),

    responsePolicy: async ({ cloud }) => policyFor(cloud),

    async recordDecision({ planDigest, decision: signed }) {
      const plan = await store.plans.get(planDigest);
      if (!plan) throw new CordonFailure('ApprovalInvalid', 'There is no such plan.');
      const refusal = verifier.decisionRefusal(plan, signed);
      if (refusal !== null) {
        const key = `${planDigest}:${signed.decision.nonce}:refused`;
        await store.ledger.append({ type: 'refusal', caseId: plan.caseId, key, body: { planDigest, reason: refusal } });
        throw new CordonFailure('ApprovalInvalid', refusal);
      }
      const body = { ...signed, decision: { ...signed.decision } } satisfies JsonObject;
      await store.ledger.append({ type: 'decision', caseId: plan.caseId, key: signed.decision.nonce, body });
    },

    async recordCase(snapshot) {
      await store.cases.save({
        ...snapshot,
        principalKey: principalKey(snapshot.principal),
        principal: { ...snapshot.principal },
      });
      const { caseId, state, timeline, alertIds } = snapshot;
      await Promise.all(alertIds.map((alertId) => linkToCase(store.alerts, alertId, caseId)));
      const { at = '', step = '', detail = '' } = timeline.at(-1) ?? {};
      await store.ledger.append({
        type: 'state',
        caseId,
        // With the time: a run that was reset comes to the same place again, with something else to say.
        key: `${caseId}:${timeline.length}:${at}:${state}`,
        body: { state, step, detail },
      });
    },

    async otherOpenCase({ principal, caseId }) {
      const key = principalKey(principal);
      const others = (await store.cases.open()).filter((one) => one.principalKey === key && one.caseId !== caseId);
      return others.map(({ caseId: other, state }) => ({ caseId: other, state }))[0] ?? null;
    },

    loadCase: ({ caseId }) => loadCase(store.cases, caseId),
  } satisfies DecideActivities);
}

/** So that a list of alerts leads to their cases. An alert that is in a case has the verdict that put it there. */
async function linkToCase(alerts: AlertStore, alertId: string, caseId: string): Promise<void> {
  const stored = await alerts.get(alertId);
  if (stored && stored.caseId !== caseId) await alerts.recordVerdict(alertId, { outcome: 'contain', caseId });
}

async function loadCase(cases: CaseStore, caseId: string): ReturnType<DecideActivities['loadCase']> {
  const record = await cases.get(caseId);
  if (!record) throw new CordonFailure('NotFound', `There is no case ${caseId}.`);
  const principal = record.principal as unknown as Principal;
  const { workflowId, state, alertIds, timeline } = record;
  return { caseId, workflowId, principal, principalHash: principalHash(principal), state, alertIds, timeline };
}
