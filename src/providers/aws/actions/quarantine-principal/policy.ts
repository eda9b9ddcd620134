import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  DeletePolicyCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  paginateListAttachedUserPolicies,
} from '@aws-sdk/client-iam';

import type { PlannedCall } from '../../../../domain/plan.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';
import { QUARANTINE, QUARANTINE_PATH } from './document.ts';

const CASE_TAG = 'cordon:case';

/** The case's own customer-managed policy, and the user whom it is for. */
export interface Quarantine {
  readonly userName: string;
  readonly caseId: string;
  readonly policyName: string;
  readonly policyArn: string;
}

export interface FoundQuarantine {
  /** Of the default version, the one that counts; null where there is no such policy. */
  readonly document: string | null;
  /** From its tag: which case made it. */
  readonly caseId: string | undefined;
  readonly attached: boolean;
  /** Users, groups and roles that it is attached to beside the user. */
  readonly attachedElsewhere: number;
}

export async function findQuarantine(clients: AwsClients, quarantine: Quarantine): Promise<FoundQuarantine> {
  const { userName, policyArn: PolicyArn } = quarantine;
  const [answer, attached] = await Promise.all([
    orNull(clients.iam.send(new GetPolicyCommand({ PolicyArn }))),
    isAttached(clients, userName, PolicyArn),
  ]);
  const policy = answer?.Policy;
  if (!policy) return { document: null, caseId: undefined, attached, attachedElsewhere: 0 };
  const input = { PolicyArn, VersionId: policy.DefaultVersionId ?? 'v1' };
  const version = (await clients.iam.send(new GetPolicyVersionCommand(input))).PolicyVersion;
  return {
    // IAM answers with the document URL-encoded (RFC 3986).
    document: decodeURIComponent(version?.Document ?? ''),
    caseId: policy.Tags?.find(({ Key }) => Key === CASE_TAG)?.Value,
    attached,
    attachedElsewhere: (policy.AttachmentCount ?? 0) - (attached ? 1 : 0),
  };
}

async function isAttached(clients: AwsClients, UserName: string, policyArn: string): Promise<boolean> {
  for await (const page of paginateListAttachedUserPolicies({ client: clients.iam }, { UserName })) {
    if (page.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === policyArn)) return true;
  }
  return false;
}

/** The name is the case's own, so making it a second time is refused and makes no second one. */
export async function createQuarantine(clients: AwsClients, quarantine: Quarantine): Promise<void> {
  await clients.iam.send(new CreatePolicyCommand(creation(quarantine)));
}

export async function attachQuarantine(clients: AwsClients, quarantine: Quarantine): Promise<void> {
  await clients.iam.send(new AttachUserPolicyCommand(attachment(quarantine)));
}

export async function detachQuarantine(clients: AwsClients, quarantine: Quarantine): Promise<void> {
  await orNull(clients.iam.send(new DetachUserPolicyCommand(attachment(quarantine))));
}

export async function deleteQuarantine(clients: AwsClients, { policyArn: PolicyArn }: Quarantine): Promise<void> {
  await orNull(clients.iam.send(new DeletePolicyCommand({ PolicyArn })));
}

export function quarantineCalls(quarantine: Quarantine, found: FoundQuarantine): readonly PlannedCall[] {
  return [
    ...(found.document === null ? [iam('CreatePolicy', creation(quarantine))] : []),
    ...(found.attached ? [] : [iam('AttachUserPolicy', attachment(quarantine))]),
  ];
}

export function releaseCalls(quarantine: Quarantine, ours: boolean): readonly PlannedCall[] {
  const detach = iam('DetachUserPolicy', attachment(quarantine));
  return ours ? [detach, iam('DeletePolicy', { PolicyArn: quarantine.policyArn })] : [detach];
}

function creation({ caseId, policyName: PolicyName }: Quarantine) {
  const Tags = [{ Key: CASE_TAG, Value: caseId }];
  return { PolicyName, Path: QUARANTINE_PATH, PolicyDocument: QUARANTINE, Tags };
}

function attachment({ userName: UserName, policyArn: PolicyArn }: Quarantine) {
  return { UserName, PolicyArn };
}

function iam(operation: string, parameters: PlannedCall['parameters']): PlannedCall {
  return { service: 'iam', operation, parameters };
}
