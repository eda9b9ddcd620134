import type { StatusValues } from '@aws-sdk/client-sso-admin';
import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  DescribePermissionSetProvisioningStatusCommand,
  ProvisionPermissionSetCommand,
} from '@aws-sdk/client-sso-admin';

import { CordonFailure } from '../../../contracts/failures.ts';
import type { IdentityCenter } from '../clients.ts';
import type { Assignment } from './permission-sets.ts';

/** A refusal for good, after something was changed already, must not pass for "nothing done". */
export function notNothing(error: unknown): unknown {
  if (!(error instanceof CordonFailure) || !error.final || error.type === 'OutcomeUnknown') return error;
  return new CordonFailure('OutcomeUnknown', `A part was changed before this. ${error.message}`, { cause: error });
}

/** Inside the half minute that a change may take; what takes longer is tried again, and then found done. */
const LONGEST_WAIT_MS = 15_000;
const POLL_MS = 250;

/** What AWS began and goes on with after its answer. */
export interface Running {
  readonly what: string;
  status(): Promise<Told>;
}

interface Told {
  readonly Status?: StatusValues | undefined;
  readonly FailureReason?: string | undefined;
  readonly RequestId?: string | undefined;
}

/** To every account that has the permission set. `Conflict` while an earlier request goes on. */
export async function provision({ admin, instanceArn: InstanceArn }: IdentityCenter, arn: string): Promise<Running> {
  const input = { InstanceArn, PermissionSetArn: arn, TargetType: 'ALL_PROVISIONED_ACCOUNTS' as const };
  const begun = (await admin.send(new ProvisionPermissionSetCommand(input))).PermissionSetProvisioningStatus;
  const request = { InstanceArn, ProvisionPermissionSetRequestId: begun?.RequestId ?? '' };
  return {
    what: `The provisioning of permission set ${arn}`,
    status: async () =>
      (await admin.send(new DescribePermissionSetProvisioningStatusCommand(request))).PermissionSetProvisioningStatus ??
      {},
  };
}

export async function unassign(center: IdentityCenter, userId: string, assignment: Assignment): Promise<Running> {
  const { admin, instanceArn: InstanceArn } = center;
  const input = assignmentInput(center, userId, assignment);
  const begun = (await admin.send(new DeleteAccountAssignmentCommand(input))).AccountAssignmentDeletionStatus;
  const request = { InstanceArn, AccountAssignmentDeletionRequestId: begun?.RequestId ?? '' };
  return {
    what: `The end of ${assignment.permissionSetArn} in account ${assignment.accountId}`,
    status: async () =>
      (await admin.send(new DescribeAccountAssignmentDeletionStatusCommand(request))).AccountAssignmentDeletionStatus ??
      {},
  };
}

export async function assign(center: IdentityCenter, userId: string, assignment: Assignment): Promise<Running> {
  const { admin, instanceArn: InstanceArn } = center;
  const input = assignmentInput(center, userId, assignment);
  const begun = (await admin.send(new CreateAccountAssignmentCommand(input))).AccountAssignmentCreationStatus;
  const request = { InstanceArn, AccountAssignmentCreationRequestId: begun?.RequestId ?? '' };
  return {
    what: `The return of ${assignment.permissionSetArn} in account ${assignment.accountId}`,
    status: async () =>
      (await admin.send(new DescribeAccountAssignmentCreationStatusCommand(request))).AccountAssignmentCreationStatus ??
      {},
  };
}

/** What a call of these is made with; shown in plans as well. */
export function assignmentInput(
  { instanceArn }: Pick<IdentityCenter, 'instanceArn'>,
  userId: string,
  { accountId, permissionSetArn }: Assignment,
) {
  return {
    InstanceArn: instanceArn,
    TargetId: accountId,
    TargetType: 'AWS_ACCOUNT' as const,
    PermissionSetArn: permissionSetArn,
    PrincipalType: 'USER' as const,
    PrincipalId: userId,
  };
}

/** Throws `Unavailable` for what is not done in time, and for what AWS says has failed: both are tried again. */
export async function finished(running: readonly Running[]): Promise<void> {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  let open = running;
  while (open.length > 0) {
    const told = await Promise.all(open.map(async (request) => ({ request, ...(await request.status()) })));
    const failed = told.find(({ Status }) => Status === 'FAILED');
    if (failed) {
      // The reason may quote a policy, and is AWS's own text: its length is bounded, its control characters are dropped.
      const reason = (failed.FailureReason ?? 'no reason given').replaceAll(/\p{Cc}/gu, ' ').slice(0, 200);
      throw new CordonFailure('Unavailable', `${failed.request.what} failed: ${reason}`);
    }
    open = told.flatMap(({ request, Status }) => (Status === 'SUCCEEDED' ? [] : [request]));
    if (open.length === 0) return;
    if (Date.now() > deadline) {
      const [first] = open;
      throw new CordonFailure(
        'Unavailable',
        `${first?.what ?? ''} goes on (${open.length} of ${running.length} open).`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
