import { GetRolePolicyCommand, ListRolePoliciesCommand } from '@aws-sdk/client-iam';

import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';
import { standing } from '../../identity-center/deny-statement.ts';
import { centerOf, confirmPerson, roleNameOf } from '../../identity-center/people.ts';
import {
  inTurns,
  listAssignments,
  outdatedAccounts,
  permissionSetsOf,
  readInline,
} from '../../identity-center/permission-sets.ts';

type Deny = { readonly Sid: string };

/** A permission set that the user was given since is open as well: then it has drifted, and the plan is carried out again. */
export async function verify(
  clients: AwsClients,
  request: ActionRequest,
  deny: Deny,
  applied: readonly string[],
): Promise<Verification> {
  const center = centerOf(clients);
  const { userId, userName } = await confirmPerson(center, request);
  const { principal, accountId } = request;
  const roleName = principal.cloud === 'aws' ? roleNameOf(principal) : '';
  const { sets } = await permissionSetsOf(center, await listAssignments(center, userId), { roleName, accountId });
  const arns = [...new Set([...applied, ...sets.map(({ arn }) => arn)])];
  const [inline, outdated, role] = await Promise.all([
    inTurns(arns, (arn) => orNull(readInline(center, arn).then((text) => ({ arn, text })))),
    inTurns(arns, (arn) => orNull(outdatedAccounts(center, arn))),
    roleHas(clients, roleName, deny),
  ]);
  const open = inline.flatMap((one) => (one && standing(one.text, deny) !== 'ours' ? [one.arn] : []));
  if (open.length > 0) {
    return { status: 'drifted', detail: `User ${userName} is not denied in ${open.join(', ')}.` };
  }
  const late = [...new Set(outdated.flatMap((accounts) => accounts ?? []))];
  if (late.length > 0) {
    return { status: 'unknown', detail: `Permission sets are not provisioned yet in ${late.join(', ')}.` };
  }
  if (role === false) {
    return {
      status: 'drifted',
      detail: `Role ${roleName} does not have the statement, whatever its permission set says.`,
    };
  }
  const detail = `User ${userName} is denied everything in ${arns.length} permission sets, in all their accounts.`;
  return { status: 'holds', detail };
}

/** Null: IAM has no such role any more, so no session of it lives. */
async function roleHas({ iam }: AwsClients, RoleName: string, deny: Deny): Promise<boolean | null> {
  const listed = await orNull(iam.send(new ListRolePoliciesCommand({ RoleName })));
  if (!listed) return null;
  const documents = await Promise.all(
    (listed.PolicyNames ?? []).map((PolicyName) =>
      orNull(iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
    ),
  );
  return documents.some(
    (found) => found?.PolicyDocument && standing(decodeURIComponent(found.PolicyDocument), deny) === 'ours',
  );
}
