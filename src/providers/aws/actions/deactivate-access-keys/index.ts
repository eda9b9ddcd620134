import { UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { PlannedCall } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AccessKey } from '../../access-keys.ts';
import { listAccessKeys } from '../../access-keys.ts';
import type { AwsClients } from '../../clients.ts';
import { confirmUser } from '../../confirm.ts';
import { targetUser } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { changeEach, example, EXAMPLE_USER, read } from '../definition.ts';
import { deletedKeys, deletionOfKeys } from '../delete-access-keys/request.ts';

const parametersSchema = z.strictObject({});
const priorSchema = z.object({
  keys: z.array(
    z.object({
      accessKeyId: z.string(),
      active: z.boolean(),
      /** The approved plan did not name it: it was made, or turned on, since. */
      late: z.boolean().optional(),
    }),
  ),
});
const appliedSchema = z.object({ deactivated: z.array(z.string()) });
const ownedSchema = appliedSchema.extend({ userName: z.string() });

const facts: ActionFacts = {
  id: 'deactivate-access-keys',
  cloud: 'aws',
  title: 'Deactivate every access key of the user',
  description:
    'Sets every active access key of the IAM user to Inactive, not only the one of the alert; the keys are listed again right ' +
    'before. Sessions minted with a key outlive it: deny-principal stops those. A rollback reactivates the keys that were ' +
    'active when the plan was made and still exist; one that was made or turned on later stays inactive, and is named.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM lists no active access key of the user.',
  survives:
    'Sessions minted with a key: up to 36 hours, and those of roles up to 12, unless deny-principal and ' +
    'revoke-role-sessions stop them.',
  permissions: [
    { name: 'iam:GetUser', resource: 'arn:aws:iam::<account>:user/*', purpose: 'is it still the user of the plan' },
    { name: 'iam:ListAccessKeys', resource: 'arn:aws:iam::<account>:user/*', purpose: 'prior state, verification' },
    { name: 'iam:UpdateAccessKey', resource: 'arn:aws:iam::<account>:user/*', purpose: 'the change and its rollback' },
  ],
  example: example('deactivate-access-keys', EXAMPLE_USER),
};

export const deactivateAccessKeys: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    async preflight(request, planned) {
      read(parametersSchema, request.parameters, 'The parameters of deactivate-access-keys');
      const userName = await confirmUser(clients, request);
      const keys = await listAccessKeys(clients, userName);
      const active = keys.filter((key) => key.active).map((key) => key.accessKeyId);
      return {
        prior: { keys: keys.map((key) => state(key, planned)) },
        alreadySo: active.length === 0,
        calls: active.map((id) => updateCall(userName, id, 'Inactive')),
        mayBreak: active.map((id) => `Programs that sign with access key ${id} of user ${userName} stop.`),
        obstacles: [],
      };
    },
    async apply(request, prior, made = []) {
      const userName = await confirmUser(clients, request);
      const found = (await listAccessKeys(clients, userName))
        .filter((key) => key.active && !isAmong(made, key.accessKeyId))
        .map((key) => key.accessKeyId);
      const before = activeIn(prior).filter((id) => !isAmong(made, id));
      await changeEach(found, 'access keys were deactivated', (id) => update(clients, userName, id, 'Inactive'));
      // A try that broke off half-way has left keys of `prior` inactive already: those are ours to reactivate as well.
      return { result: { userName, deactivated: [...new Set([...before, ...found])].toSorted() } };
    },
    async verify(request, _applied, made = []) {
      const userName = targetUser(request);
      const keys = (await listAccessKeys(clients, userName)).filter((key) => !isAmong(made, key.accessKeyId));
      const active = keys.filter((key) => key.active).map((key) => key.accessKeyId);
      if (active.length > 0) return { status: 'drifted', detail: `Active again or new: ${active.join(', ')}.` };
      return { status: 'holds', detail: `User ${userName} has no active access key (${keys.length} inactive).` };
    },
    async revert(request, prior, applied) {
      const userName = await confirmUser(clients, request);
      const ours = new Set(toReactivate(prior, applied));
      const keys = await listAccessKeys(clients, userName);
      for (const key of keys) {
        if (ours.has(key.accessKeyId) && !key.active) await update(clients, userName, key.accessKeyId, 'Active');
      }
    },
    previewRevert: (request, prior, applied) =>
      toReactivate(prior, applied).map((id) => updateCall(targetUser(request), id, 'Active')),
    restores,
    proposeDeletion(request, applied, gone, times) {
      const { deactivated } = resultOf(applied);
      const left = deactivated.filter((id) => !deletedKeys(gone).includes(id));
      return left.length === 0 ? null : deletionOfKeys(request, left, times);
    },
  }),
};

function state({ accessKeyId, active }: AccessKey, planned: readonly PlannedCall[] | undefined): JsonObject {
  const late =
    active && planned !== undefined && !planned.some(({ parameters }) => parameters['AccessKeyId'] === accessKeyId);
  return { accessKeyId, active, ...(late ? { late } : {}) };
}

/** Only keys that were active when the plan was made, and were not deleted, come back. Inactive ones were not changed. */
function restores(prior: JsonObject, applied: JsonObject, gone: readonly JsonObject[]) {
  const { userName, deactivated } = read(ownedSchema, applied, 'The result of deactivate-access-keys');
  const deleted = deletedKeys(gone);
  const back = knownIn(prior).filter((id) => !deleted.includes(id));
  const left = deactivated
    .filter((id) => !back.includes(id))
    .map((id) =>
      deleted.includes(id)
        ? `Access key ${id} of user ${userName} was deleted: it can't be turned on again.`
        : `Access key ${id} of user ${userName} was not active when the plan was made: it stays inactive.`,
    );
  return { prior: { keys: back.map((accessKeyId) => ({ accessKeyId, active: true })) }, left };
}

/** A key that Cordon itself rotated in. */
function isAmong(made: readonly JsonObject[], id: string): boolean {
  return made.some(({ accessKeyId }) => accessKeyId === id);
}

function keysIn(prior: JsonObject) {
  return read(priorSchema, prior, 'The prior state of deactivate-access-keys').keys;
}

function activeIn(prior: JsonObject): readonly string[] {
  return keysIn(prior)
    .filter((key) => key.active)
    .map((key) => key.accessKeyId);
}

/** Active when the plan was made. */
function knownIn(prior: JsonObject): readonly string[] {
  return keysIn(prior)
    .filter((key) => key.active && !key.late)
    .map((key) => key.accessKeyId);
}

function resultOf(applied: JsonObject) {
  return read(appliedSchema, applied, 'The result of deactivate-access-keys');
}

function toReactivate(prior: JsonObject, applied: JsonObject): readonly string[] {
  const { deactivated } = resultOf(applied);
  return knownIn(prior).filter((id) => deactivated.includes(id));
}

async function update(clients: AwsClients, UserName: string, AccessKeyId: string, Status: 'Active' | 'Inactive') {
  await clients.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status }));
}

function updateCall(UserName: string, AccessKeyId: string, Status: 'Active' | 'Inactive'): PlannedCall {
  return { service: 'iam', operation: 'UpdateAccessKey', parameters: { UserName, AccessKeyId, Status } };
}
