import type { RoleDetail } from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { Mark } from '../../../domain/orphan.ts';
import { PERSON_DENY } from '../mark-names.ts';
import { personArn } from './people.ts';

const statement = z.looseObject({
  Sid: z.string().catch(''),
  Condition: z
    .object({ StringEquals: z.object({ 'identitystore:userId': z.string() }) })
    .optional()
    .catch(undefined),
});
const document = z.object({ Statement: z.union([z.array(statement), statement.transform((one) => [one])]) });

/** What deny-permission-set-user added, as it stands in the role of a permission set in one account. */
export function personMarks({ Arn = '', RolePolicyList = [] }: RoleDetail): readonly Mark[] {
  if (!Arn.includes(':role/aws-reserved/sso.amazonaws.com/')) return [];
  const statements = RolePolicyList.flatMap(({ PolicyDocument = '' }) => statementsOf(PolicyDocument));
  return statements.flatMap(({ Sid, Condition }) => {
    if (!Sid.startsWith(PERSON_DENY.prefix)) return [];
    const userId = Condition?.StringEquals['identitystore:userId'];
    const caseId = PERSON_DENY.caseIn(Sid);
    const mark: Mark = {
      kind: 'permission set statement',
      name: `${Sid} of ${Arn}`,
      targets: userId === undefined ? [] : [personArn(userId)],
      leftBy: ['deny-permission-set-user'],
      caseId,
      trace: caseId ?? Sid,
      removal:
        'in Identity Center take the statement out of the inline policy of the permission set, and provision it anew.',
    };
    return [mark];
  });
}

/** IAM answers with documents URL-encoded (RFC 3986). One that is no policy has no statement of ours. */
function statementsOf(text: string): z.output<typeof document>['Statement'] {
  try {
    return document.parse(JSON.parse(decodeURIComponent(text))).Statement;
  } catch {
    return [];
  }
}
