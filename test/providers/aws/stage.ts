import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateRoleCommand,
  CreateServiceSpecificCredentialCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Credentials as StsCredentials } from '@aws-sdk/client-sts';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

import type { PlannedCall } from '../../../src/domain/plan.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import type { AwsClients, AwsCredentials, AwsSettings } from '../../../src/providers/aws/clients.ts';
import { createAwsClients } from '../../../src/providers/aws/clients.ts';
import { createAwsProvider, leastPrivilegePolicy } from '../../../src/providers/aws/index.ts';
import type { Provider } from '../../../src/providers/port.ts';
import type { MiniStack } from '../../support/processes/ministack.ts';
import { snapshot } from './snapshot.ts';

export { credentialsOf } from './snapshot.ts';
import { callFrom } from '../../support/processes/ministack.ts';

/** A small account, and Cordon in it as its own user with exactly the policy that Cordon generates. */
export interface Stage {
  readonly ministack: MiniStack;
  /** Root: builds and inspects the stage, never proves anything. */
  readonly admin: ReturnType<typeof clientsOf>;
  readonly provider: Provider;
  readonly settings: AwsSettings;
  readonly cordonArn: string;
  /** Every call that the provider made since the last `calls.length = 0`. */
  readonly calls: PlannedCall[];
  as(credentials: AwsCredentials, address?: string): ReturnType<typeof clientsOf>;
  createUser(
    name: string,
    path?: string,
    document?: string,
  ): Promise<{ readonly arn: string; readonly id: string; key: AwsCredentials }>;
  newKey(userName: string): Promise<AwsCredentials>;
  /** A console password, and one of each other credential that IAM lists. */
  endow(userName: string): Promise<void>;
  createRole(name: string, trusts?: object, path?: string): Promise<{ readonly arn: string; readonly id: string }>;
  assume(by: AwsCredentials, roleArn: string, session: string): Promise<AwsCredentials>;
  snapshot(): Promise<unknown>;
}

const ALLOW_ALL = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
export const TRUST_ALL = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
};

export async function buildStage(
  ministack: MiniStack,
  wrap: (clients: AwsClients) => void = () => {},
  enabled: readonly string[] = Object.keys(AWS_ACTIONS),
): Promise<Stage> {
  await ministack.reset();
  const admin = clientsOf(ministack, ministack.root);
  const calls: PlannedCall[] = [];

  const newKey = async (UserName: string): Promise<AwsCredentials> => {
    const { AccessKey } = await admin.iam.send(new CreateAccessKeyCommand({ UserName }));
    return { accessKeyId: there(AccessKey?.AccessKeyId), secretAccessKey: there(AccessKey?.SecretAccessKey) };
  };
  const createUser = async (UserName: string, Path = '/', document = ALLOW_ALL) => {
    const { User } = await admin.iam.send(new CreateUserCommand({ UserName, Path }));
    await admin.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'work', PolicyDocument: document }));
    return { arn: there(User?.Arn), id: there(User?.UserId), key: await newKey(UserName) };
  };

  const policy = leastPrivilegePolicy(enabled, ministack.accountId, `arn:aws:iam::${ministack.accountId}:user/cordon`);
  const cordon = await createUser('cordon', '/', JSON.stringify(policy));
  const settings: AwsSettings = {
    region: ministack.region,
    logRegions: [ministack.region],
    endpoint: ministack.url,
    credentials: cordon.key,
    logDelaySeconds: 0,
    lookupsPerSecond: 1000,
    // What MiniStack changes binds at once; so a session of the next second is a later one.
    propagationSeconds: 0,
  };
  const clients = createAwsClients(settings);
  record(clients, calls);
  wrap(clients);

  return {
    ministack,
    admin,
    provider: createAwsProvider(settings, clients),
    settings,
    cordonArn: cordon.arn,
    calls,
    newKey,
    endow: (userName) => endow(admin.iam, userName),
    createUser,
    as: (credentials, address = '198.51.100.7') => clientsOf(ministack, credentials, address),
    async createRole(RoleName, trusts = TRUST_ALL, Path = '/') {
      const document = { RoleName, Path, AssumeRolePolicyDocument: JSON.stringify(trusts) };
      const { Role } = await admin.iam.send(new CreateRoleCommand(document));
      await admin.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'work', PolicyDocument: ALLOW_ALL }));
      return { arn: there(Role?.Arn), id: there(Role?.RoleId) };
    },
    async assume(by, RoleArn, RoleSessionName) {
      const { sts } = clientsOf(ministack, by, '198.51.100.7');
      return sessionOf((await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName }))).Credentials);
    },
    snapshot: () => snapshot(admin),
  };
}

/** Whether a credential still passes: the error code of the cloud, or `accepted`. */
export async function tries(stage: Stage, credentials: AwsCredentials): Promise<string> {
  try {
    await stage.as(credentials).ec2.send(new DescribeInstancesCommand({}));
    return 'accepted';
  } catch (error) {
    return (error as Error).name;
  }
}

export function sessionOf(issued: StsCredentials | undefined): AwsCredentials {
  return {
    accessKeyId: there(issued?.AccessKeyId),
    secretAccessKey: there(issued?.SecretAccessKey),
    sessionToken: there(issued?.SessionToken),
  };
}

function there(text: string | undefined): string {
  if (text === undefined) throw new Error('The stage was not built: AWS answered without a field that it always has.');
  return text;
}

function clientsOf(ministack: MiniStack, credentials: AwsCredentials, address?: string) {
  const settings = { endpoint: ministack.url, region: ministack.region, credentials, maxAttempts: 1 };
  const clients = {
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
    ec2: new EC2Client(settings),
    secrets: new SecretsManagerClient(settings),
    cloudtrail: new CloudTrailClient(settings),
    lambda: new LambdaClient(settings),
  };
  if (address) for (const client of Object.values(clients)) callFrom(client, address, 'Boto3/1.34 pacu');
  return clients;
}

function everyClient(clients: AwsClients): readonly (readonly [string, { readonly middlewareStack: unknown }])[] {
  return [
    ['iam', clients.iam],
    ['iam', clients.creating.iam],
    ['sts', clients.sts],
    ['secretsmanager', clients.secrets],
    ['secretsmanager', clients.creating.secrets],
    ...[...clients.cloudtrail.values()].map((client) => ['cloudtrail', client] as const),
    ...[...clients.lambda.values()].map((client) => ['lambda', client] as const),
  ];
}

function record(clients: AwsClients, calls: PlannedCall[]): void {
  for (const [service, client] of everyClient(clients)) {
    (client.middlewareStack as IAMClient['middlewareStack']).add(
      (next, context) => (args) => {
        const operation = String(context['commandName']).replace(/Command$/u, '');
        calls.push({ service, operation, parameters: structuredClone(args.input) as PlannedCall['parameters'] });
        return next(args);
      },
      { step: 'initialize', priority: 'low', name: 'record' },
    );
  }
}

async function endow(iam: IAMClient, UserName: string): Promise<void> {
  await iam.send(new CreateLoginProfileCommand({ UserName, Password: 'Old-password-1!' }));
  await iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: 'ssh-rsa AAAA' }));
  await iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: '-----BEGIN CERTIFICATE-----' }));
  await iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: 'codecommit.amazonaws.com' }));
}
