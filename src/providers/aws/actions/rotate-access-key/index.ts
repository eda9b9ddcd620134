import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import { parseArn } from '../../../../domain/arn.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight } from '../../../port.ts';
import { listAccessKeys } from '../../access-keys.ts';
import type { AwsClients } from '../../clients.ts';
import { confirmUser } from '../../confirm.ts';
import { KEY_SECRET } from '../../mark-names.ts';
import { ACCESS_KEY_ID, CASE_ID, targetUser } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, read } from '../definition.ts';
import { deletedKeys } from '../delete-access-keys/request.ts';
import {
  createCalls,
  createStoredKey,
  deleteKey,
  deleteSecret,
  findSecret,
  revertCalls,
  type StoredKey,
} from './key.ts';

const parametersSchema = z.strictObject({
  caseId: z.string().regex(CASE_ID),
  secretName: z.string().refine(KEY_SECRET.isMade),
  /** Makes CreateSecret idempotent; 32 to 64 characters, the same for every try of this action in this case. */
  clientRequestToken: z.string().regex(/^[a-f0-9]{32,64}$/u),
});
const priorSchema = z.object({ accessKeyIds: z.array(z.string()) });
const appliedSchema = z.object({ accessKeyId: z.string().regex(ACCESS_KEY_ID), secretArn: z.string() });

const facts: ActionFacts = {
  id: 'rotate-access-key',
  cloud: 'aws',
  title: 'Give the owner a new access key',
  description:
    'Creates an access key and puts it straight into Secrets Manager; only its id and the ARN of the secret are returned, and ' +
    'Cordon itself is not permitted to read the secret back. While deny-principal holds, the new key is denied as well. The ' +
    'old keys are left as they are. A rollback deletes the new key and its secret.',
  effect: 'creating',
  reversibility: 'exact',
  proof: 'IAM lists the new key as active, and the secret names it; its value is never read.',
  survives: 'The old keys, as they are. It contains nothing: it gives the owner a key to go on with.',
  permissions: [
    { name: 'iam:GetUser', resource: 'arn:aws:iam::<account>:user/*', purpose: 'is it still the user of the plan' },
    { name: 'iam:ListAccessKeys', resource: 'arn:aws:iam::<account>:user/*', purpose: 'prior state, reconciliation' },
    { name: 'iam:CreateAccessKey', resource: 'arn:aws:iam::<account>:user/*', purpose: 'the new key' },
    {
      name: 'iam:DeleteAccessKey',
      resource: 'arn:aws:iam::<account>:user/*',
      purpose: 'removal of an orphan, rollback',
    },
    ...['CreateSecret', 'TagResource', 'DescribeSecret', 'DeleteSecret'].map((operation) => ({
      name: `secretsmanager:${operation}`,
      resource: 'arn:aws:secretsmanager:*:<account>:secret:cordon/*',
      purpose: 'the place of the new key; its value is never read',
    })),
  ],
  example: example('rotate-access-key', EXAMPLE_USER, {
    caseId: 'ca_0123456789abcdef',
    secretName: 'cordon/access-keys/ca_0123456789abcdef',
    clientRequestToken: '0123456789abcdef0123456789abcdef',
  }),
};

