import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { SignedDecision } from '../domain/approval.ts';
import type { CaseState, TimelineEntry } from '../domain/case.ts';
import type { Plan } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import type { Verdict } from '../domain/verdict.ts';

export const RESPOND_TO_ALERT = 'respondToAlert';
export const CONTAIN_PRINCIPAL = 'containPrincipal';
export const ROLL_BACK = 'rollBack';
export const SWEEP_ORPHANS = 'sweepOrphans';
export const DELETE_KEYS = 'deleteKeys';

export interface RespondToAlertInput {
  readonly alertId: string;
}

/** An alert that joins a case, the first included. References only: the alert itself is in the store. */
export interface JoinedAlert {
  readonly alertId: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly techniques: readonly string[];
  /** The id of the case that this alert opens, should no case be open for it to join. */
  readonly opens: string;
}

export interface ContainPrincipalInput {
  readonly caseId: string;
  /** Came when the case before had ended and was only telling people: they open this one. */
  readonly alerts?: readonly JoinedAlert[];
  readonly principal: Principal;
  readonly principalHash: string;
}

/** Of a rollback, and of a deletion of keys. */
export interface SecondPlanInput {
  readonly caseId: string;
  /** Approver id of who asked; asking is not approving. */
  readonly requestedBy: string;
  readonly reason: string;
}

export interface CaseStatus {
  readonly caseId: string;
  readonly state: CaseState;
  readonly alertIds: readonly string[];
  readonly planDigest?: string;
  readonly approvals: number;
  /** ISO 8601 */
  readonly expiresAt?: string;
}

export interface DecideResult {
  readonly state: CaseState;
  readonly approvals: number;
  readonly required: number;
}

/** What a rollback, or a deletion of keys, tells its case while the case's own workflow runs: that one alone writes the record. */
export interface RollbackNews {
  readonly caseId: string;
  /** The same news twice counts once. */
  readonly id: string;
  readonly lines: readonly Pick<TimelineEntry, 'step' | 'detail'>[];
  /** Of the plan that waits for a decision. */
  readonly planDigest?: string;
  /** The watch must have ended before anything is put back; the answer comes when it has. */
  readonly approved: boolean;
}

export interface RollbackHeard {
  /** Once the news is taken in. */
  readonly state: CaseState;
  /** The lines stand in the record now. A case that is not being watched takes none. */
  readonly taken: boolean;
}

/** Sent by signalWithStart: it opens the case or joins the open one. */
export const alertJoined = defineSignal<[JoinedAlert]>('alertJoined');
/**
 * An approver's signed decision. The validator (synchronous) rejects another digest, a used nonce, a case that is not waiting;
 * the handler has the signature checked by an activity before the decision counts.
 */
export const decide = defineUpdate<DecideResult, [SignedDecision]>('decide');

/** Answers null when another case of the same principal runs. */
export const rollbackNews = defineUpdate<RollbackHeard | null, [RollbackNews]>('rollbackNews');

export const timelineQuery = defineQuery<readonly TimelineEntry[]>('timeline');
export const planQuery = defineQuery<Plan | null>('plan');
export const stateQuery = defineQuery<CaseStatus>('state');
