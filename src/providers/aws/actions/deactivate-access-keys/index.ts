import { UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { PlannedCall } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import { listAccessKeys } from '../../access-keys.ts';
import type { AwsClients } from '../../clients.ts';
import { confirmUser } from '../../confirm.ts';
import { targetUser } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_USER, read } from '../definition.ts';

const parametersSchema = z.strictObject({});
const priorSchema = z.object({ keys: z.array(z.object({ accessKeyId: z.string(), active: z.boolean() })) });
const appliedSchema = z.object({ deactivated: z.array(z.string()) });

const facts: ActionFacts = {
  id: 'deactivate-access-keys',
  cloud: 'aws',
  title: 'Deactivate every access key of the user',
  description:
    'Sets every active access key of the IAM user to Inactive, not only the one of the alert; the keys are listed again right ' +
    'before. Sessions minted with a key outlive it: deny-principal stops those. A rollback reactivates the keys that were ' +
    'active before and still exist; a key that appeared after the plan was made stays inactive.',
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
  example: {
    action: 'deactivate-access-keys',
    cloud: 'aws',
    accountId: EXAMPLE_USER.accountId,
    principal: EXAMPLE_USER,
    target: EXAMPLE_USER.arn,
    parameters: {},
  },
};

export const deactivateAccessKeys: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, 'The parameters of deactivate-access-keys');
      const userName = await confirmUser(clients, request);
      const keys = await listAccessKeys(clients, userName);
      const active = keys.filter((key) => key.active).map((key) => key.accessKeyId);
      return {
        prior: { keys: keys.map((key) => ({ accessKeyId: key.accessKeyId, active: key.active })) },
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
      await deactivateEach(clients, userName, found);
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
  }),
};

/** One that is refused after others were deactivated leaves a change behind, so the refusal must not pass for "nothing done". */
async function deactivateEach(clients: AwsClients, userName: string, ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries()) {
    try {
      await update(clients, userName, id, 'Inactive');
    } catch (error) {
      if (index === 0 || !(error instanceof CordonFailure) || !error.final) throw error;
      const message = `Only ${index} of ${ids.length} access keys were deactivated. ${error.message}`;
      throw new CordonFailure('OutcomeUnknown', message, { cause: error });
    }
  }
}

/** A key that Cordon itself rotated in. */
function isAmong(made: readonly JsonObject[], id: string): boolean {
  return made.some(({ accessKeyId }) => accessKeyId === id);
}

function activeIn(prior: JsonObject): readonly string[] {
  const { keys } = read(priorSchema, prior, 'The prior state of deactivate-access-keys');
  return keys.filter((key) => key.active).map((key) => key.accessKeyId);
}

function toReactivate(prior: JsonObject, applied: JsonObject): readonly string[] {
  const { deactivated } = read(appliedSchema, applied, 'The result of deactivate-access-keys');
  return activeIn(prior).filter((id) => deactivated.includes(id));
}

async function update(clients: AwsClients, UserName: string, AccessKeyId: string, Status: 'Active' | 'Inactive') {
  await clients.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status }));
}

function updateCall(UserName: string, AccessKeyId: string, Status: 'Active' | 'Inactive'): PlannedCall {
  return { service: 'iam', operation: 'UpdateAccessKey', parameters: { UserName, AccessKeyId, Status } };
}
