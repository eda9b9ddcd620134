import { CordonFailure } from '../contracts/failures.ts';
import type { PrincipalClue } from '../domain/alert.ts';
import type { Cloud } from '../domain/cloud.ts';
import type { ActivityFacts, CredentialFacts, TimeWindow } from '../domain/evidence.ts';
import type { JsonObject } from '../domain/json.ts';
import type { MarkReading } from '../domain/orphan.ts';
import type { ActionRequest, PlannedCall, Reversibility } from '../domain/plan.ts';
import type { Principal, Resolution } from '../domain/principal.ts';

/** A permission that Cordon needs, as the cloud's policy language spells it; `<account>` in the resource is filled in. */
export interface Permission {
  /** For example `iam:PutUserPolicy`. */
  readonly name: string;
  /** For example `arn:aws:iam::<account>:user/*`; in Azure a scope or `graph`, in Google Cloud a kind of resource. */
  readonly resource: string;
  /** Why, in a phrase; it stands in the generated reference. */
  readonly purpose: string;
}

/** What a read right before the write found. */
export interface Preflight {
  /** The exact prior state that a rollback restores. JSON without secrets; goes to the ledger. */
  readonly prior: JsonObject;
  /** Already as wanted: nothing is written, and a rollback leaves it. */
  readonly alreadySo: boolean;
  /** The calls that apply will make from this prior state. */
  readonly calls: readonly PlannedCall[];
  /** What stops working for whom, from what was read (for example the services whose workloads use a role). */
  readonly mayBreak: readonly string[];
  /** What makes the action impossible now, with the remedy; e.g. the user already holds two access keys. */
  readonly obstacles: readonly string[];
  /** What the read found that this action leaves standing, e.g. a role held through a group: goes to the caveats of the plan. */
  readonly caveats?: readonly string[];
  /**
   * Resource names of identities other than the target that lose something by this action, e.g. the member of a binding that is
   * taken off a project: each is asked about as the target is, so that nobody protected loses anything.
   */
  readonly affected?: readonly string[];
}

export interface Applied {
  /** What was changed, for the ledger and for revert: ids and references, never a secret. */
  readonly result: JsonObject;
  /** What a person must do with what was made, in sentences; never a secret. */
  readonly handOver?: string;
}

/** An independent read after the change (not the apply call's own answer). */
export type Verification =
  | { readonly status: 'holds'; readonly detail: string }
  | { readonly status: 'drifted'; readonly detail: string }
  | { readonly status: 'unknown'; readonly detail: string };

/**
 * One reversible change in a cloud: data plus functions. From the registry of these come the reference page, the
 * least-privilege policy and `cordon doctor`. Functions throw `CordonFailure` only.
 */
export interface Action {
  /** Verb first, kebab-case: `deny-principal`. Also its folder under `actions/`. */
  readonly id: string;
  readonly cloud: Cloud;
  readonly title: string;
  /** What it does, what it does not stop, and for how long that survives. */
  readonly description: string;
  /** `creating` calls are not idempotent: one try, SDK retries off, then `reconcile`. */
  readonly effect: 'declarative' | 'creating';
  readonly reversibility: Reversibility;
  readonly permissions: readonly Permission[];
  /** What `verify` reads, and what that shows; a phrase for the coverage page. The quiet of the log is proved for every case. */
  readonly proof: string;
  /** What still works after the change, and for how long; a phrase for the coverage page. */
  readonly survives: string;
  /** Keys of `prior` that are our own choice at that time, not state of the cloud: a restored target need not equal them. */
  readonly chosenInPrior?: readonly string[];
  /** A request that loads and plans; shown in the reference and run by the registry's test. */
  readonly example: ActionRequest;
  /**
   * `planned`, right before the write: the calls of the approved plan. What they do not name came up since; where a revert could
   * bring it back, `prior` marks it, and `restores` leaves it out.
   */
  preflight(request: ActionRequest, planned?: readonly PlannedCall[]): Promise<Preflight>;
  /** Makes the change. Declarative: repeating it with the same prior is harmless. Must carry the mark of the case. */
  apply(request: ActionRequest, prior: JsonObject, made?: readonly JsonObject[]): Promise<Applied>;
  /** `made`: results of the plan's creating actions, which are no drift of this one (a key that Cordon itself rotated in). */
  verify(request: ActionRequest, applied: JsonObject, made?: readonly JsonObject[]): Promise<Verification>;
  /**
   * Puts back exactly `prior`, touching only what `applied` says we changed. Refuses (`Conflict` failure, final in rollback)
   * where a third party changed it since. Repeating it is harmless.
   */
  revert(request: ActionRequest, prior: JsonObject, applied: JsonObject): Promise<void>;
  /** The calls that revert will make. */
  previewRevert(request: ActionRequest, prior: JsonObject, applied: JsonObject): readonly PlannedCall[];
  /**
   * The part of `prior` that a revert brings back, in its shape, and in sentences what it leaves changed. `gone`: results of the
   * case's final actions on this target. Absent: all of `prior`, to the letter.
   */
  restores?(
    prior: JsonObject,
    applied: JsonObject,
    gone: readonly JsonObject[],
  ): { readonly prior: JsonObject; readonly left: readonly string[] };
  /** What deletes for good, days later, what `applied` switched off; null: nothing is left of it. Absent: Cordon never does. */
  proposeDeletion?(
    request: ActionRequest,
    applied: JsonObject,
    gone: readonly JsonObject[],
    when: DeletionTimes,
  ): ActionRequest | null;
  /**
   * Creating actions only: after a lost response, finds what was made under the case's mark and finishes or removes it.
   * Answers what now stands, or null when nothing was made.
   */
  reconcile?(request: ActionRequest, prior: JsonObject): Promise<Applied | null>;
}

