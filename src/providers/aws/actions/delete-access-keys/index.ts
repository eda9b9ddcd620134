import { DeleteAccessKeyCommand } from '@aws-sdk/client-iam';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AccessKey } from '../../access-keys.ts';
import { lastUse, listAccessKeys } from '../../access-keys.ts';
import type { AwsClients, AwsSettings } from '../../clients.ts';
import { confirmUser, orNull } from '../../confirm.ts';
import { targetUser } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { changeEach, example, EXAMPLE_USER, read } from '../definition.ts';
import { deletionParameters } from './request.ts';

const USERS = 'arn:aws:iam::<account>:user/*';

const facts: ActionFacts = {
  id: 'delete-access-keys',
  cloud: 'aws',
  title: 'Delete the access keys that the case deactivated',
  description:
    'Deletes access keys for good, days after a case deactivated them: only those that are named, only while they are ' +
    'Inactive and unused, and not before the day that is named. One that is active, or was used since, stops it before ' +
    'anything is deleted. It is never part of ' +
    'a containment, but a plan of its own with its own approval, and it can not be undone: after it, a rollback of the case ' +
    'can not reactivate these keys. Sessions minted with the keys outlive them.',
  effect: 'declarative',
  reversibility: 'none',
  proof: 'IAM does not list these keys any more.',
  survives: 'Sessions minted with a key: up to 36 hours after it was deactivated, which was days before.',
  permissions: [
    { name: 'iam:GetUser', resource: USERS, purpose: 'is it still the user of the plan' },
    { name: 'iam:ListAccessKeys', resource: USERS, purpose: 'are the keys inactive; verification' },
    { name: 'iam:GetAccessKeyLastUsed', resource: '*', purpose: 'were they used since' },
    { name: 'iam:DeleteAccessKey', resource: USERS, purpose: 'the deletion' },
  ],
  example: example('delete-access-keys', EXAMPLE_USER, {
    accessKeyIds: ['AKIAEXAMPLE00000'],
    deactivatedAt: '2026-01-01T12:00:00.000Z',
    notBefore: '2026-01-31T12:00:00.000Z',
  }),
};

export const deleteAccessKeys: AwsActionDefinition = {
  facts,
  create: (clients, settings): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, settings, request),
    async apply(request) {
      const UserName = await confirmUser(clients, request);
      const keys = await namedKeys(clients, request, UserName);
      const [obstacle] = await obstaclesOf(clients, settings, request, keys);
      if (obstacle !== undefined) throw new CordonFailure('TargetRefused', obstacle);
      const ids = keys.map(({ accessKeyId }) => accessKeyId);
      await changeEach(ids, 'access keys were deleted', (AccessKeyId) =>
        orNull<unknown>(clients.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))),
      );
      return { result: { userName: UserName, deleted: parametersOf(request).accessKeyIds } };
    },
    verify: (request) => verify(clients, request),
    revert: (request) => {
      const message = `Deleted access keys of user ${targetUser(request)} can't come back. Give the user a new one.`;
      return Promise.reject(new CordonFailure('ValidationFailed', message));
    },
    previewRevert: () => [],
  }),
};

async function preflight(clients: AwsClients, settings: AwsSettings, request: ActionRequest): Promise<Preflight> {
  parametersOf(request);
  const userName = await confirmUser(clients, request);
  const keys = await namedKeys(clients, request, userName);
  const obstacles = await obstaclesOf(clients, settings, request, keys);
  return {
    prior: { keys: keys.map(({ accessKeyId, active }) => ({ accessKeyId, active })) },
    alreadySo: keys.length === 0,
    calls: obstacles.length > 0 ? [] : keys.map(({ accessKeyId }) => deleteCall(userName, accessKeyId)),
    mayBreak: keys.map(({ accessKeyId }) => `Access key ${accessKeyId} of user ${userName} can't be given back.`),
    obstacles,
  };
}

async function obstaclesOf(
  clients: AwsClients,
  settings: AwsSettings,
  request: ActionRequest,
  keys: readonly AccessKey[],
): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const { notBefore, deactivatedAt } = parametersOf(request);
  const now = settings.now?.() ?? new Date();
  const early = now.getTime() < Date.parse(notBefore);
  const boundAtMs = Date.parse(deactivatedAt) + (settings.propagationSeconds ?? 15) * 1000;
  const seen = await Promise.all(keys.map((key) => awakeBecause(clients, key, boundAtMs)));
  return [
    ...(early ? [`The keys are not to be deleted before ${notBefore}. Wait, then plan again.`] : []),
    ...seen.filter((why) => why !== null),
  ];
}

/** A use while the deactivation was still spreading was part of what was contained; a later one means that somebody turned it on. */
async function awakeBecause(
  clients: AwsClients,
  { accessKeyId, active }: AccessKey,
  boundAtMs: number,
): Promise<string | null> {
  const todo = 'Find out by whom; none is deleted.';
  if (active) return `Access key ${accessKeyId} is active again. ${todo}`;
  const used = await lastUse(clients, accessKeyId);
  if (used === null || used.getTime() <= boundAtMs) return null;
  return `Access key ${accessKeyId} was used at ${used.toISOString()}, after it was deactivated. ${todo}`;
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const userName = targetUser(request);
  const left = (await namedKeys(clients, request, userName)).map(({ accessKeyId }) => accessKeyId);
  if (left.length > 0) return { status: 'drifted', detail: `User ${userName} still has ${left.join(', ')}.` };
  const { accessKeyIds } = parametersOf(request);
  return { status: 'holds', detail: `User ${userName} has none of these access keys: ${accessKeyIds.join(', ')}.` };
}

async function namedKeys(clients: AwsClients, request: ActionRequest, userName: string): Promise<readonly AccessKey[]> {
  const { accessKeyIds } = parametersOf(request);
  const keys = await listAccessKeys(clients, userName);
  return keys.filter(({ accessKeyId }) => accessKeyIds.includes(accessKeyId));
}

function parametersOf(request: ActionRequest) {
  return read(deletionParameters, request.parameters, 'The parameters of delete-access-keys');
}

function deleteCall(UserName: string, AccessKeyId: string): PlannedCall {
  return { service: 'iam', operation: 'DeleteAccessKey', parameters: { UserName, AccessKeyId } };
}
