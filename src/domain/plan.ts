import type { Cloud } from './cloud.ts';
import type { JsonObject } from './json.ts';
import type { Principal } from './principal.ts';

/** One call as it will be made, parameters included; a secret never stands here. */
export interface PlannedCall {
  readonly service: string;
  readonly operation: string;
  readonly parameters: JsonObject;
}

/** `not-needed`: nobody misses what it took away, such as a sign-in that is made again. `none`: what is lost is lost. */
export type Reversibility = 'exact' | 'partial' | 'not-needed' | 'none';

/** What an action is asked to do; with the case it makes the idempotency key, so it holds nothing that varies between tries. */
export interface ActionRequest {
  /** An id of the provider's action registry, for example `deny-principal`. */
  readonly action: string;
  readonly cloud: Cloud;
  readonly accountId: string;
  /** The principal being contained, for which the target was derived. */
  readonly principal: Principal;
  /** The resource that changes, as the cloud names it (ARN). Empty or wildcard is an error. */
  readonly target: string;
  readonly parameters: JsonObject;
}

export interface PlannedAction {
  /** From 0, the order of safety. */
  readonly sequence: number;
  readonly request: ActionRequest;
  readonly title: string;
  readonly calls: readonly PlannedCall[];
  /** What stops working for whom, in a person's words. */
  readonly mayBreak: readonly string[];
  readonly reversibility: Reversibility;
  /** As the action declares it: a `creating` one is tried once and reconciled, never repeated. */
  readonly effect: 'declarative' | 'creating';
  /** Preflight found the target already in the wanted state: recorded, and never undone by a rollback. */
  readonly alreadySo: boolean;
  /** SHA-256, hex, of case, action, target and parameters; never of a run id. */
  readonly idempotencyKey: string;
}

/** `deletion`: the end, days later and for good, of what a containment switched off. */
export const PLAN_KINDS = ['containment', 'rollback', 'deletion'] as const;
export type PlanKind = (typeof PLAN_KINDS)[number];

export interface Plan {
  readonly kind: PlanKind;
  readonly caseId: string;
  readonly principal: Principal;
  readonly actions: readonly PlannedAction[];
  /** Approver id of who asked for it: where others are enough, they decide. Absent where a detector asked. */
  readonly requestedBy?: string;
  /** How many different approvers must sign, and why that many. */
  readonly requirement: ApprovalRequirement;
  /** What an operator must repair before the plan can be carried out, e.g. a missing permission. Not empty: it can't be approved. */
  readonly obstacles: readonly string[];
  /** What the plan can't promise, e.g. the log of assumed roles could not be read. Shown to the approver. */
  readonly caveats: readonly string[];
  /** Proposed, and left out for a reason that the caveats tell: a check of the containment does not take it for something new. */
  readonly leftOut?: readonly ActionRequest[];
  /** SHA-256, hex, of the canonical JSON of all the other fields. What a decision is bound to. */
  readonly digest: string;
}

export interface ApprovalRequirement {
  readonly approvals: number;
  readonly reason: string;
}