export const rotateAccessKey: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request) {
      await confirmUser(clients, request);
      const key = wanted(request);
      return handedOver(key, await createStoredKey(clients, key));
    },
    async verify(request, applied) {
      const { accessKeyId } = read(appliedSchema, applied, 'The result of rotate-access-key');
      const key = wanted(request);
      const [keys, secret] = await found(clients, key);
      const active = keys.some((one) => one.accessKeyId === accessKeyId && one.active);
      if (!active) return { status: 'drifted', detail: `Access key ${accessKeyId} is gone or inactive.` };
      if (secret?.accessKeyId !== accessKeyId)
        return { status: 'drifted', detail: `Secret ${key.secretName} does not hold it.` };
      return { status: 'holds', detail: `Access key ${accessKeyId} is active and stored in ${key.secretName}.` };
    },
    revert: (request, _prior, applied) => revert(clients, request, applied),
    previewRevert(request, _prior, applied) {
      const { accessKeyId } = read(appliedSchema, applied, 'The result of rotate-access-key');
      return revertCalls(wanted(request), accessKeyId);
    },
    restores(prior, _applied, gone) {
      const { accessKeyIds } = read(priorSchema, prior, 'The prior state of rotate-access-key');
      const deleted = deletedKeys(gone);
      // That they are gone for good says the action that took them away.
      return { prior: { accessKeyIds: accessKeyIds.filter((id) => !deleted.includes(id)) }, left: [] };
    },
    reconcile: (request, prior) => reconcile(clients, request, prior),
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const key = wanted(request);
  await confirmUser(clients, request);
  const [keys, secret] = await found(clients, key);
  const alreadySo = keys.some(({ accessKeyId }) => accessKeyId === secret?.accessKeyId);
  const obstacles: string[] = [];
  if (!alreadySo && keys.length >= 2) {
    obstacles.push(
      `User ${key.userName} already holds two access keys, the most that AWS allows. Delete one, then plan again.`,
    );
  }
  if (!alreadySo && secret) {
    obstacles.push(
      `Secret ${key.secretName} exists already and holds no key of the user. Look at it and delete it first.`,
    );
  }
  return {
    prior: { accessKeyIds: keys.map(({ accessKeyId }) => accessKeyId) },
    alreadySo,
    calls: alreadySo || obstacles.length > 0 ? [] : createCalls(key),
    mayBreak: [`The new key works only once no deny policy is on user ${key.userName}; its programs must be given it.`],
    obstacles,
  };
}

/**
 * A key that appeared since `prior` and is not in the secret is nobody's to use: our own try lost it, or whoever holds the user
 * made it meanwhile. IAM has no mark on access keys that could tell the two apart, and neither may stay.
 */
async function reconcile(clients: AwsClients, request: ActionRequest, prior: JsonObject) {
  const { accessKeyIds } = read(priorSchema, prior, 'The prior state of rotate-access-key');
  const key = wanted(request);
  await confirmUser(clients, request);
  const [keys, secret] = await found(clients, key);
  const stored = keys.find(({ accessKeyId }) => accessKeyId === secret?.accessKeyId);
  for (const { accessKeyId } of keys) {
    if (accessKeyId !== stored?.accessKeyId && !accessKeyIds.includes(accessKeyId)) {
      await deleteKey(clients, key.userName, accessKeyId);
    }
  }
  if (stored && secret) {
    return handedOver(key, { userName: key.userName, accessKeyId: stored.accessKeyId, secretArn: secret.arn });
  }
  if (secret?.caseId === key.caseId) await deleteSecret(clients, key.secretName);
  return null;
}

/** Where the new key is and what its owner needs; the secret itself stands in the secret store alone. */
function handedOver(
  { caseId }: StoredKey,
  made: { readonly userName: string; readonly accessKeyId: string; readonly secretArn: string },
) {
  const { userName, accessKeyId, secretArn } = made;
  const region = parseArn(secretArn)?.region ?? '';
  const handOver =
    `New access key ${accessKeyId} of user ${userName} is in Secrets Manager, region ${region}: ${secretArn}. ` +
    'Let its owner read it there (secretsmanager:GetSecretValue on that ARN). It works once no deny is on the user; ' +
    `a rollback deletes it. When the owner confirms it, have the old keys deleted: cordon case delete-keys ${caseId}`;
  return { result: { ...made }, handOver };
}

async function revert(clients: AwsClients, request: ActionRequest, applied: JsonObject): Promise<void> {
  const { accessKeyId } = read(appliedSchema, applied, 'The result of rotate-access-key');
  const key = wanted(request);
  await confirmUser(clients, request);
  const secret = await findSecret(clients, key.secretName);
  if (secret && secret.accessKeyId !== accessKeyId) {
    throw new CordonFailure(
      'Conflict',
      `Secret ${key.secretName} was given another key by someone else since; it is left.`,
    );
  }
  await deleteKey(clients, key.userName, accessKeyId);
  if (secret) await deleteSecret(clients, key.secretName);
}

function found(clients: AwsClients, { userName, secretName }: StoredKey) {
  return Promise.all([listAccessKeys(clients, userName), findSecret(clients, secretName)]);
}

function wanted(request: ActionRequest): StoredKey {
  const parameters = read(parametersSchema, request.parameters, 'The parameters of rotate-access-key');
  return { userName: targetUser(request), ...parameters };
}