/** ISO 8601, UTC. */
export interface DeletionTimes {
  readonly deactivatedAt: string;
  /** From when on it may be deleted. */
  readonly notBefore: string;
}

export interface LogProof {
  /** That succeeded. */
  readonly calls: readonly string[];
  /** That failed, though they may have been allowed: the log does not tell. */
  readonly unclear?: readonly string[];
  /** False while the log may still be late, and where there is a `gap`. */
  readonly logComplete: boolean;
  /** Why waiting does not make it complete, with what to do; a sentence. */
  readonly gap?: string;
  /** What was read, where the cloud has more logs than one: `CloudTrail of eu-central-1 and us-east-1`. */
  readonly scope?: string;
}

export interface Proposal {
  readonly requests: readonly ActionRequest[];
  readonly caveats: readonly string[];
}

/** One cloud: who is it, what did it do, what can be done about it. Everything here only reads, except the actions. */
export interface Provider {
  readonly cloud: Cloud;
  /** Every clue must lead to the same principal. Never guesses. */
  resolve(clues: readonly PrincipalClue[], accountId: string | undefined): Promise<Resolution>;
  /**
   * The identities that Cordon itself works with, all of them always protected. First that of its credentials (GetCallerIdentity
   * and its counterparts), then one for each further account that it works in by a role of its own there.
   */
  selves(): Promise<readonly [Principal, ...Principal[]]>;
  /** The accounts that Cordon works in, each once: the subscriptions' tenant in Azure, the project of its own identity in Google Cloud. */
  accounts(): Promise<readonly string[]>;
  /** Where the answers come from, as people call it: the audit log, the identity service. */
  readonly sources: { readonly activity: string; readonly credentials: string };
  activity(principal: Principal, around: TimeWindow, before: TimeWindow): Promise<ActivityFacts>;
  credentials(principal: Principal): Promise<CredentialFacts>;
  /** Proof from the cloud's own log: what the principal, its keys or its sessions still could do after `since`. */
  successfulCallsSince(principal: Principal, since: string): Promise<LogProof>;
  readonly actions: Readonly<Record<string, Action>>;
  /**
   * What to do about a principal. Pure: the same input always makes the same proposal, so a plan can be made again. The
   * requests come in the order of safety; what only a read can tell, an action's preflight reads. The caveats are what the proposal can't promise, for the approver to read.
   * `activity` is null when the log could not be read. No requests for identities that only a person can contain.
   */
  propose(
    principal: Principal,
    activity: ActivityFacts | null,
    caseId: string,
    enabledActions: readonly string[],
  ): Proposal;
  /**
   * Everything in the account that carries Cordon's mark, and the active credentials of `held`, the identities that Cordon changed
   * there. Reads only. What could not be looked at stands in `unread`; throws where nothing could.
   */
  marked(accountId: string, held: readonly Principal[]): Promise<Pick<MarkReading, 'marks' | 'credentials' | 'unread'>>;
  /** Reads needed for resolve, selves, activity, credentials, marked. */
  readonly evidencePermissions: readonly Permission[];
  /** Of these permissions, which are not granted to Cordon's identity, as the cloud's own check says. For `cordon doctor` and plans. */
  missingPermissions(permissions: readonly Permission[], accountId: string): Promise<readonly Permission[]>;
}

/** Narrows to the cloud that a provider serves; another cloud's principal here is a defect of the caller. */
export function principalIn<C extends Cloud>(cloud: C, principal: Principal): Extract<Principal, { cloud: C }> {
  if (principal.cloud !== cloud)
    throw new CordonFailure(
      'ValidationFailed',
      `The provider of ${cloud} was asked about an identity of ${principal.cloud}.`,
    );
  return principal as Extract<Principal, { cloud: C }>;
}

/** The clouds that the configuration names. */
export type Providers = { readonly [C in Cloud]?: Provider };

/** Throws `ValidationFailed` for a cloud that is not configured, for example since the case was opened. */
export function providerOf(providers: Providers, cloud: Cloud): Provider {
  const provider = providers[cloud];
  if (!provider)
    throw new CordonFailure(
      'ValidationFailed',
      `The configuration has no section \`${cloud}\`; this worker can't act there.`,
    );
  return provider;
}
