import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import type { Action } from '../../../port.ts';
import { confirmUser } from '../../directory.ts';
import type { Write } from '../../rest.ts';
import { planned } from '../../rest.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, graphPermission, irreversible, read } from '../definition.ts';

const parametersSchema = z.strictObject({});
const priorSchema = z.object({ lastPasswordChange: z.string().nullable() });

/** Stands in the preview for what nobody is ever shown. */
const UNSAID = '<random, kept by nobody>';

const facts: ActionFacts = {
  id: 'reset-user-password',
  cloud: 'azure',
  title: 'Reset the password of the user to a random one',
  description:
    'Sets a random password that is kept by nobody, not by Cordon either, and has to be changed at the next sign-in: the stolen ' +
    'one is worth nothing even when the account is enabled again. The person gets a new one from the help desk. It can not be ' +
    'undone: nobody can read the old password. Other methods of authentication that the suspect registered stay: look at them.',
  effect: 'declarative',
  reversibility: 'none',
  proof: 'The directory shows a later change of the password; of the password itself it shows nothing.',
  survives:
    'Access tokens that are out: about an hour. Other methods of authentication that the suspect registered, ' +
    'without an end.',
  permissions: [
    graphPermission('User.Read.All', 'verification'),
    graphPermission('User-PasswordProfile.ReadWrite.All', 'the change'),
  ],
  example: example('reset-user-password', EXAMPLE_USER),
};

export const resetUserPassword: AzureActionDefinition = {
  facts,
  create: (clients, { tenantId }): Action => ({
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
      const user = await confirmUser(clients, request, tenantId);
      return {
        prior: { lastPasswordChange: user.lastPasswordChangeDateTime ?? null },
        alreadySo: false,
        calls: [planned(write(user.id, UNSAID))],
        mayBreak: [`${user.userPrincipalName} needs a new password from the help desk.`],
        obstacles: [],
        caveats: user.onPremisesSyncEnabled
          ? [`The password of ${user.userPrincipalName} may be kept on premises: reset it there too.`]
          : [],
      };
    },
    async apply(request, prior) {
      const { id } = await confirmUser(clients, request, tenantId);
      const { lastPasswordChange } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      await clients.graph.call(write(id, `${randomBytes(24).toString('base64url')}aA1!`));
      return { result: { id, lastPasswordChange } };
    },
    async verify(request, applied) {
      const { lastPasswordChange: before } = read(priorSchema, applied, `The result of ${facts.id}`);
      const { lastPasswordChangeDateTime: now } = await confirmUser(clients, request, tenantId);
      const changed = now !== null && now !== undefined && (before === null || Date.parse(now) > Date.parse(before));
      if (!changed) return { status: 'drifted', detail: 'The directory shows no change of the password since.' };
      return { status: 'holds', detail: `The password was last changed ${now}.` };
    },
    async revert() {
      throw irreversible(facts.id, 'nobody can read the old password. The help desk gives the person a new one.');
    },
    previewRevert: () => [],
  }),
};

function write(id: string, password: string): Write {
  return {
    service: 'graph',
    method: 'PATCH',
    path: `/v1.0/users/${id}`,
    body: { passwordProfile: { password, forceChangePasswordNextSignIn: true } },
    permission: 'User-PasswordProfile.ReadWrite.All',
  };
}
