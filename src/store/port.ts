import type { Alert } from '../domain/alert.ts';
import type { CaseState, TimelineEntry } from '../domain/case.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry, LedgerVerification, NewLedgerEntry } from '../domain/ledger.ts';
import type { Plan } from '../domain/plan.ts';
import type { VerdictOutcome } from '../domain/verdict.ts';

export interface AcceptedAlert {
  readonly alert: Alert;
  readonly workflowId: string;
  readonly receivedAt: string;
  /** `waiting` until a workflow runs for it in Temporal. */
  readonly delivery: 'waiting' | 'delivered';
  readonly verdict?: VerdictOutcome;
  readonly principalKey?: string;
  readonly caseId?: string;
}

export interface AlertStore {
  /** One transaction: the raw alert (encrypted at rest) with its de-duplication key. The key is unique for ever. */
  accept(
    alert: Alert,
    raw: string,
    dedupKey: string,
    workflowId: string,
  ): Promise<{ readonly status: 'new' | 'duplicate'; readonly stored: AcceptedAlert }>;
  get(alertId: string): Promise<AcceptedAlert | null>;
  raw(alertId: string): Promise<string | null>;
  /** Oldest first: what the dispatcher still has to start. */
  waiting(limit: number): Promise<readonly AcceptedAlert[]>;
  delivered(alertId: string): Promise<void>;
  recordVerdict(
    alertId: string,
    verdict: { readonly outcome: VerdictOutcome; readonly principalKey?: string; readonly caseId?: string },
  ): Promise<void>;
  /** Others that share the principal or a source address, newest first, at most 20. */
  related(
    alertId: string,
    principalKey: string,
    sourceAddresses: readonly string[],
    since: string,
  ): Promise<readonly AcceptedAlert[]>;
  list(limit: number): Promise<readonly AcceptedAlert[]>;
}

export interface CaseRecord {
  readonly caseId: string;
  readonly workflowId: string;
  readonly principalKey: string;
  readonly principal: JsonObject;
  readonly state: CaseState;
  readonly openedAt: string;
  readonly updatedAt: string;
  readonly alertIds: readonly string[];
  /** Digest of the newest plan, when there is one. */
  readonly planDigest?: string;
  readonly timeline: readonly TimelineEntry[];
}

export interface CaseStore {
  /**
   * Insert or replace by caseId. A record whose newest line is older than the stored one's, or as old with a shorter timeline,
   * is an older one (activities retry and arrive late): it changes nothing. A reset run may have fewer lines, and newer.
   */
  save(record: Omit<CaseRecord, 'openedAt' | 'updatedAt'>): Promise<void>;
  get(caseId: string): Promise<CaseRecord | null>;
  /** Newest first. */
  list(filter: { readonly state?: CaseState; readonly limit: number }): Promise<readonly CaseRecord[]>;
  /** The newest that is in no end state: a workflow runs for it. */
  openFor(principalKey: string): Promise<CaseRecord | null>;
  /** All that are in no end state, oldest first. */
  open(): Promise<readonly CaseRecord[]>;
}

export interface PlanStore {
  put(plan: Plan): Promise<void>;
  get(digest: string): Promise<Plan | null>;
}

export interface Ledger {
  /** One transaction with the chain's head; once per (type, key). */
  append(entry: NewLedgerEntry): Promise<LedgerEntry>;
  /** In order. */
  ofCase(caseId: string): Promise<readonly LedgerEntry[]>;
  find(type: NewLedgerEntry['type'], key: string): Promise<LedgerEntry | null>;
  /** Intents without outcome, those of rollbacks too; in order. */
  unfinished(): Promise<readonly LedgerEntry[]>;
  verify(): Promise<LedgerVerification>;
}

export interface BudgetLimit {
  readonly name: string;
  /** What is counted apart under the name, for example an account; stored as a keyed hash. */
  readonly scope?: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

export interface Budget {
  /**
   * Counts the key once in each limit, for ever, all limits in one transaction or none; answers the first that is full, or null
   * when reserved.
   */
  reserve<Limit extends BudgetLimit>(key: string, limits: readonly Limit[]): Promise<Limit | null>;
}

/** `cordon stop` / `cordon start`: read at every mutation, never cached. */
export interface KillSwitch {
  status(): Promise<{
    readonly stopped: boolean;
    readonly by?: string;
    readonly at?: string;
    readonly reason?: string;
  }>;
  set(stopped: boolean, by: string, reason: string): Promise<void>;
}

export interface Store {
  readonly alerts: AlertStore;
  readonly cases: CaseStore;
  readonly plans: PlanStore;
  readonly ledger: Ledger;
  readonly budget: Budget;
  readonly killSwitch: KillSwitch;
  /** Answers in bounded time or throws: for /readyz and doctor. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
