import {
  GetAccessKeyLastUsedCommand,
  GetRoleCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListUserPoliciesCommand,
  GetLoginProfileCommand,
} from '@aws-sdk/client-iam';

import { CordonFailure } from '../../../src/contracts/failures.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { ActionRequest } from '../../../src/domain/plan.ts';
import { createAwsClients } from '../../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { answering, IDENTITY_CENTER, PERSON } from './identity-center.ts';
import { answeringFunctions, leftByTheSuspect } from './left-behind.ts';
import { NOW } from './now.ts';

const SETTINGS = { region: 'us-east-1', logRegions: ['us-east-1'], now: () => NOW, identityCenter: IDENTITY_CENTER };
const ALICE = 'arn:aws:iam::123456789012:user/alice';

/**
 * AWS for the preflight of one documented example: the target exists and has one of each credential, and what the parameters name
 * is there. No call leaves the process; one that this account has no answer for throws.
 */
export function exampleAws(example: ActionRequest): Provider {
  const answers = new Map<unknown, object>([
    ...identities(example),
    ...credentials(example),
    ...policies(example),
    ...leftByTheSuspect(example),
    ...PERSON,
  ]);
  const send = async (command: object): Promise<object> => {
    const operation = command.constructor.name;
    const answer = answers.get(command.constructor);
    if (answer) return answer;
    if (/^(?:Get|Describe)/u.test(operation)) throw new CordonFailure('NotFound', `The example has no ${operation}.`);
    throw new Error(`The example account has no answer to ${operation}: add it to scripts/generate/examples/aws.ts.`);
  };
  const clients = createAwsClients(SETTINGS);
  const { iam, secrets } = clients;
  return createAwsProvider(SETTINGS, {
    ...clients,
    iam: Object.assign(iam, { send }),
    secrets: Object.assign(secrets, { send }),
    ...answering(clients, send),
    ...answeringFunctions(clients, send),
  });
}

function identities({ principal, target, parameters }: ActionRequest): readonly (readonly [unknown, object])[] {
  const name = target.slice(target.lastIndexOf('/') + 1);
  const trust = {
    Statement: [
      { Effect: 'Allow', Principal: { AWS: [ALICE, ALICE.replace('alice', 'bob')] }, Action: 'sts:AssumeRole' },
    ],
  };
  const AssumeRolePolicyDocument = encodeURIComponent(JSON.stringify({ Version: '2012-10-17', ...trust }));
  const id = parameters['uniqueId'] ?? principal.uniqueId;
  return [
    [GetUserCommand, { User: { UserName: name, Arn: target, UserId: id } }],
    [GetRoleCommand, { Role: { RoleName: name, Arn: target, RoleId: id, Path: '/', AssumeRolePolicyDocument } }],
  ];
}

function credentials({ action, parameters }: ActionRequest): readonly (readonly [unknown, object])[] {
  const keys = named(parameters, 'accessKeyIds', ['AKIAEXAMPLEALICE']).map((AccessKeyId) => ({
    AccessKeyId,
    Status: action === 'delete-access-keys' ? 'Inactive' : 'Active',
    CreateDate: new Date(0),
  }));
  const { createdAt } = parameters;
  const madeAt = new Date(typeof createdAt === 'string' ? createdAt : 0);
  return [
    [ListAccessKeysCommand, { AccessKeyMetadata: keys }],
    [GetAccessKeyLastUsedCommand, { AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' } }],
    [ListSSHPublicKeysCommand, { SSHPublicKeys: [{ SSHPublicKeyId: 'APKAEXAMPLEALICE', Status: 'Active' }] }],
    [ListSigningCertificatesCommand, { Certificates: [{ CertificateId: 'EXAMPLECERTIFICATE', Status: 'Active' }] }],
    [
      ListServiceSpecificCredentialsCommand,
      {
        ServiceSpecificCredentials: [
          {
            ServiceSpecificCredentialId: 'ACCAEXAMPLEALICE',
            Status: 'Active',
            ServiceName: 'codecommit.amazonaws.com',
          },
        ],
      },
    ],
    [GetLoginProfileCommand, { LoginProfile: { CreateDate: madeAt, PasswordResetRequired: false } }],
  ];
}

/** None but those that the example takes away. */
function policies({ parameters }: ActionRequest): readonly (readonly [unknown, object])[] {
  const PolicyNames = named(parameters, 'policyNames');
  const PolicyDocument = encodeURIComponent('{"Version":"2012-10-17","Statement":[]}');
  return [
    [ListUserPoliciesCommand, { PolicyNames }],
    [
      ListAttachedUserPoliciesCommand,
      { AttachedPolicies: named(parameters, 'policyArns').map((PolicyArn) => ({ PolicyArn })) },
    ],
    ...PolicyNames.map((PolicyName) => [GetUserPolicyCommand, { PolicyName, PolicyDocument }] as const),
  ];
}

function named(parameters: JsonObject, key: string, otherwise: readonly string[] = []): readonly string[] {
  const value = parameters[key];
  return Array.isArray(value) ? value.map(String) : otherwise;
}
