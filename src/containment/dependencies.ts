import type { ApprovalVerifier } from '../approval/port.ts';
import type { Config } from '../config/schema.ts';
import { CordonFailure } from '../contracts/failures.ts';
import type { Cloud } from '../domain/cloud.ts';
import type { ActionRequest, Plan, PlannedAction } from '../domain/plan.ts';
import type { Action, Provider, Providers } from '../providers/port.ts';
import type { Store } from '../store/port.ts';

export interface ContainmentDependencies {
  readonly config: Pick<Config, 'mode' | 'protected' | 'budget' | 'approval' | 'assessment' | Cloud>;
  readonly store: Pick<Store, 'alerts' | 'plans' | 'ledger' | 'budget' | 'killSwitch'>;
  readonly providers: Providers;
  readonly verifier: ApprovalVerifier;
  readonly now: () => Date;
}

export { enabledActions } from '../config/clouds.ts';

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
