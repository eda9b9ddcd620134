import {
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { confirmUser } from '../../confirm.ts';
import { DENY_ALL, notDenied } from '../../deny.ts';
import { DENY_POLICY } from '../../mark-names.ts';
import { targetUser } from '../../names.ts';
import { putCall, putPolicy, readPolicy, restoreCalls, restorePolicy, sameDocument } from '../../policies.ts';
import type { InlinePolicy } from '../../policies.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, read } from '../definition.ts';

/** IAM's quota for all inline policies of a user together, in characters without white space. */
const INLINE_QUOTA = 2048;

/** A few harmless calls that nearly every identity may make; under the deny every one is refused explicitly. */
const SAMPLE_CALLS = ['sts:AssumeRole', 'iam:CreateAccessKey', 's3:ListAllMyBuckets', 'ec2:DescribeInstances'];

const parametersSchema = z.strictObject({
  policyName: z.string().refine(DENY_POLICY.isMade),
  policyDocument: z.literal(DENY_ALL),
});
const priorSchema = z.object({ policyDocument: z.string().nullable() });

const facts: ActionFacts = {
  id: 'deny-principal',
  cloud: 'aws',
  title: 'Deny everything to the user',
  description:
    'Puts an inline policy on the IAM user that denies every action without a condition. It stops its keys, its console ' +
    'sessions and the sessions that GetSessionToken and GetFederationToken gave out. It does not stop sessions of roles ' +
    'that the user assumed, nor sts:GetCallerIdentity, which no policy can deny. It stays until it is rolled back; a tool ' +
    'that manages the inline policies of the user exclusively may remove it.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: "IAM's simulator answers for the user with an explicit deny, and the policy reads back to the letter.",
  survives:
    'Sessions of roles that the user assumed: up to 12 hours, unless revoke-role-sessions stops them. ' +
    'sts:GetCallerIdentity, always. Presigned URLs and calls of the seconds in which IAM propagates.',
  permissions: [
    { name: 'iam:GetUser', resource: 'arn:aws:iam::<account>:user/*', purpose: 'is it still the user of the plan' },
    { name: 'iam:GetUserPolicy', resource: 'arn:aws:iam::<account>:user/*', purpose: 'prior state, verification' },
    { name: 'iam:ListUserPolicies', resource: 'arn:aws:iam::<account>:user/*', purpose: 'prior state, quota' },
    { name: 'iam:ListAttachedUserPolicies', resource: 'arn:aws:iam::<account>:user/*', purpose: 'prior state' },
    { name: 'iam:ListGroupsForUser', resource: 'arn:aws:iam::<account>:user/*', purpose: 'prior state' },
    { name: 'iam:PutUserPolicy', resource: 'arn:aws:iam::<account>:user/*', purpose: 'the deny' },
    { name: 'iam:DeleteUserPolicy', resource: 'arn:aws:iam::<account>:user/*', purpose: 'rollback of the deny' },
    { name: 'iam:SimulatePrincipalPolicy', resource: '*', purpose: 'verification that the deny counts' },
  ],
  example: example('deny-principal', EXAMPLE_USER, {
    policyName: 'CordonDeny-ca_0123456789abcdef',
    policyDocument: DENY_ALL,
  }),
};

export const denyPrincipal: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request) {
      const policy = policyOf(request);
      await confirmUser(clients, request);
      await putPolicy(clients, policy, DENY_ALL);
      return { result: { userName: policy.ownerName, policyName: policy.policyName } };
    },
    verify: (request) => verify(clients, request),
    async revert(request, prior) {
      await confirmUser(clients, request);
      await restorePolicy(clients, policyOf(request), DENY_ALL, documentOf(prior));
    },
    previewRevert: (request, prior) => restoreCalls(policyOf(request), DENY_ALL, documentOf(prior)),
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const policy = policyOf(request);
  const UserName = await confirmUser(clients, request);
  const [current, inline, attached, groups] = await Promise.all([
    readPolicy(clients, policy),
    clients.iam.send(new ListUserPoliciesCommand({ UserName, MaxItems: 1000 })),
    clients.iam.send(new ListAttachedUserPoliciesCommand({ UserName, MaxItems: 1000 })),
    clients.iam.send(new ListGroupsForUserCommand({ UserName, MaxItems: 1000 })),
  ]);
  const alreadySo = sameDocument(current, DENY_ALL);
  const inlinePolicies = inline.PolicyNames ?? [];
  return {
    prior: {
      policyDocument: current,
      inlinePolicies,
      attachedPolicies: (attached.AttachedPolicies ?? []).map(({ PolicyArn }) => PolicyArn ?? ''),
      groups: (groups.Groups ?? []).map(({ GroupName }) => GroupName ?? ''),
    },
    alreadySo,
    calls: alreadySo ? [] : [putCall(policy, DENY_ALL)],
    mayBreak: [`Everything that runs as user ${UserName} stops: every key, console session and minted session.`],
    obstacles: alreadySo ? [] : await quotaObstacles(clients, policy, inlinePolicies),
  };
}

async function quotaObstacles(clients: AwsClients, policy: InlinePolicy, names: readonly string[]): Promise<string[]> {
  const others = names.filter((name) => name !== policy.policyName);
  const documents = await Promise.all(others.map((policyName) => readPolicy(clients, { ...policy, policyName })));
  const size = [DENY_ALL, ...documents].reduce((sum, text) => sum + (text ?? '').replaceAll(/\s/gu, '').length, 0);
  if (size <= INLINE_QUOTA) return [];
  return [
    `The inline policies of user ${policy.ownerName} leave no room for the deny (${INLINE_QUOTA} characters in all). ` +
      'Move one of them to a managed policy, then plan again.',
  ];
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const policy = policyOf(request);
  const [current, open] = await Promise.all([
    readPolicy(clients, policy),
    notDenied(clients, request.target, SAMPLE_CALLS),
  ]);
  if (!sameDocument(current, DENY_ALL)) {
    const how = current === null ? 'is gone' : 'says something else';
    return { status: 'drifted', detail: `Policy ${policy.policyName} of user ${policy.ownerName} ${how}.` };
  }
  return open ?? { status: 'holds', detail: `User ${policy.ownerName} is denied everything by ${policy.policyName}.` };
}

function policyOf(request: ActionRequest): InlinePolicy {
  const { policyName } = read(parametersSchema, request.parameters, 'The parameters of deny-principal');
  return { owner: 'user', ownerName: targetUser(request), policyName };
}

function documentOf(prior: JsonObject): string | null {
  return read(priorSchema, prior, 'The prior state of deny-principal').policyDocument;
}
