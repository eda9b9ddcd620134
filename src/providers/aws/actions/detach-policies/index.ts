import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';
import type { Owner } from '../../owner.ts';
import { ALL_OWNERS, callOn, confirmOwner, isGone, ownerOf, permissionsOn, preflightElsewhere } from '../../owner.ts';
import { POLICY_ARN, UNIQUE_ID } from '../../names.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, changeEach, read } from '../definition.ts';

const parametersSchema = z.strictObject({
  policyArns: z.array(z.string().regex(POLICY_ARN)).min(1).max(50),
  uniqueId: z.string().regex(UNIQUE_ID),
});
const priorSchema = z.object({ attachedPolicies: z.array(z.string().regex(POLICY_ARN)) });

const facts: ActionFacts = {
  id: 'detach-policies',
  cloud: 'aws',
  title: 'Detach policies that the suspect attached',
  description:
    'Detaches from a user, role or group exactly the managed policies that the log shows the suspect attaching to it. If one was attached ' +
    'before as well, what it allowed is gone too. The policies themselves stay. A rollback attaches them again.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM lists none of these policies on the identity, or does not know it any more.',
  survives: 'The managed policies themselves, and whatever the identity may do by others. What was done meanwhile.',
  permissions: [
    ...permissionsOn('Get', '', 'is it still the identity to which they were attached', ALL_OWNERS),
    ...permissionsOn('ListAttached', 'Policies', 'prior state, verification', ALL_OWNERS),
    ...permissionsOn('Detach', 'Policy', 'the change', ALL_OWNERS),
    ...permissionsOn('Attach', 'Policy', 'its rollback', ALL_OWNERS),
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'detach-policies',
    parameters: { policyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'], uniqueId: 'AIDAEXAMPLEBACKDOOR' },
  },
};

export const detachPolicies: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    async preflight(request) {
      const { owner, uniqueId } = wanted(request);
      const elsewhere = await preflightElsewhere(clients, request, { attachedPolicies: [] }, uniqueId);
      if (elsewhere) return elsewhere;
      const attached = await attachedOf(clients, request);
      return {
        prior: { attachedPolicies: attached },
        alreadySo: attached.length === 0,
        calls: attached.map((PolicyArn) => callOn(owner, 'DetachOwnerPolicy', { PolicyArn })),
        mayBreak: attached.map(
          (arn) => `What ${arn} allows to ${owner.kind} ${owner.name} is no longer allowed by it.`,
        ),
        obstacles: [],
      };
    },
    async apply(request, prior) {
      const owner = await confirmOwner(clients, request, wanted(request).uniqueId);
      const before = attachedIn(prior);
      const found = await attachedOf(clients, request);
      await changeEach(found, 'policies were detached', (arn) => detach(clients, owner, arn));
      return { result: { ...owner, detached: [...new Set([...before, ...found])].toSorted() } };
    },
    async verify(request) {
      const { owner, uniqueId } = wanted(request);
      const attached = (await isGone(clients, request, uniqueId)) ? [] : await attachedOf(clients, request);
      const who = `${owner.kind} ${owner.name}`;
      if (attached.length > 0)
        return { status: 'drifted', detail: `Attached again to ${who}: ${attached.join(', ')}.` };
      return { status: 'holds', detail: `No policy that the suspect attached to ${who} is attached.` };
    },
    async revert(request, prior) {
      const before = attachedIn(prior);
      const owner = await confirmOwner(clients, request, wanted(request).uniqueId);
      const now = await attachedOf(clients, request);
      for (const arn of before.filter((one) => !now.includes(one))) await attach(clients, owner, arn);
    },
    previewRevert: (request, prior) =>
      attachedIn(prior).map((PolicyArn) => callOn(wanted(request).owner, 'AttachOwnerPolicy', { PolicyArn })),
  }),
};

/** Of the policies named in the plan, those that are attached now. At most 20 can be: one page holds them. */
async function attachedOf({ iam }: AwsClients, request: ActionRequest): Promise<readonly string[]> {
  const { owner, policyArns } = wanted(request);
  const { AttachedPolicies = [] } =
    owner.kind === 'user'
      ? await iam.send(new ListAttachedUserPoliciesCommand({ UserName: owner.name, MaxItems: 1000 }))
      : owner.kind === 'role'
        ? await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: owner.name, MaxItems: 1000 }))
        : await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName: owner.name, MaxItems: 1000 }));
  const now = new Set(AttachedPolicies.map(({ PolicyArn }) => PolicyArn));
  return policyArns.filter((arn) => now.has(arn));
}

/** One that was detached by someone else meanwhile is as wanted. */
async function detach({ iam }: AwsClients, { kind, name }: Owner, PolicyArn: string): Promise<void> {
  await orNull<unknown>(
    kind === 'user'
      ? iam.send(new DetachUserPolicyCommand({ UserName: name, PolicyArn }))
      : kind === 'role'
        ? iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn }))
        : iam.send(new DetachGroupPolicyCommand({ GroupName: name, PolicyArn })),
  );
}

async function attach({ iam }: AwsClients, { kind, name }: Owner, PolicyArn: string): Promise<void> {
  await (kind === 'user'
    ? iam.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn }))
    : kind === 'role'
      ? iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }))
      : iam.send(new AttachGroupPolicyCommand({ GroupName: name, PolicyArn })));
}

function attachedIn(prior: JsonObject): readonly string[] {
  return read(priorSchema, prior, 'The prior state of detach-policies').attachedPolicies;
}

function wanted(request: ActionRequest) {
  const { policyArns, uniqueId } = read(parametersSchema, request.parameters, 'The parameters of detach-policies');
  return { owner: ownerOf(request), policyArns, uniqueId };
}
