import { z } from 'zod';

import type { Action } from '../../../port.ts';
import { confirmUser } from '../../directory.ts';
import type { Write } from '../../rest.ts';
import { planned } from '../../rest.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, graphPermission, irreversible, read } from '../definition.ts';

const parametersSchema = z.strictObject({});
const priorSchema = z.object({ validFrom: z.string().nullable() });

const facts: ActionFacts = {
  id: 'revoke-sign-in-sessions',
  cloud: 'azure',
  title: 'Revoke the sign-in sessions of the user',
  description:
    'Makes every refresh token and browser session of the user invalid that was issued before now. Access tokens that are out ' +
    'live on for about an hour where continuous access evaluation is not enforced. It can not be undone, and need not be: a ' +
    'person with the password and an enabled account signs in anew. Never "already so": sessions may be new since the last time.',
  effect: 'declarative',
  reversibility: 'not-needed',
  proof: 'The directory shows a later moment from which on sessions are valid.',
  survives:
    'Access tokens that are out: about an hour where continuous access evaluation is not enforced. New sign-ins, ' +
    'unless disable-user keeps them out.',
  permissions: [
    graphPermission('User.Read.All', 'verification'),
    graphPermission('User.RevokeSessions.All', 'the change'),
  ],
  example: example('revoke-sign-in-sessions', EXAMPLE_USER),
};

export const revokeSignInSessions: AzureActionDefinition = {
  facts,
  create: (clients, { tenantId }): Action => ({
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
      const { id, userPrincipalName, signInSessionsValidFromDateTime } = await confirmUser(clients, request, tenantId);
      return {
        prior: { validFrom: signInSessionsValidFromDateTime ?? null },
        alreadySo: false,
        calls: [planned(write(id))],
        mayBreak: [`${userPrincipalName} is signed out everywhere and has to sign in again.`],
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const { id } = await confirmUser(clients, request, tenantId);
      const { validFrom } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      await clients.graph.call(write(id));
      return { result: { id, validFrom } };
    },
    async verify(request, applied) {
      const { validFrom } = read(priorSchema, applied, `The result of ${facts.id}`);
      const { signInSessionsValidFromDateTime: now } = await confirmUser(clients, request, tenantId);
      const moved =
        now !== null && now !== undefined && (validFrom === null || Date.parse(now) > Date.parse(validFrom));
      if (!moved) return { status: 'drifted', detail: 'The directory shows no revocation since.' };
      return { status: 'holds', detail: `Sessions from before ${now} are invalid.` };
    },
    async revert() {
      throw irreversible(facts.id, 'a revoked session stays revoked. The person signs in again.');
    },
    previewRevert: () => [],
  }),
};

function write(id: string): Write {
  const path = `/v1.0/users/${id}/revokeSignInSessions`;
  return { service: 'graph', method: 'POST', path, permission: 'User.RevokeSessions.All' };
}
