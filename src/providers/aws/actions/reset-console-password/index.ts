import { randomBytes } from 'node:crypto';

import { GetLoginProfileCommand, UpdateLoginProfileCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { confirmUser, orNull } from '../../confirm.ts';
import { targetUser } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, read } from '../definition.ts';

const USERS = 'arn:aws:iam::<account>:user/*';
const NOT_SHOWN = '(random, known to nobody)';
const parametersSchema = z.strictObject({});
const priorSchema = z.object({ createdAt: z.string().nullable(), resetRequired: z.boolean() });

const facts: ActionFacts = {
  id: 'reset-console-password',
  cloud: 'aws',
  title: 'Replace the console password of the user by one that nobody knows',
  description:
    'Sets the console password of the IAM user to a random one that is kept nowhere, and asks for a new one at the next ' +
    'sign-in: nobody can sign in until an administrator gives the user a password. It can not be undone, because IAM never ' +
    'shows a password; deny-principal alone keeps console sessions out while it stands, so this one is for a password that ' +
    'is known to have leaked. Devices of multi-factor authentication are left alone. Console sessions that are open go on ' +
    'for up to 12 hours unless deny-principal stops them. IAM shows of a password only whether it must be changed, and that ' +
    'is what is verified.',
  effect: 'declarative',
  reversibility: 'none',
  proof: 'IAM shows that the password must be changed at the next sign-in; of the password itself it shows nothing.',
  survives:
    'Console sessions that are open: up to 12 hours, unless deny-principal stops them. Access keys and devices of ' +
    'multi-factor authentication.',
  permissions: [
    { name: 'iam:GetUser', resource: USERS, purpose: 'is it still the user of the plan' },
    { name: 'iam:GetLoginProfile', resource: USERS, purpose: 'prior state, verification' },
    { name: 'iam:UpdateLoginProfile', resource: USERS, purpose: 'the new password' },
  ],
  example: example('reset-console-password', EXAMPLE_USER),
};

export const resetConsolePassword: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request) {
      const UserName = await confirmUser(clients, request);
      // Before the write: a read that is refused after it would pass for "nothing was done".
      const { createdAt } = await profileOf(clients, UserName);
      const input = { UserName, Password: unknownPassword(), PasswordResetRequired: true };
      if (createdAt !== null) await clients.iam.send(new UpdateLoginProfileCommand(input));
      return { result: { userName: UserName, createdAt } };
    },
    verify: (request, applied) => verify(clients, request, applied),
    revert: (request) => {
      const message = `The password of user ${targetUser(request)} can't come back. An administrator gives the user a new one.`;
      return Promise.reject(new CordonFailure('ValidationFailed', message));
    },
    previewRevert: () => [],
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  read(parametersSchema, request.parameters, 'The parameters of reset-console-password');
  const UserName = await confirmUser(clients, request);
  const prior = await profileOf(clients, UserName);
  const alreadySo = prior.createdAt === null;
  const parameters = { UserName, Password: NOT_SHOWN, PasswordResetRequired: true };
  return {
    prior,
    alreadySo,
    calls: alreadySo ? [] : [{ service: 'iam', operation: 'UpdateLoginProfile', parameters }],
    mayBreak: alreadySo
      ? []
      : [`User ${UserName} can't sign in to the console until an administrator gives out a new password.`],
    obstacles: [],
  };
}

async function verify(clients: AwsClients, request: ActionRequest, applied: JsonObject): Promise<Verification> {
  const userName = targetUser(request);
  const left = read(priorSchema.pick({ createdAt: true }), applied, 'The result of reset-console-password');
  const now = await profileOf(clients, userName);
  if (now.createdAt === null) return { status: 'holds', detail: `User ${userName} has no console password any more.` };
  if (now.createdAt !== left.createdAt) {
    return { status: 'drifted', detail: `User ${userName} was given a console password anew since.` };
  }
  if (!now.resetRequired) return { status: 'drifted', detail: `Someone set the console password of user ${userName}.` };
  return { status: 'holds', detail: `Nobody has set the console password of user ${userName} since it was replaced.` };
}

/** When the user was given a console password, ISO 8601, null for none; IAM shows nothing of the password itself. */
async function profileOf(clients: AwsClients, UserName: string) {
  const profile = (await orNull(clients.iam.send(new GetLoginProfileCommand({ UserName }))))?.LoginProfile;
  return {
    createdAt: profile ? (profile.CreateDate ?? new Date(0)).toISOString() : null,
    resetRequired: profile?.PasswordResetRequired ?? false,
  };
}

/** As long as IAM takes, with a character of every class, so that it meets whatever policy the account has for passwords. */
function unknownPassword(): string {
  return `Aa1!${randomBytes(93).toString('base64url')}`;
}
