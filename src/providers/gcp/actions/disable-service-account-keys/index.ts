import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { Action } from '../../../port.ts';
import { confirmAccount, findTarget, GONE, orNull } from '../../accounts.ts';
import { enableKeys, keyCall, listKeys } from '../../keys.ts';
import { accountPath, KEY_ID, targetAccount } from '../../names.ts';
import type { ActionFacts, GcpActionDefinition } from '../definition.ts';
import { changeEach, example, EXAMPLE_ACCOUNT, read } from '../definition.ts';

const ID = 'disable-service-account-keys';
const parametersSchema = z.strictObject({});
const keyId = z.string().regex(KEY_ID);
const priorSchema = z.object({ keys: z.array(z.object({ keyId, enabled: z.boolean() })) });
const appliedSchema = z.object({ disabled: z.array(keyId) });

const facts: ActionFacts = {
  id: ID,
  cloud: 'gcp',
  title: 'Disable every key of the service account',
  description:
    'Disables every enabled key that people made for the service account, not only the one of the alert; the keys are listed ' +
    'again right before. HMAC keys of Cloud Storage are not among them. Access tokens got with a key outlive it by up to an hour: disable-service-account stops those. A ' +
    'rollback enables the keys that were enabled before and still exist; one that appeared after the plan, and one that Google ' +
    'found in public, stay disabled.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM lists no enabled key of the account that people made, or does not know the account any more.',
  survives:
    'Access tokens got with a key: up to an hour, unless disable-service-account stops them. HMAC keys of Cloud ' +
    'Storage.',
  permissions: [
    { name: 'iam.serviceAccounts.get', resource: 'project', purpose: 'is it still the account of the plan' },
    { name: 'iam.serviceAccountKeys.list', resource: 'project', purpose: 'prior state, verification' },
    { name: 'iam.serviceAccountKeys.disable', resource: 'project', purpose: 'the change' },
    { name: 'iam.serviceAccountKeys.enable', resource: 'project', purpose: 'its rollback' },
  ],
  example: example(ID, EXAMPLE_ACCOUNT),
};

export const disableServiceAccountKeys: GcpActionDefinition = {
  facts,
  create: (clients, { projects }): Action => ({
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, `The parameters of ${ID}`);
      const account = await findTarget(clients, request, projects);
      if (!account) return GONE;
      const { projectId, email } = account;
      const keys = await listKeys(clients, projectId, email);
      const enabled = keys.filter((key) => key.enabled).map((key) => key.keyId);
      return {
        prior: { keys: keys.map((key) => ({ keyId: key.keyId, enabled: key.enabled })) },
        alreadySo: enabled.length === 0,
        calls: enabled.map((id) => keyCall(accountPath(projectId, email), id, 'disable')),
        mayBreak: enabled.map((id) => `Programs that sign in with key ${id} of ${email} stop.`),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const { projectId, email } = await confirmAccount(clients, request, projects);
      const found = (await listKeys(clients, projectId, email)).filter((key) => key.enabled).map((key) => key.keyId);
      const { keys } = clients.iam.projects.serviceAccounts;
      await changeEach(found, 'keys were disabled', (id) =>
        keys.disable({ name: `${accountPath(projectId, email)}/keys/${id}` }),
      );
      // A try that broke off half-way has left keys of `prior` disabled already: those are ours to enable as well.
      return { result: { email, disabled: [...new Set([...enabledIn(prior), ...found])].toSorted() } };
    },
    async verify(request) {
      const { accountId, name } = targetAccount(request, projects);
      const keys = await orNull(listKeys(clients, accountId, name));
      if (!keys) return { status: 'holds', detail: `${name} is gone, and its keys with it.` };
      const enabled = keys.filter((key) => key.enabled).map((key) => key.keyId);
      if (enabled.length > 0) return { status: 'drifted', detail: `Enabled again or new: ${enabled.join(', ')}.` };
      return { status: 'holds', detail: `${name} has no enabled key (${keys.length} disabled).` };
    },
    async revert(request, prior, applied) {
      const { projectId, email } = await confirmAccount(clients, request, projects);
      await enableKeys(clients, accountPath(projectId, email), new Set(toEnable(prior, applied)));
    },
    previewRevert(request, prior, applied) {
      const { accountId, name } = targetAccount(request, projects);
      return toEnable(prior, applied).map((id) => keyCall(accountPath(accountId, name), id, 'enable'));
    },
  }),
};

function enabledIn(prior: JsonObject): readonly string[] {
  const { keys } = read(priorSchema, prior, `The prior state of ${ID}`);
  return keys.filter((key) => key.enabled).map((key) => key.keyId);
}

function toEnable(prior: JsonObject, applied: JsonObject): readonly string[] {
  const { disabled } = read(appliedSchema, applied, `The result of ${ID}`);
  return enabledIn(prior).filter((id) => disabled.includes(id));
}
