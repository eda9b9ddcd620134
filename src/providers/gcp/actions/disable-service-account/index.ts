import { z } from 'zod';

import type { PlannedCall } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { Account } from '../../accounts.ts';
import { confirmAccount, findTarget, GONE } from '../../accounts.ts';
import type { GcpClients } from '../../clients.ts';
import { accountPath, targetAccount } from '../../names.ts';
import { readPolicy } from '../../policies.ts';
import type { ActionFacts, GcpActionDefinition } from '../definition.ts';
import { example, EXAMPLE_ACCOUNT, read } from '../definition.ts';

const ID = 'disable-service-account';
const parametersSchema = z.strictObject({});
const priorSchema = z.object({ disabled: z.boolean() });

const facts: ActionFacts = {
  id: ID,
  cloud: 'gcp',
  title: 'Disable the service account',
  description:
    'Disables the service account: no key and no workload gets a new token, nobody can impersonate it, and access tokens that ' +
    'were given out before are refused as well. Tokens that the account minted for other accounts live on, up to an hour. A ' +
    'rollback enables the account; tokens of before that have not expired then work again.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM, asked again, shows the account as disabled, or does not know it any more.',
  survives: 'Tokens that it minted for other accounts: up to an hour, by policy twelve.',
  permissions: [
    { name: 'iam.serviceAccounts.get', resource: 'project', purpose: 'prior state, verification' },
    { name: 'iam.serviceAccounts.getIamPolicy', resource: 'project', purpose: 'whose workloads run as the account' },
    { name: 'iam.serviceAccounts.disable', resource: 'project', purpose: 'the change' },
    { name: 'iam.serviceAccounts.enable', resource: 'project', purpose: 'its rollback' },
  ],
  example: example(ID, EXAMPLE_ACCOUNT),
};

export const disableServiceAccount: GcpActionDefinition = {
  facts,
  create: (clients, { projects }): Action => ({
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, `The parameters of ${ID}`);
      const account = await findTarget(clients, request, projects);
      if (!account) return GONE;
      const { projectId, email, disabled } = account;
      return {
        prior: { disabled },
        alreadySo: disabled,
        calls: disabled ? [] : [call(accountPath(projectId, email), 'disable')],
        mayBreak: disabled ? [] : await mayBreak(clients, account),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const { projectId, email } = await confirmAccount(clients, request, projects);
      read(priorSchema, prior, `The prior state of ${ID}`);
      await clients.iam.projects.serviceAccounts.disable({ name: accountPath(projectId, email) });
      return { result: { email, disabled: true } };
    },
    async verify(request) {
      const account = await findTarget(clients, request, projects);
      if (!account) return { status: 'holds', detail: `${request.principal.name} is gone.` };
      const { disabled, email } = account;
      return disabled
        ? { status: 'holds', detail: `${email} is disabled.` }
        : { status: 'drifted', detail: `${email} is enabled again.` };
    },
    async revert(request, prior) {
      const { projectId, email, disabled } = await confirmAccount(clients, request, projects);
      const before = read(priorSchema, prior, `The prior state of ${ID}`);
      if (!disabled || before.disabled) return;
      await clients.iam.projects.serviceAccounts.enable({ name: accountPath(projectId, email) });
    },
    previewRevert(request, prior) {
      const { accountId, name } = targetAccount(request, projects);
      const before = read(priorSchema, prior, `The prior state of ${ID}`);
      return before.disabled ? [] : [call(accountPath(accountId, name), 'enable')];
    },
  }),
};

/** Accounts that Google's own services run workloads as, where nobody chose another one. */
const DEFAULTS: readonly (readonly [RegExp, string])[] = [
  [
    /@developer\.gserviceaccount\.com$/u,
    'virtual machines, clusters and functions of Compute Engine, GKE and Cloud Run',
  ],
  [/@appspot\.gserviceaccount\.com$/u, 'App Engine and Cloud Functions of the first generation'],
];

/** Who runs as the account, or may: all who can act as it stand in its own policy. */
async function mayBreak(clients: GcpClients, { email, projectId, displayName }: Account): Promise<string[]> {
  const named = displayName && displayName !== email ? `${email} (${displayName})` : email;
  const lines = [
    `Every workload that runs as ${named} stops: machines, clusters, functions, pipelines, and tokens already given out.`,
  ];
  const served = DEFAULTS.find(([pattern]) => pattern.test(email))?.[1];
  if (served) lines.push(`It is the default account of project ${projectId}: ${served} that name no other one use it.`);
  const { bindings } = await readPolicy(clients, accountPath(projectId, email));
  for (const { role, members } of bindings) {
    if (/(?:serviceAccountUser|serviceAccountTokenCreator|workloadIdentityUser|serviceAccountAdmin)$/u.test(role ?? ''))
      lines.push(`May act as it (${role}): ${(members ?? []).slice(0, 10).join(', ')}.`);
  }
  return lines;
}

function call(name: string, operation: 'disable' | 'enable'): PlannedCall {
  return { service: 'iam', operation: `projects.serviceAccounts.${operation}`, parameters: { name } };
}
