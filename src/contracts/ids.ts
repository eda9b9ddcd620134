import { createHash } from 'node:crypto';

import type { Principal } from '../domain/principal.ts';
import { principalKey } from '../domain/principal.ts';

/**
 * Ids are hashes: workflow ids are plain text in Temporal, and the parts come from an attacker. Not for workflow code (it has
 * no crypto): workflows get their ids from whoever starts them.
 */
function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The same alert from the same source, sent again, has the same id. */
export function alertIdOf(source: string, dedupKey: string): string {
  return `al_${hash([source, dedupKey])}`;
}

export function respondWorkflowId(alertId: string): string {
  return `alert-${alertId}`;
}

export function principalHash(principal: Principal): string {
  return hash([principalKey(principal)]);
}

/** The lock: one open case a principal. */
export function caseWorkflowId(principal: Principal): string {
  return `case-${principalHash(principal)}`;
}

/** One opening of a case; a principal that is contained again later gets another. */
export function caseIdOf(principal: Principal, openingAlertId: string): string {
  return `ca_${hash([principalKey(principal), openingAlertId])}`;
}

/** By the schedule; Temporal adds the time of each. */
export const SWEEP_SCHEDULE_ID = 'cordon-orphan-sweep';
/** That a person asked for: one at a time. */
export const ASKED_SWEEP_ID = 'orphan-sweep-asked';

/**
 * One plan after the containment at a time a case, be it a rollback or a deletion of keys: the workflow id is the lock. Keys must not
 * be deleted while a rollback turns them on, nor the other way round.
 */
export function secondPlanWorkflowId(caseId: string): string {
  return `rollback-${caseId}`;
}
