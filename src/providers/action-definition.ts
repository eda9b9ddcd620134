import type { z } from 'zod';

import { CordonFailure } from '../contracts/failures.ts';
import type { JsonObject } from '../domain/json.ts';
import type { ActionRequest } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import { resourceOf } from '../domain/principal.ts';
import type { Action } from './port.ts';

type Doing = 'preflight' | 'apply' | 'verify' | 'revert' | 'previewRevert' | 'reconcile';

/** What is known of an action without a connection: policies, roles and the reference pages are made from it. */
export type ActionFacts = Omit<Action, Doing>;

/** What stands in a cloud's registry. */
export interface ActionDefinition<Clients, Settings> {
  readonly facts: ActionFacts;
  create(clients: Clients, settings: Settings): Action;
}

/** Parameters, prior state and results come back from the plan and the ledger: checked before they steer a call. */
export function read<Schema extends z.ZodType>(schema: Schema, value: JsonObject, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => issue.path.join('.') || '(whole)').join(', ');
  throw new CordonFailure('ValidationFailed', `${what} does not have the expected shape at ${where}.`);
}

/**
 * One after the other. One that is refused for good after others were changed leaves a change behind, so the refusal must not
 * pass for "nothing done". `what` as in "Only 1 of 2 access keys were deleted".
 */
export async function changeEach<Item>(
  items: readonly Item[],
  what: string,
  change: (item: Item) => Promise<unknown>,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    try {
      await change(item);
    } catch (error) {
      if (index === 0 || !(error instanceof CordonFailure) || !error.final) throw error;
      const message = `Only ${index} of ${items.length} ${what}. ${error.message}`;
      throw new CordonFailure('OutcomeUnknown', message, { cause: error });
    }
  }
}

/** Of an action whose target is the principal itself. */
export function example(action: string, principal: Principal, parameters: JsonObject = {}): ActionRequest {
  const { cloud, accountId } = principal;
  return { action, cloud, accountId, principal, target: resourceOf(principal), parameters };
}
