import { z } from 'zod';

import { REVOCATION } from '../../mark-names.ts';

/** The name that the AWS console uses, so that whoever looks at the role knows what it is. */
export const REVOKE_POLICY_NAME = 'AWSRevokeOlderSessions';

/**
 * Denies everything to sessions issued before `olderThan`: ISO 8601, UTC, or words in a preview. The Sid is the mark of the case: an inline policy of
 * this fixed name has no other place for it.
 */
export function revokeDocument(caseId: string, olderThan: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: REVOCATION.of(caseId),
        Effect: 'Deny',
        Action: ['*'],
        Resource: ['*'],
        Condition: { DateLessThan: { 'aws:TokenIssueTime': olderThan } },
      },
    ],
  });
}

const oneOrMore = z.union([z.literal('*').transform((all) => [all]), z.array(z.string())]);
const revoking = z.object({
  Statement: z.array(
    z.object({
      Effect: z.literal('Deny'),
      Action: oneOrMore,
      Resource: oneOrMore,
      Condition: z.strictObject({ DateLessThan: z.strictObject({ 'aws:TokenIssueTime': z.string() }) }),
    }),
  ),
});

/** The time up to which a document revokes every session, in milliseconds; null where it is not plainly such a document. */
export function revokedUpTo(document: string | null): number | null {
  if (document === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(document);
  } catch {
    return null;
  }
  const statement = revoking.safeParse(json).data?.Statement;
  if (statement?.length !== 1 || !statement[0]) return null;
  const { Action, Resource, Condition } = statement[0];
  const time = Date.parse(Condition.DateLessThan['aws:TokenIssueTime']);
  return Action.includes('*') && Resource.includes('*') && Number.isFinite(time) ? time : null;
}
