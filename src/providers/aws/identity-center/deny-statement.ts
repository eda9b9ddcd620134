import { z } from 'zod';

import { CordonFailure } from '../../../contracts/failures.ts';
import { normalJson } from '../documents.ts';
import { PERSON_DENY } from '../mark-names.ts';
import { sameDocument } from '../policies.ts';

/** AWS's quota for the inline policy of a permission set, in characters without white space. */
export const INLINE_QUOTA = 10_240;

const statementSchema = z.looseObject({ Sid: z.string().optional().catch(undefined) });
const documentSchema = z.looseObject({
  Statement: z.union([z.array(statementSchema), statementSchema.transform((one) => [one])]),
});
type Statement = z.output<typeof statementSchema>;

/**
 * AWS's own way to stop one person's sessions of a permission set: the user id is in every one of them, in those of other people
 * another. Without a time: a session that is made later is denied as well, as long as the case stands.
 * https://docs.aws.amazon.com/singlesignon/latest/userguide/prereqs-revoking-user-permissions.html
 */
export function denyOf(caseId: string, userId: string): Statement & { readonly Sid: string } {
  return {
    Sid: PERSON_DENY.of(caseId),
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { StringEquals: { 'identitystore:userId': userId } },
  };
}

/** `changed`: a statement of our Sid says something else, or there are several. */
export function standing(document: string | null, deny: { readonly Sid: string }): 'ours' | 'changed' | 'absent' {
  const named = document === null ? [] : parse(document).Statement.filter(({ Sid }) => Sid === deny.Sid);
  const [one, another] = named;
  if (!one) return 'absent';
  return !another && normalJson(one) === normalJson(deny) ? 'ours' : 'changed';
}

/** Every other statement stays as it is. Throws `ValidationFailed` for a document that can't be read as a policy. */
export function withDeny(document: string | null, deny: { readonly Sid: string }): string {
  if (document === null) return JSON.stringify({ Version: '2012-10-17', Statement: [deny] });
  const parsed = parse(document);
  return JSON.stringify({ ...parsed, Statement: [...parsed.Statement, deny] });
}

/**
 * To the letter what was there before, where nobody has changed it since; else what is there now without our statement. Null: no
 * policy at all.
 */
export function withoutDeny(document: string, deny: { readonly Sid: string }, prior: string | null): string | null {
  if (sameDocument(document, withDeny(prior, deny))) return prior;
  const parsed = parse(document);
  const others = parsed.Statement.filter(({ Sid }) => Sid !== deny.Sid);
  return others.length === 0 ? null : JSON.stringify({ ...parsed, Statement: others });
}

export function fits(document: string): boolean {
  return document.replaceAll(/\s/gu, '').length <= INLINE_QUOTA;
}

function parse(document: string): z.output<typeof documentSchema> {
  try {
    return documentSchema.parse(JSON.parse(document));
  } catch {
    const message = 'The inline policy of the permission set is no policy that can be read. Mend it, then plan again.';
    throw new CordonFailure('ValidationFailed', message);
  }
}
