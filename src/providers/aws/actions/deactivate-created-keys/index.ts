import { UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import { listAccessKeys } from '../../access-keys.ts';
import type { AwsClients } from '../../clients.ts';
import { callOn, confirmOwner, isGone, ownerOf, preflightElsewhere } from '../../owner.ts';
import { ACCESS_KEY_ID } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, changeEach, read } from '../definition.ts';

const USERS = 'arn:aws:iam::<account>:user/*';
const parametersSchema = z.strictObject({ accessKeyIds: z.array(z.string().regex(ACCESS_KEY_ID)).min(1).max(50) });
const priorSchema = z.object({ active: z.array(z.string()) });

const facts: ActionFacts = {
  id: 'deactivate-created-keys',
  cloud: 'aws',
  title: 'Deactivate access keys that the suspect created on another user',
  description:
    'Sets exactly the access keys to Inactive that the log shows the suspect creating on this user; the other keys of the user ' +
    'go on working. Sessions minted with such a key outlive it: if the log shows calls of the key, send an alert about that ' +
    'user as well. A rollback reactivates those that were active and still exist.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM lists none of these keys as active, or does not know the user any more.',
  survives:
    'Sessions minted with such a key: up to 36 hours. The other keys of the user, which the suspect did not make.',
  permissions: [
    { name: 'iam:GetUser', resource: USERS, purpose: 'is it still the user on whom the keys were created' },
    { name: 'iam:ListAccessKeys', resource: USERS, purpose: 'prior state, verification' },
    { name: 'iam:UpdateAccessKey', resource: USERS, purpose: 'the change and its rollback' },
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'deactivate-created-keys',
    parameters: { accessKeyIds: ['AKIAEXAMPLEBACKDOOR0'] },
  },
};

export const deactivateCreatedKeys: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    async preflight(request) {
      const { owner } = wanted(request);
      const elsewhere = await preflightElsewhere(clients, request, { active: [] });
      if (elsewhere) return elsewhere;
      const active = await activeKeys(clients, request);
      return {
        prior: { active },
        alreadySo: active.length === 0,
        calls: active.map((AccessKeyId) => callOn(owner, 'UpdateAccessKey', { AccessKeyId, Status: 'Inactive' })),
        mayBreak: active.map(
          (id) => `Whatever signs with key ${id} of user ${owner.name}, which the suspect created, stops.`,
        ),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const { name } = await confirmOwner(clients, request);
      const before = activeIn(prior);
      const found = await activeKeys(clients, request);
      await changeEach(found, 'access keys were deactivated', (id) => update(clients, name, id, 'Inactive'));
      // A try that broke off half-way has left keys of `prior` inactive already: those are ours to reactivate as well.
      return { result: { userName: name, deactivated: [...new Set([...before, ...found])].toSorted() } };
    },
    async verify(request) {
      const { owner } = wanted(request);
      const active = (await isGone(clients, request)) ? [] : await activeKeys(clients, request);
      if (active.length > 0)
        return { status: 'drifted', detail: `Active again: ${active.join(', ')} of ${owner.name}.` };
      return { status: 'holds', detail: `No key that the suspect created on user ${owner.name} is active.` };
    },
    async revert(request, prior) {
      const before = activeIn(prior);
      const { name } = await confirmOwner(clients, request);
      for (const { accessKeyId, active } of await listAccessKeys(clients, name)) {
        if (before.includes(accessKeyId) && !active) await update(clients, name, accessKeyId, 'Active');
      }
    },
    previewRevert: (request, prior) =>
      activeIn(prior).map((AccessKeyId) =>
        callOn(wanted(request).owner, 'UpdateAccessKey', { AccessKeyId, Status: 'Active' }),
      ),
  }),
};

async function activeKeys(clients: AwsClients, request: ActionRequest): Promise<readonly string[]> {
  const { owner, accessKeyIds } = wanted(request);
  const keys = await listAccessKeys(clients, owner.name);
  return keys.filter((key) => key.active && accessKeyIds.includes(key.accessKeyId)).map((key) => key.accessKeyId);
}

async function update(clients: AwsClients, UserName: string, AccessKeyId: string, Status: 'Active' | 'Inactive') {
  await clients.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status }));
}

function activeIn(prior: JsonObject): readonly string[] {
  return read(priorSchema, prior, 'The prior state of deactivate-created-keys').active;
}

function wanted(request: ActionRequest) {
  const { accessKeyIds } = read(parametersSchema, request.parameters, 'The parameters of deactivate-created-keys');
  const owner = ownerOf(request);
  if (owner.kind !== 'user') throw new CordonFailure('TargetRefused', 'Only users have access keys.');
  return { owner, accessKeyIds };
}
