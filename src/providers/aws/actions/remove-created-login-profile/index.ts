import { DeleteLoginProfileCommand, GetLoginProfileCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';
import { leftToAPerson, madeAt, nothingToDo, refuseForAPerson } from '../../by-hand.ts';
import { callOn, confirmOwner, isGone, ownerOf, preflightElsewhere } from '../../owner.ts';
import { nameInArn, UNIQUE_ID } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, read } from '../definition.ts';

const USERS = 'arn:aws:iam::<account>:user/*';
const parametersSchema = z.strictObject({
  /** Of the event that made it. */
  createdAt: z.iso.datetime(),
  uniqueId: z.string().regex(UNIQUE_ID),
});

const facts: ActionFacts = {
  id: 'remove-created-login-profile',
  cloud: 'aws',
  title: 'Remove a console password that the suspect gave to another user',
  description:
    'Deletes the login profile that the log shows the suspect creating on this user, whose password only the suspect knows. One ' +
    'that was not made by that very call is never touched. There is no rollback: nobody can need that password; a user who is ' +
    'to sign in to the console is given a new one.',
  effect: 'declarative',
  reversibility: 'not-needed',
  proof: 'IAM knows no login profile of the user.',
  survives: 'Console sessions that were signed in with the password: up to 12 hours. The access keys of the user.',
  permissions: [
    { name: 'iam:GetUser', resource: USERS, purpose: 'is it still the user who was given the password' },
    { name: 'iam:GetLoginProfile', resource: USERS, purpose: 'is it the one that the suspect made; verification' },
    { name: 'iam:DeleteLoginProfile', resource: USERS, purpose: 'the change' },
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'remove-created-login-profile',
    parameters: { createdAt: '2026-01-01T12:00:00.000Z', uniqueId: 'AIDAEXAMPLEBACKDOOR' },
  },
};

export const removeCreatedLoginProfile: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request) {
      const { userName: UserName, createdAt, uniqueId } = wanted(request);
      await confirmOwner(clients, request, uniqueId);
      const profile = await profileOf(clients, UserName);
      if (profile && !madeAt(profile.CreateDate, createdAt)) throw refuseForAPerson(notThatOne(UserName));
      if (profile) await orNull<unknown>(clients.iam.send(new DeleteLoginProfileCommand({ UserName })));
      return { result: { userName: UserName, createdAt } };
    },
    async verify(request) {
      const { userName, createdAt, uniqueId } = wanted(request);
      const profile = (await isGone(clients, request, uniqueId)) ? null : await profileOf(clients, userName);
      if (!profile) return { status: 'holds', detail: `User ${userName} has no console password.` };
      return madeAt(profile.CreateDate, createdAt)
        ? { status: 'drifted', detail: `User ${userName} has the console password that the suspect gave to it.` }
        : { status: 'drifted', detail: `User ${userName} was given a console password anew since.` };
    },
    revert: (request) => {
      const who = wanted(request).userName;
      const message = `Only the suspect knew the console password of user ${who}. An administrator gives the user a new one.`;
      return Promise.reject(new CordonFailure('ValidationFailed', message));
    },
    previewRevert: () => [],
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const { userName, createdAt, uniqueId } = wanted(request);
  const elsewhere = await preflightElsewhere(clients, request, { createdAt: null }, uniqueId);
  if (elsewhere) return elsewhere;
  const profile = await profileOf(clients, userName);
  if (!profile) return nothingToDo({ createdAt: null });
  if (!madeAt(profile.CreateDate, createdAt)) return leftToAPerson(notThatOne(userName));
  return {
    prior: { createdAt },
    alreadySo: false,
    calls: [callOn(ownerOf(request), 'DeleteLoginProfile', {})],
    mayBreak: [
      `Nobody signs in to the console as user ${userName} any more. If an administrator has set the password since, the user needs a new one.`,
    ],
    obstacles: [],
  };
}

async function profileOf({ iam }: AwsClients, UserName: string) {
  return (await orNull(iam.send(new GetLoginProfileCommand({ UserName }))))?.LoginProfile ?? null;
}

function notThatOne(userName: string): string {
  return `The console password of user ${userName} is not the one that the log shows the suspect making.`;
}

function wanted(request: ActionRequest) {
  const parameters = read(parametersSchema, request.parameters, 'The parameters of remove-created-login-profile');
  return { userName: nameInArn('user', request.target, request.accountId), ...parameters };
}
