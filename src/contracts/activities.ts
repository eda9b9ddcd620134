import type { SignedDecision } from '../domain/approval.ts';
import type { Alert } from '../domain/alert.ts';
import type { Cloud } from '../domain/cloud.ts';
import type { CaseState, TimelineEntry } from '../domain/case.ts';
import type { ActivityFacts, CredentialFacts, Gathered, HistoryFacts, TimeWindow } from '../domain/evidence.ts';
import type { JsonObject } from '../domain/json.ts';
import type { MarkReading, Orphan, OrphanReport } from '../domain/orphan.ts';
import type { Plan } from '../domain/plan.ts';
import type { Principal, Resolution } from '../domain/principal.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { AssessmentPolicy, ResponsePolicy } from '../policy/policy.ts';
import type { JoinedAlert, RollbackHeard, RollbackNews } from './messages.ts';

/** What an alert's workflow needs to decide; the policy travels with it, so that history shows what was decided by. */
export interface AlertContext {
  readonly alert: Alert;
  readonly resolution: Resolution;
  readonly policy: AssessmentPolicy;
  /** Why this principal may never be contained, or absent. */
  readonly protectedBecause?: string;
  readonly around: TimeWindow;
  readonly before: TimeWindow;
  /** Read from the store in the same activity: one hop less before the verdict. */
  readonly history: Gathered<HistoryFacts>;
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

/** Queue `evidence` as well: it only reads. */
export interface MarkActivities {
  /** Everything under Cordon's mark in each account of a cloud; nothing for one that is not configured. */
  readMarks(input: { readonly cloud: Cloud }): Promise<readonly MarkReading[]>;
}

export interface UnreadCloud {
  readonly cloud: Cloud;
  readonly reason: string;
}

/** Queue `decide` as well: store, ledger, and what runs in Temporal. */
export interface OrphanActivities {
  findOrphans(input: {
    readonly readings: readonly MarkReading[];
    readonly unread: readonly UnreadCloud[];
  }): Promise<OrphanReport>;
  /** After people were told of them: no later sweep tells them again. */
  recordOrphans(input: { readonly orphans: readonly Orphan[] }): Promise<void>;
}

/** Queue `decide`: store, ledger, planning, approvals. */
export interface DecideActivities {
  recordVerdict(input: {
    readonly alertId: string;
    readonly verdict: Verdict;
    readonly principal?: Principal;
  }): Promise<void>;
  /** signalWithStart of the principal's case: it opens the case or joins the open one. */
  joinCase(input: {
    readonly principal: Principal;
    readonly alert: Omit<JoinedAlert, 'opens'>;
  }): Promise<{ readonly workflowId: string }>;
  /** Tells the case of this principal about its rollback. Null when no workflow of that very case runs. */
  tellCase(input: { readonly principal: Principal; readonly news: RollbackNews }): Promise<RollbackHeard | null>;
  /** The modes and times for a case in this cloud. */
  responsePolicy(input: { readonly cloud: Cloud }): Promise<ResponsePolicy>;
  /** Verifies one decision (signature, approver, digest) and writes it to the ledger. Throws `ApprovalInvalid`. */
  recordDecision(input: { readonly planDigest: string; readonly decision: SignedDecision }): Promise<void>;
  /** Saves the case for `cordon case`, and a ledger entry for each new state. */
  recordCase(input: CaseSnapshot): Promise<void>;
  /** Another case of the same principal that is in no end state, or null: the oldest. A rollback is open while it puts things back. */
  otherOpenCase(input: {
    readonly principal: Principal;
    readonly caseId: string;
  }): Promise<{ readonly caseId: string; readonly state: CaseState } | null>;
  /** What the store holds of a case: a rollback goes on from there, also after Temporal's retention. */
  loadCase(input: { readonly caseId: string }): Promise<CaseSnapshot & { readonly principalHash: string }>;
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

/** What a request for approval is about; the texts are loaded from the store by the activity, so history stays small. */
export interface ApprovalSubject {
  readonly caseId: string;
  readonly workflowId: string;
  readonly planDigest: string;
  readonly verdict: Verdict;
  readonly alertIds: readonly string[];
  readonly expiresAt: string;
  /** The case was contained before, and reopened. */
  readonly reopened?: boolean;
}

/** Queue `notify`. */
export interface NotifyActivities {
  /** Answers where the message stands. */
  requestApproval(input: ApprovalSubject): Promise<JsonObject>;
  closeApproval(input: {
    readonly message: JsonObject;
    readonly subject: ApprovalSubject;
    readonly state: CaseState;
    readonly lines: readonly string[];
  }): Promise<void>;
  notifyPeople(input: Notice): Promise<void>;
  /** The channel that always works (the log), for when the first one does not. */
  notifyByFallback(input: Notice): Promise<void>;
}

export interface Notice {
  /** The same key twice shows one message where the channel can tell. */
  readonly key: string;
  readonly urgency: 'page' | 'inform';
  readonly title: string;
  readonly lines: readonly string[];
  readonly caseId?: string;
}

/** One action of a plan, and the decisions that permit it. */
export interface ActionInput {
  readonly planDigest: string;
  readonly sequence: number;
  readonly decisions: readonly SignedDecision[];
  /** From 1 (the default): how often the plan is carried out, because someone undid it meanwhile. */
  readonly round?: number;
}

/** What one action came to. */
export interface ActionOutcome {
  readonly sequence: number;
  readonly status: 'applied' | 'already-so' | 'reverted' | 'not-made';
  readonly detail: string;
  /** What a person must do with what was made, in sentences; never a secret. */
  readonly handOver?: string;
}

export interface SecondPlanAsked {
  readonly caseId: string;
  /** Approver id of who asked; absent in older histories. */
  readonly requestedBy?: string;
}

export interface ContainmentCheck {
  /** `clean` only when every action holds, the log, as far as it goes, is quiet since, and nothing came up that the plan does not name. */
  readonly status: 'clean' | 'drifted' | 'unproven';
  /** Findings for a person, the gaps among them. */
  readonly lines: readonly string[];
  /** What the plan does not promise: with any, `clean` says only that all it did stands. Absent in older histories, which called it drift. */
  readonly gaps?: readonly string[];
  /** A change does not stand any more, and carrying out the plan again makes it stand. */
  readonly mendable?: boolean;
}

/** Queue `contain-<cloud>`: the only one whose workers may change a cloud. */
export interface ContainActivities {
  /** Preflight of every action of the policy: exact calls, prior state, what may break. Stores the plan; changes nothing. */
  planContainment(input: {
    readonly caseId: string;
    readonly principal: Principal;
    readonly alertIds: readonly string[];
    /** How often the case was reopened: plans of one case are told apart by it. */
    readonly reopenings?: number;
  }): Promise<Plan>;
  /** From the ledger: what this case changed, in reverse. Stores the plan; changes nothing. */
  planRollback(input: SecondPlanAsked): Promise<Plan>;
  /** From the ledger: the keys that this case deactivated, to be deleted for good. Stores the plan; changes nothing. */
  planDeletion(input: SecondPlanAsked): Promise<Plan>;
  /** One action, in the order of safety. Declarative: retried; the ledger's intent tells a retry what it is. */
  applyAction(input: ActionInput): Promise<ActionOutcome>;
  /** The same for a creating action: one attempt. */
  createByAction(input: ActionInput): Promise<ActionOutcome>;
  /** After a lost `createByAction`: finds what was made, finishes or removes it; `not-made` when nothing stands. */
  reconcileAction(input: Omit<ActionInput, 'decisions' | 'round'>): Promise<ActionOutcome>;
  revertAction(input: ActionInput): Promise<ActionOutcome>;
  /**
   * Independent reads of every action, and the cloud's own log since the last change. With `requireLog` a log that is not
   * complete yet is retried; without, it is said.
   */
  verifyContainment(input: {
    readonly planDigest: string;
    readonly since: string;
    readonly requireLog: boolean;
    readonly alertIds: readonly string[];
    /** In which the plan was carried out last; 1 if absent. */
    readonly round?: number;
  }): Promise<ContainmentCheck>;
  verifyRollback(input: { readonly planDigest: string }): Promise<ContainmentCheck>;
  verifyDeletion(input: { readonly planDigest: string }): Promise<ContainmentCheck>;
}
