import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { DeletionTimes } from '../../../port.ts';
import { ACCESS_KEY_ID } from '../../names.ts';
import { read } from '../definition.ts';

export const deletionParameters = z.strictObject({
  /** Those that the case deactivated, from its ledger; no other key of the user is touched. */
  accessKeyIds: z.array(z.string().regex(ACCESS_KEY_ID)).min(1),
  /** ISO 8601: since when no call may have been signed with one of them. */
  deactivatedAt: z.iso.datetime(),
  /** ISO 8601: the end of the days in which an owner could still ask for them back. */
  notBefore: z.iso.datetime(),
});

/** `of`: the request by which the keys were deactivated, or one like it. */
export function deletionOfKeys(
  of: Omit<ActionRequest, 'action' | 'parameters'>,
  accessKeyIds: readonly string[],
  { deactivatedAt, notBefore }: DeletionTimes,
): ActionRequest {
  const parameters = { accessKeyIds: accessKeyIds.toSorted(), deactivatedAt, notBefore };
  return { ...of, action: 'delete-access-keys', parameters };
}

const goneSchema = z.object({ deleted: z.array(z.string()).default([]) });

/** The keys that are deleted for good, from the results of final actions on their user. */
export function deletedKeys(gone: readonly JsonObject[]): readonly string[] {
  return gone.flatMap((result) => read(goneSchema, result, 'The result of a final action').deleted);
}
