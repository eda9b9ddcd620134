import type { Role } from '@aws-sdk/client-iam';
import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';

import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest, PlannedCall } from '../../domain/plan.ts';
import { resourceOf } from '../../domain/principal.ts';
import type { AwsClients } from './clients.ts';
import { findRole } from './confirm.ts';
import { nameInArn } from './names.ts';

/**
 * What IAM says of the role that a request is about. `gone`: nothing is left that a session of it could use; `caveats` where another
 * role has its name by now. `fixed`: nobody can edit it in IAM, for the reason given.
 */
export type RoleStanding =
  | { readonly kind: 'there'; readonly role: Role; readonly trustPolicy: string }
  | { readonly kind: 'gone'; readonly detail: string; readonly caveats: readonly string[] }
  | { readonly kind: 'fixed'; readonly why: string };

/** `uniqueId`: of the role that is meant, where it is known; by default that of the principal, where the request is about its own role. */
export async function standingOf(
  clients: Pick<AwsClients, 'iam'>,
  request: ActionRequest,
  uniqueId = ofPrincipal(request),
): Promise<RoleStanding> {
  const { target, accountId } = request;
  const role = await findRole(clients, nameInArn('role', target, accountId));
  const detail = `IAM has no role ${target} any more, so no session of it can do anything.`;
  if (!role) return { kind: 'gone', detail, caveats: [] };
  if (role.Arn !== target || (uniqueId !== undefined && uniqueId !== role.RoleId)) {
    const caveat = `Role ${target} is gone and was made anew as ${role.Arn}, id ${role.RoleId}, which is left alone: look at who made it and whom it lets in.`;
    return { kind: 'gone', detail, caveats: [caveat] };
  }
  const why = fixedBecause(role);
  if (why !== null) return { kind: 'fixed', why };
  return { kind: 'there', role, trustPolicy: decodeURIComponent(role.AssumeRolePolicyDocument ?? '') };
}

function ofPrincipal({ principal, target }: ActionRequest): string | undefined {
  return resourceOf(principal) === target ? principal.uniqueId : undefined;
}

function fixedBecause({ Arn = '', Path, RoleName }: Role): string | null {
  if (Path?.startsWith('/aws-service-role/'))
    return `${Arn} is a service-linked role, which can not be edited in IAM. Act in the service that it belongs to.`;
  if (Path?.startsWith('/aws-reserved/') || RoleName?.startsWith('AWSReservedSSO_'))
    return `${Arn} belongs to Identity Center and can not be edited in IAM. Disable the user there and end its sessions.`;
  return null;
}

export async function putTrust({ iam }: AwsClients, RoleName: string, PolicyDocument: string): Promise<void> {
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
}

export function trustCall(RoleName: string, PolicyDocument: string): PlannedCall {
  return { service: 'iam', operation: 'UpdateAssumeRolePolicy', parameters: { RoleName, PolicyDocument } };
}

export function trustChangedByOthers(roleName: string): CordonFailure {
  const message = `The trust policy of role ${roleName} was changed by someone else since; it is left as it is.`;
  return new CordonFailure('Conflict', message);
}
