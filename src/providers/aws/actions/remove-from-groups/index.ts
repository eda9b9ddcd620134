import { AddUserToGroupCommand, ListGroupsForUserCommand, RemoveUserFromGroupCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';
import { confirmOwner, isGone, preflightElsewhere } from '../../owner.ts';
import { GROUP_NAME, nameInArn, UNIQUE_ID } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, changeEach, read } from '../definition.ts';

const USERS = 'arn:aws:iam::<account>:user/*';
const GROUPS = 'arn:aws:iam::<account>:group/*';
const groups = z.array(z.string().regex(GROUP_NAME));
const parametersSchema = z.strictObject({
  groupNames: groups.min(1).max(50),
  uniqueId: z.string().regex(UNIQUE_ID),
});
const priorSchema = z.object({ memberOf: groups });

const facts: ActionFacts = {
  id: 'remove-from-groups',
  cloud: 'aws',
  title: 'Remove a user from groups that the suspect put it into',
  description:
    'Takes a user out of exactly the groups into which the log shows the suspect putting it; the groups, their policies and their ' +
    'other members stay. If the user was in such a group before as well, what it allowed is gone too. A rollback puts it back.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM lists none of these groups for the user, or does not know the user any more.',
  survives: 'Whatever the user may do by its own policies and its other groups. What was done meanwhile.',
  permissions: [
    { name: 'iam:GetUser', resource: USERS, purpose: 'is it still the user that was put into the groups' },
    { name: 'iam:ListGroupsForUser', resource: USERS, purpose: 'prior state, verification' },
    { name: 'iam:RemoveUserFromGroup', resource: GROUPS, purpose: 'the change' },
    { name: 'iam:AddUserToGroup', resource: GROUPS, purpose: 'its rollback' },
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'remove-from-groups',
    parameters: { groupNames: ['admins'], uniqueId: 'AIDAEXAMPLEBACKDOOR' },
  },
};

export const removeFromGroups: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    async preflight(request) {
      const { userName, uniqueId } = wanted(request);
      const elsewhere = await preflightElsewhere(clients, request, { memberOf: [] }, uniqueId);
      if (elsewhere) return elsewhere;
      const memberOf = await groupsOf(clients, request);
      return {
        prior: { memberOf },
        alreadySo: memberOf.length === 0,
        calls: memberOf.map((group) => callOf('RemoveUserFromGroup', userName, group)),
        mayBreak: memberOf.map(
          (group) => `What group ${group} allows to its members is no longer allowed to ${userName}.`,
        ),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const { userName: UserName, uniqueId } = wanted(request);
      await confirmOwner(clients, request, uniqueId);
      const before = groupsIn(prior);
      const found = await groupsOf(clients, request);
      // One that someone else took it out of meanwhile is as wanted.
      await changeEach(found, 'groups were left', (GroupName) =>
        orNull<unknown>(clients.iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName }))),
      );
      return { result: { userName: UserName, removedFrom: [...new Set([...before, ...found])].toSorted() } };
    },
    async verify(request) {
      const { userName, uniqueId } = wanted(request);
      const memberOf = (await isGone(clients, request, uniqueId)) ? [] : await groupsOf(clients, request);
      return memberOf.length > 0
        ? { status: 'drifted', detail: `User ${userName} is (again) in ${memberOf.join(', ')}.` }
        : { status: 'holds', detail: `User ${userName} is in no group that the suspect put it into.` };
    },
    async revert(request, prior) {
      const { userName: UserName, uniqueId } = wanted(request);
      const before = groupsIn(prior);
      await confirmOwner(clients, request, uniqueId);
      const now = await groupsOf(clients, request);
      for (const GroupName of before.filter((one) => !now.includes(one))) {
        await clients.iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
      }
    },
    previewRevert: (request, prior) =>
      groupsIn(prior).map((group) => callOf('AddUserToGroup', wanted(request).userName, group)),
  }),
};

/** Of the groups named in the plan, those that the user is in now. A user is in ten at most: one page holds them. */
async function groupsOf({ iam }: AwsClients, request: ActionRequest): Promise<readonly string[]> {
  const { userName: UserName, groupNames } = wanted(request);
  const { Groups = [] } = await iam.send(new ListGroupsForUserCommand({ UserName, MaxItems: 1000 }));
  const now = new Set(Groups.map(({ GroupName }) => GroupName));
  return groupNames.filter((name) => now.has(name));
}

function callOf(operation: 'AddUserToGroup' | 'RemoveUserFromGroup', UserName: string, GroupName: string): PlannedCall {
  return { service: 'iam', operation, parameters: { GroupName, UserName } };
}

function groupsIn(prior: JsonObject): readonly string[] {
  return read(priorSchema, prior, 'The prior state of remove-from-groups').memberOf;
}

function wanted(request: ActionRequest) {
  const { groupNames, uniqueId } = read(parametersSchema, request.parameters, 'The parameters of remove-from-groups');
  return { userName: nameInArn('user', request.target, request.accountId), groupNames, uniqueId };
}
