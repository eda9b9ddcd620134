import {
  GetOpenIDConnectProviderCommand,
  ListGroupsForUserCommand,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iam';
import { GetPolicyCommand } from '@aws-sdk/client-lambda';

import type { ActionRequest } from '../../../src/domain/plan.ts';
import type { AwsClients } from '../../../src/providers/aws/clients.ts';

/** What the suspect of a documented example left on policies, groups, identity providers and functions. */
export function leftByTheSuspect({ target, parameters }: ActionRequest): readonly (readonly [unknown, object])[] {
  const { groupNames, createdAt } = parameters;
  const Groups = (Array.isArray(groupNames) ? groupNames : []).map((GroupName: unknown) => ({ GroupName }));
  const CreateDate = new Date(typeof createdAt === 'string' ? createdAt : 0);
  const statement = {
    Sid: 'backdoor',
    Effect: 'Allow',
    Principal: '*',
    Action: 'lambda:InvokeFunction',
    Resource: target,
  };
  const Versions = ['v1', 'v2'].map((VersionId) => ({ VersionId, IsDefaultVersion: VersionId === 'v2' }));
  return [
    [ListGroupsForUserCommand, { Groups }],
    [ListPolicyVersionsCommand, { Versions }],
    [GetOpenIDConnectProviderCommand, { Url: 'token.example.com', ClientIDList: ['sts.amazonaws.com'], CreateDate }],
    [GetPolicyCommand, { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) }],
  ];
}

/** The same answers for Lambda, in every region. */
export function answeringFunctions({ lambda }: AwsClients, send: (command: object) => Promise<object>) {
  return { lambda: new Map([...lambda].map(([region, client]) => [region, Object.assign(client, { send })])) };
}
