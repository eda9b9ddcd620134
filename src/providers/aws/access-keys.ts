import type { AccessKeyMetadata } from '@aws-sdk/client-iam';
import { GetAccessKeyLastUsedCommand, paginateListAccessKeys } from '@aws-sdk/client-iam';

import type { AwsClients } from './clients.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly active: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export async function listAccessKeys(clients: AwsClients, userName: string): Promise<readonly AccessKey[]> {
  const keys: AccessKey[] = [];
  for await (const page of paginateListAccessKeys({ client: clients.iam }, { UserName: userName })) {
    keys.push(...(page.AccessKeyMetadata ?? []).map(accessKey));
  }
  return keys.toSorted((a, b) => (a.accessKeyId < b.accessKeyId ? -1 : 1));
}

/** Null: never, as far as IAM knows. */
export async function lastUse(clients: AwsClients, AccessKeyId: string): Promise<Date | null> {
  const { AccessKeyLastUsed } = await clients.iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
  return AccessKeyLastUsed?.LastUsedDate ?? null;
}

/** Every status but Inactive counts as active: one that we don't know must not pass for harmless. */
function accessKey({ AccessKeyId, Status, CreateDate }: AccessKeyMetadata): AccessKey {
  return {
    accessKeyId: AccessKeyId ?? '',
    active: Status !== 'Inactive',
    createdAt: (CreateDate ?? new Date(0)).toISOString(),
  };
}
