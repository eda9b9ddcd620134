import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateServiceSpecificCredentialCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { generate } from 'selfsigned';

import type { AwsPrincipal } from '../../../src/domain/principal.ts';
import type { AwsClients, AwsCredentials } from '../../../src/providers/aws/clients.ts';
import { leastPrivilegePolicy } from '../../../src/providers/aws/index.ts';
import type { Pace } from '../settle.ts';
import { eventually } from '../settle.ts';

/** The suspect may do next to nothing: what the suite leaves behind, if it ever does, is of no use to anybody. */
const HARMLESS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:GetCallerIdentity', Resource: '*' }],
});

export interface Suspect {
  readonly principal: AwsPrincipal;
  readonly roleName: string;
  readonly roleArn: string;
}

/** A user with one of each credential, whose secrets are dropped here, and a role that it is said to have assumed. */
export async function makeSuspect({ iam }: AwsClients, accountId: string, name: string, tags: Tags): Promise<Suspect> {
  const UserName = `${name}suspect`;
  const { User } = await iam.send(new CreateUserCommand({ UserName, Tags: tags }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'work', PolicyDocument: HARMLESS }));
  await iam.send(new CreateAccessKeyCommand({ UserName }));
  await iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: sshKey() }));
  const { cert } = await generate([{ name: 'commonName', value: UserName }], { keySize: 2048 });
  await iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: cert }));
  await iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: 'codecommit.amazonaws.com' }));
  const role = await makeRole({ iam }, `${name}role`, trustOf(accountId, randomUUID()), tags);
  const principal = { cloud: 'aws', kind: 'iam-user', accountId, name: UserName } as const;
  return { principal: { ...principal, arn: there(User?.Arn), uniqueId: there(User?.UserId) }, ...role };
}

/** Cordon as a role of its own, with exactly the policy that it generates for these actions; answers how to get a session of it. */
export async function makeResponder(
  clients: AwsClients,
  accountId: string,
  name: string,
  { rightsFor, tags, pace }: { readonly rightsFor: readonly string[]; readonly tags: Tags; readonly pace: Pace },
): Promise<() => Promise<AwsCredentials>> {
  const externalId = randomUUID();
  const { roleArn, roleName } = await makeRole(clients, name, trustOf(accountId, externalId), tags);
  const policy = JSON.stringify(leastPrivilegePolicy(rightsFor, accountId, roleArn));
  await clients.iam.send(
    new PutRolePolicyCommand({ RoleName: roleName, PolicyName: 'cordon', PolicyDocument: policy }),
  );
  const assume = { RoleArn: roleArn, RoleSessionName: 'cordon-live', ExternalId: externalId, DurationSeconds: 3600 };
  return async () => {
    const { Credentials } = await eventually(() => clients.sts.send(new AssumeRoleCommand(assume)), pace);
    return {
      accessKeyId: there(Credentials?.AccessKeyId),
      secretAccessKey: there(Credentials?.SecretAccessKey),
      sessionToken: there(Credentials?.SessionToken),
    };
  };
}

export type Tags = { readonly Key: string; readonly Value: string }[];

async function makeRole({ iam }: Pick<AwsClients, 'iam'>, RoleName: string, trust: string, Tags: Tags) {
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, Tags }));
  return { roleName: RoleName, roleArn: there(Role?.Arn) };
}

/** Within the account, and only for whoever knows the external id, which is in the memory of this process alone. */
function trustOf(accountId: string, externalId: string): string {
  const Principal = { AWS: `arn:aws:iam::${accountId}:root` };
  const Condition = { StringEquals: { 'sts:ExternalId': externalId } };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', Condition }],
  });
}

/** A public key in the form of RFC 4253; nobody has its private half. */
function sshKey(): string {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const positive = (base64: string) => Buffer.concat([Buffer.from([0]), Buffer.from(base64, 'base64url')]);
  const blob = [Buffer.from('ssh-rsa'), Buffer.from(e, 'base64url'), positive(n)].map(field);
  return `ssh-rsa ${Buffer.concat(blob).toString('base64')} cordon-live`;
}

function there(text: string | undefined): string {
  if (text === undefined) throw new Error('AWS answered without a field that it always has.');
  return text;
}
