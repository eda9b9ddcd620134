import { CreateAccessKeyCommand, DeleteAccessKeyCommand } from '@aws-sdk/client-iam';
import { CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { PlannedCall } from '../../../../domain/plan.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';

/** Which key goes where. */
export interface StoredKey {
  readonly userName: string;
  readonly caseId: string;
  readonly secretName: string;
  readonly clientRequestToken: string;
}

const CASE_TAG = 'cordon:case';
const USER_TAG = 'cordon:user';
const KEY_TAG = 'cordon:access-key-id';
const NOT_SHOWN = '(the new key; shown nowhere)';

/**
 * The only place where the secret key exists in Cordon: it goes from one answer into the next request. Where storing it fails the
 * key is deleted; if that fails too, the outcome is unknown and `reconcile` finds the orphan by listing.
 */
export async function createStoredKey(
  clients: AwsClients,
  key: StoredKey,
): Promise<{ userName: string; accessKeyId: string; secretArn: string }> {
  const { AccessKey: made } = await clients.creating.iam.send(new CreateAccessKeyCommand({ UserName: key.userName }));
  if (!made?.AccessKeyId || !made.SecretAccessKey) {
    throw new CordonFailure(
      'OutcomeUnknown',
      'iam:CreateAccessKey answered without a key. Reconcile before another try.',
    );
  }
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = made;
  try {
    const stored = await clients.creating.secrets.send(
      new CreateSecretCommand({
        Name: key.secretName,
        ClientRequestToken: key.clientRequestToken,
        SecretString: JSON.stringify({ userName: key.userName, accessKeyId, secretAccessKey }),
        Tags: tags(key, accessKeyId),
      }),
    );
    return { userName: key.userName, accessKeyId, secretArn: stored.ARN ?? '' };
  } catch (failure) {
    return afterFailedStore(clients, key, accessKeyId, failure);
  }
}

async function afterFailedStore(clients: AwsClients, key: StoredKey, accessKeyId: string, failure: unknown) {
  try {
    const secret = await findSecret(clients, key.secretName);
    if (secret?.accessKeyId === accessKeyId) return { userName: key.userName, accessKeyId, secretArn: secret.arn };
    await deleteKey(clients, key.userName, accessKeyId);
  } catch {
    const message = `Access key ${accessKeyId} was created, but neither stored nor removed for certain. Reconcile.`;
    throw new CordonFailure('OutcomeUnknown', message, { cause: failure });
  }
  throw failure;
}

export interface FoundSecret {
  readonly arn: string;
  /** From the tags: the value is not read, and Cordon may not. */
  readonly accessKeyId: string | undefined;
  readonly caseId: string | undefined;
}

/** Null as well where the secret is only waiting for its deletion. */
export async function findSecret(clients: AwsClients, secretName: string): Promise<FoundSecret | null> {
  const found = await orNull(clients.secrets.send(new DescribeSecretCommand({ SecretId: secretName })));
  if (!found || found.DeletedDate) return null;
  const tag = (name: string) => found.Tags?.find(({ Key }) => Key === name)?.Value;
  return { arn: found.ARN ?? '', accessKeyId: tag(KEY_TAG), caseId: tag(CASE_TAG) };
}

export async function deleteKey(clients: AwsClients, UserName: string, AccessKeyId: string): Promise<void> {
  await orNull(clients.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })));
}

/** Without a recovery window: what it held is a key that no longer exists, and its name must be free again. */
export async function deleteSecret(clients: AwsClients, secretName: string): Promise<void> {
  const input = { SecretId: secretName, ForceDeleteWithoutRecovery: true };
  await orNull(clients.secrets.send(new DeleteSecretCommand(input)));
}

export function createCalls(key: StoredKey): readonly PlannedCall[] {
  return [
    { service: 'iam', operation: 'CreateAccessKey', parameters: { UserName: key.userName } },
    {
      service: 'secretsmanager',
      operation: 'CreateSecret',
      parameters: {
        Name: key.secretName,
        ClientRequestToken: key.clientRequestToken,
        SecretString: NOT_SHOWN,
        Tags: tags(key, '(its id)'),
      },
    },
  ];
}

export function revertCalls(key: StoredKey, AccessKeyId: string): readonly PlannedCall[] {
  return [
    { service: 'iam', operation: 'DeleteAccessKey', parameters: { UserName: key.userName, AccessKeyId } },
    {
      service: 'secretsmanager',
      operation: 'DeleteSecret',
      parameters: { SecretId: key.secretName, ForceDeleteWithoutRecovery: true },
    },
  ];
}

function tags(key: StoredKey, accessKeyId: string) {
  return [
    { Key: CASE_TAG, Value: key.caseId },
    { Key: USER_TAG, Value: key.userName },
    { Key: KEY_TAG, Value: accessKeyId },
  ];
}
