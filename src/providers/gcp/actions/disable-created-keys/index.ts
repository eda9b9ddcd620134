import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import { findAccount } from '../../accounts.ts';
import type { GcpClients } from '../../clients.ts';
import { enableKeys, keyCall, listKeys } from '../../keys.ts';
import { policyResource } from '../../left-behind.ts';
import { KEY_ID } from '../../names.ts';
import type { ActionFacts, GcpActionDefinition } from '../definition.ts';
import { changeEach, example, EXAMPLE_ACCOUNT, read } from '../definition.ts';

const ID = 'disable-created-keys';
const keyId = z.string().regex(KEY_ID);
const parametersSchema = z.strictObject({ keyIds: z.array(keyId).min(1).max(100) });
const priorSchema = z.object({ enabled: z.array(keyId) });

const facts: ActionFacts = {
  id: ID,
  cloud: 'gcp',
  title: 'Disable keys that the identity made for another account',
  description:
    'Disables exactly the keys of another service account that the audit log shows the identity making, uploading or enabling. ' +
    'The account itself and its other keys go on working. Access tokens got with such a key outlive it by up to an hour. A ' +
    'rollback enables those that were enabled, but for one that Google has found in public.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM lists none of these keys as enabled, or does not know the account any more.',
  survives: 'Access tokens got with such a key: up to an hour.',
  permissions: [
    { name: 'iam.serviceAccounts.get', resource: 'project', purpose: 'is the account still there' },
    { name: 'iam.serviceAccountKeys.list', resource: 'project', purpose: 'prior state, verification' },
    { name: 'iam.serviceAccountKeys.disable', resource: 'project', purpose: 'the change' },
    { name: 'iam.serviceAccountKeys.enable', resource: 'project', purpose: 'its rollback' },
  ],
  example: {
    ...example(ID, EXAMPLE_ACCOUNT, { keyIds: ['0123456789012345678901234567890123456789'] }),
    target:
      '//iam.googleapis.com/projects/example-project/serviceAccounts/billing@example-project.iam.gserviceaccount.com',
  },
};

export const disableCreatedKeys: GcpActionDefinition = {
  facts,
  create: (clients, { projects }): Action => ({
    ...facts,
    async preflight(request) {
      const { account, keyIds } = wanted(request, projects);
      const enabled = await findEnabled(clients, account, keyIds);
      return {
        prior: { enabled: [...enabled] },
        alreadySo: enabled.length === 0,
        calls: enabled.map((id) => keyCall(account, id, 'disable')),
        mayBreak: enabled.map((id) => `Whoever signs in with key ${id} of ${emailIn(account)} stops.`),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const { account, keyIds } = wanted(request, projects);
      const { keys } = clients.iam.projects.serviceAccounts;
      await changeEach(await findEnabled(clients, account, keyIds), 'keys were disabled', (id) =>
        keys.disable({ name: `${account}/keys/${id}` }),
      );
      return { result: { disabled: [...wasEnabled(prior)] } };
    },
    async verify(request) {
      const { account, keyIds } = wanted(request, projects);
      const enabled = await findEnabled(clients, account, keyIds);
      return enabled.length === 0
        ? { status: 'holds', detail: `None of these keys of ${emailIn(account)} is enabled.` }
        : { status: 'drifted', detail: `Enabled again, or still: ${enabled.join(', ')} of ${emailIn(account)}.` };
    },
    async revert(request, prior) {
      const { account } = wanted(request, projects);
      await enableKeys(clients, account, new Set(wasEnabled(prior)));
    },
    previewRevert(request, prior) {
      const { account } = wanted(request, projects);
      return wasEnabled(prior).map((id) => keyCall(account, id, 'enable'));
    },
  }),
};

const wasEnabled = (prior: JsonObject) => read(priorSchema, prior, `The prior state of ${ID}`).enabled;
const emailIn = (account: string) => account.split('/').at(-1) ?? '';

/** Nothing where the account is gone: its keys went with it. */
async function findEnabled(
  clients: GcpClients,
  account: string,
  keyIds: readonly string[],
): Promise<readonly string[]> {
  const [, projectId = '', , email = ''] = account.split('/');
  if (!(await findAccount(clients, projectId, email))) return [];
  const keys = await listKeys(clients, projectId, email);
  return keys.filter((key) => key.enabled && keyIds.includes(key.keyId)).map((key) => key.keyId);
}

function wanted({ target, principal, parameters }: ActionRequest, projects: readonly string[]) {
  const { keyIds } = read(parametersSchema, parameters, `The parameters of ${ID}`);
  const account = policyResource(target, projects);
  if (principal.cloud !== 'gcp' || !account?.includes('/serviceAccounts/'))
    throw new CordonFailure('TargetRefused', `${ID} changes keys of service accounts of the configured projects only.`);
  return { account, keyIds };
}
