import type { Cloud } from '../../src/domain/cloud.ts';
import type { ActionRequest } from '../../src/domain/plan.ts';
import type { Provider } from '../../src/providers/port.ts';
import type { ActionUnderContract, ActionWorld } from '../contracts/providers/action.contract.ts';
import { UNDER_CONTRACT } from '../contracts/providers/actions.ts';
import type { Environment } from './confirmation.ts';
import type { Run } from './run.ts';

/** Something of a live run that is still there. */
export interface LeftOver {
  readonly kind: string;
  /** As a person finds it in the cloud's console. */
  readonly name: string;
  /** By it the rest is found: it goes only when nothing else is left. */
  readonly last?: true;
  remove(): Promise<void>;
}

/** A real account of the user's, which the credentials of the environment open. */
export interface LiveAccount {
  /** Such as `AWS account 123456789012`. */
  readonly name: string;
  /** Of the contract, those that are run here. */
  readonly actions: readonly ActionUnderContract[];
  /** Id to the reason. */
  readonly notRun: Readonly<Record<string, string>>;
  build(rightsFor: readonly string[]): Promise<ActionWorld>;
  /** In the order in which they can be removed. Reads only. */
  leftOvers(): Promise<readonly LeftOver[]>;
}

/** Throws where the credentials are not of the account that was confirmed. Of one run; for `any`, what all runs left can be removed and nothing made. */
export type Opener = (environment: Environment, run: Run | 'any') => Promise<LiveAccount>;

/** Of the cloud's whole registry those that the suite builds something throw-away for; every other is named with the reason. */
export function runnable(
  cloud: Cloud,
  registry: object,
  built: readonly string[],
  why: Readonly<Record<string, string>> = {},
): Pick<LiveAccount, 'actions' | 'notRun'> {
  const actions = UNDER_CONTRACT[cloud].filter(({ id }) => built.includes(id));
  const others = Object.keys(registry).filter((id) => !actions.some((one) => one.id === id));
  const reasons = others.map((id) => [id, why[id] ?? 'the suite builds nothing throw-away for it'] as const);
  return { actions, notRun: Object.fromEntries(reasons) };
}

/** The request that a proposal makes for the action. */
export function selected(provider: Provider, requests: readonly ActionRequest[], id: string) {
  const request = requests.find(({ action }) => action === id);
  const action = provider.actions[id];
  if (!request || !action) throw new Error(`Nothing is proposed for ${id}.`);
  return { action, request };
}
