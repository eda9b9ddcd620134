import { CordonFailure } from '../contracts/failures.ts';
import type { ActionRequest, Plan, PlannedAction } from '../domain/plan.ts';
import type { Action, Provider } from '../providers/port.ts';
import type { ContainmentDependencies } from './dependencies.ts';

export function actionOf(provider: Provider, request: ActionRequest): Action {
  const action = provider.actions[request.action];
  if (!action)
    throw new CordonFailure('ValidationFailed', `There is no action ${request.action} for ${request.cloud}.`);
  return action;
}

/** The plan as it was stored; whether it is the one that was approved is for the verifier to say, which digests it anew. */
export async function loadPlan({ store }: Pick<ContainmentDependencies, 'store'>, digest: string): Promise<Plan> {
  const plan = await store.plans.get(digest);
  if (!plan) throw new CordonFailure('ValidationFailed', 'There is no such plan in the store.');
  return plan;
}

export function actionAt(plan: Plan, sequence: number): PlannedAction {
  const planned = plan.actions.find((action) => action.sequence === sequence);
  if (!planned) throw new CordonFailure('ValidationFailed', `The plan has no action ${sequence}.`);
  return planned;
}
