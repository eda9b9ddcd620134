import type { SignedDecision } from '../domain/approval.ts';
import type { Alert } from '../domain/alert.ts';
import type { CaseState, TimelineEntry } from '../domain/case.ts';
import type { ActivityFacts, CredentialFacts, Gathered, HistoryFacts, TimeWindow } from '../domain/evidence.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Plan } from '../domain/plan.ts';
import type { Principal, Resolution } from '../domain/principal.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { AssessmentPolicy, ResponsePolicy } from '../policy/policy.ts';
import type { JoinedAlert } from './messages.ts';

/** What an alert's workflow needs to decide; the policy travels with it, so that history shows what was decided by. */
export interface AlertContext {
  readonly alert: Alert;
  readonly resolution: Resolution;
  readonly policy: AssessmentPolicy;
  /** Why this principal may never be contained, or absent. */
  readonly protectedBecause?: string;
  readonly around: TimeWindow;
  readonly before: TimeWindow;
}

/** Queue `evidence`: read only. A failed read is answered as `unknown` by the workflow once the retries are spent. */
export interface EvidenceActivities {
  identifyPrincipal(input: { readonly alertId: string }): Promise<AlertContext>;
  gatherActivity(input: {
    readonly principal: Principal;
    readonly around: TimeWindow;
    readonly before: TimeWindow;
  }): Promise<Gathered<ActivityFacts>>;
  gatherCredentials(input: { readonly principal: Principal }): Promise<Gathered<CredentialFacts>>;
}

/** Queue `decide`: store, ledger, planning, approvals. */
export interface DecideActivities {
  gatherHistory(input: { readonly alertId: string; readonly principal: Principal }): Promise<Gathered<HistoryFacts>>;
  recordVerdict(input: {
    readonly alertId: string;
    readonly verdict: Verdict;
    readonly principal?: Principal;
    readonly caseId?: string;
  }): Promise<void>;
  /** signalWithStart of the principal's case; answers which case it joined. */
  joinCase(input: {
    readonly principal: Principal;
    readonly alert: JoinedAlert;
  }): Promise<{ readonly workflowId: string; readonly caseId: string }>;
  responsePolicy(): Promise<ResponsePolicy>;
  /** Verifies one decision (signature, approver, digest) and writes it to the ledger. Throws `ApprovalInvalid`. */
  recordDecision(input: {
    readonly caseId: string;
    readonly planDigest: string;
    readonly decision: SignedDecision;
  }): Promise<void>;
  /** Saves the case for `cordon case`, and a ledger entry for each new state. */
  recordCase(input: CaseSnapshot): Promise<void>;
}

export interface CaseSnapshot {
  readonly caseId: string;
  readonly workflowId: string;
  readonly principal: Principal;
  readonly state: CaseState;
  readonly alertIds: readonly string[];
  readonly planDigest?: string;
  readonly timeline: readonly TimelineEntry[];
}

/** Queue `notify`. */
export interface NotifyActivities {
  requestApproval(input: {
    readonly caseId: string;
    readonly workflowId: string;
    readonly planDigest: string;
    readonly verdict: Verdict;
    readonly alertIds: readonly string[];
    readonly expiresAt: string;
  }): Promise<JsonObject>;
  closeApproval(input: {
    readonly message: JsonObject;
    readonly caseId: string;
    readonly workflowId: string;
    readonly planDigest: string;
    readonly verdict: Verdict;
    readonly alertIds: readonly string[];
    readonly expiresAt: string;
    readonly state: CaseState;
    readonly lines: readonly string[];
  }): Promise<void>;
  notifyPeople(input: {
    readonly key: string;
    readonly urgency: 'page' | 'inform';
    readonly title: string;
    readonly lines: readonly string[];
    readonly caseId?: string;
  }): Promise<void>;
}

/** What one action came to. */
export interface ActionOutcome {
  readonly sequence: number;
  readonly status: 'applied' | 'already-so' | 'reverted';
  readonly detail: string;
}

export interface ContainmentCheck {
  /** `contained` only when every action holds and the cloud's own log shows no successful call since. */
  readonly status: 'contained' | 'drifted' | 'unproven';
  readonly lines: readonly string[];
}

/** Queue `contain-<cloud>`: the only one whose workers may change a cloud. */
export interface ContainActivities {
  /** Preflight of every action of the policy: exact calls, prior state, what may break. Stores the plan; changes nothing. */
  planContainment(input: {
    readonly caseId: string;
    readonly principal: Principal;
    readonly alertIds: readonly string[];
    readonly since: string;
  }): Promise<Plan>;
  /** From the ledger: what this case changed, in reverse. Stores the plan; changes nothing. */
  planRollback(input: { readonly caseId: string }): Promise<Plan>;
  /** One action, in the order of safety. Declarative: retried; the ledger's intent tells a retry what it is. */
  applyAction(input: {
    readonly planDigest: string;
    readonly sequence: number;
    readonly decisions: readonly SignedDecision[];
  }): Promise<ActionOutcome>;
  /** The same for a creating action: one attempt. */
  createByAction(input: {
    readonly planDigest: string;
    readonly sequence: number;
    readonly decisions: readonly SignedDecision[];
  }): Promise<ActionOutcome>;
  /** After a lost `createByAction`: finds what was made, finishes or removes it. Null when nothing was made. */
  reconcileAction(input: { readonly planDigest: string; readonly sequence: number }): Promise<ActionOutcome | null>;
  revertAction(input: {
    readonly planDigest: string;
    readonly sequence: number;
    readonly decisions: readonly SignedDecision[];
  }): Promise<ActionOutcome>;
  verifyContainment(input: { readonly planDigest: string; readonly since: string }): Promise<ContainmentCheck>;
  verifyRollback(input: { readonly planDigest: string }): Promise<ContainmentCheck>;
}
