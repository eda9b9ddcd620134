import type { ApprovalSubject, NotifyActivities } from '../src/contracts/activities.ts';
import { CordonFailure } from '../src/contracts/failures.ts';
import type { Alert } from '../src/domain/alert.ts';
import type { ApprovalRequest, Notifier } from '../src/notify/port.ts';
import type { AlertStore, PlanStore } from '../src/store/port.ts';
import { atBoundary, attempt } from './boundary.ts';

export interface NotifyDependencies {
  readonly notifiers: { readonly first: Notifier; readonly fallback: Notifier };
  readonly store: { readonly alerts: AlertStore; readonly plans: PlanStore };
}

export function createNotifyActivities({ notifiers, store }: NotifyDependencies): NotifyActivities {
  const requestOf = (subject: ApprovalSubject) => loadRequest(subject, store);
  return atBoundary({
    requestApproval: async (subject) => notifiers.first.requestApproval(await requestOf(subject)),
    async closeApproval({ message, subject, state, lines }) {
      await notifiers.first.updateApproval(message, { request: await requestOf(subject), state, lines });
    },
    async notifyPeople(notice) {
      try {
        await notifiers.first.notify(notice);
      } catch (error) {
        // Who must act reads of it now, not only when the tries are over.
        if (notice.urgency === 'page' && attempt() === 1) await notifiers.fallback.notify(notice);
        throw error;
      }
    },
    async notifyByFallback(notice) {
      await notifiers.fallback.notify(notice);
    },
  } satisfies NotifyActivities);
}

async function loadRequest(
  { caseId, workflowId, planDigest, verdict, alertIds, expiresAt, reopened = false }: ApprovalSubject,
  store: NotifyDependencies['store'],
): Promise<ApprovalRequest> {
  const [plan, ...found] = await Promise.all([
    store.plans.get(planDigest),
    ...alertIds.map(async (id) => (await store.alerts.get(id))?.alert),
  ]);
  if (!plan) throw new CordonFailure('NotFound', 'The plan is not in the store.');
  const alerts = found.filter((alert): alert is Alert => alert !== undefined);
  return { caseId, workflowId, plan, verdict, alerts, expiresAt, reopened };
}
