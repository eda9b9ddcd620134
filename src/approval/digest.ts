import { createHash } from 'node:crypto';

import { canonicalJson } from '../domain/canonical.ts';
import type { ActionRequest, Plan } from '../domain/plan.ts';

/** SHA-256, hex, of the canonical JSON of every field but `digest`, whatever else the plan carries. */
export function planDigest(plan: Omit<Plan, 'digest'> | Plan): string {
  const { digest: _, ...content } = plan as Plan;
  return sha256(canonicalJson(content));
}

export function sealPlan(plan: Omit<Plan, 'digest'>): Plan {
  return { ...plan, digest: planDigest(plan) };
}

/**
 * SHA-256, hex, of case, action, cloud, account, target and parameters: the same change of the same case has the same key in
 * every try, run and worker. A plan that is made because the case was reopened makes its changes anew, under keys of its own;
 * by them its digest differs from that of the plan before, whose approval must not count for it.
 */
export function idempotencyKey(caseId: string, request: ActionRequest, reopenings = 0): string {
  const { action, cloud, accountId, target, parameters } = request;
  const again = reopenings === 0 ? {} : { reopenings };
  return sha256(canonicalJson({ caseId, action, cloud, accountId, target, parameters, ...again }));
}

/** The key of a change in a later round of the same plan, from its key in the first. */
export function roundKey(key: string, round: number): string {
  return round === 1 ? key : sha256(canonicalJson({ key, round }));
}

/** The key of undoing a change, from the key of the change. */
export function rollbackKey(key: string): string {
  return sha256(canonicalJson({ rollback: key }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
