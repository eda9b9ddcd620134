import {
  CloudTrailClient,
  LookupEventsCommand,
  type Event,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  AttachUserPolicyCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetAccessKeyLastUsedCommand,
  IAMClient,
  ListSSHPublicKeysCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
  UpdateLoginProfileCommand,
  UpdateSSHPublicKeyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
  type AccessKey,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
  type Credentials as StsCredentials,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callFrom, startMiniStack, type MiniStack } from './ministack.ts';

const ATTACKER = '198.51.100.7';
const policy = (effect: 'Allow' | 'Deny', action: string, extra: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: effect, Action: action, Resource: '*', ...extra }] });

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

function credentialsOf(issued: AccessKey | StsCredentials | undefined): Credentials {
  const token = issued && 'SessionToken' in issued ? { sessionToken: issued.SessionToken! } : {};
  return { accessKeyId: issued!.AccessKeyId!, secretAccessKey: issued!.SecretAccessKey!, ...token };
}

describe('MiniStack', () => {
  let ministack: MiniStack;
  let admin: ReturnType<typeof clients>;
  let alice: Credentials;

  function clients(credentials: Credentials, region = ministack.region, address = ATTACKER) {
    const settings = { endpoint: ministack.url, region, credentials, maxAttempts: 1 };
    const made = {
      iam: new IAMClient(settings),
      sts: new STSClient(settings),
      ec2: new EC2Client(settings),
      cloudtrail: new CloudTrailClient(settings),
    };
    if (credentials.accessKeyId !== ministack.root.accessKeyId) {
      for (const client of Object.values(made)) callFrom(client, address, 'Boto3/1.34 pacu');
    }
    return made;
  }

  const newKey = async (user: string) =>
    credentialsOf((await admin.iam.send(new CreateAccessKeyCommand({ UserName: user }))).AccessKey);
  const put = (document: string, name = 'test') =>
    admin.iam.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: name, PolicyDocument: document }));
  const events = async (input: LookupEventsCommandInput = {}, region?: string) =>
    (await clients(ministack.root, region).cloudtrail.send(new LookupEventsCommand(input))).Events ?? [];
  const byName = async (name: string) =>
    events({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: name }] });
  const detail = (event: Event | undefined) => JSON.parse(event?.CloudTrailEvent ?? '{}') as Record<string, unknown>;

  beforeAll(async () => void (ministack = await startMiniStack()));
  afterAll(() => ministack?.stop());
  beforeEach(async () => {
    await ministack.reset();
    admin = clients(ministack.root);
    await admin.iam.send(new CreateUserCommand({ UserName: 'alice' }));
    await put(policy('Allow', '*'));
    alice = await newKey('alice');
  });

  describe('enforces IAM', () => {
    it('refuses an inactive key, and takes it again once it is active', async () => {
      const change = (Status: 'Active' | 'Inactive') =>
        admin.iam.send(new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: alice.accessKeyId, Status }));
      const call = () => clients(alice).iam.send(new ListUsersCommand({}));
      await call();
      await change('Inactive');
      await expect(call()).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
      await change('Active');
      await call();
    });

    it('refuses what a deny policy denies, and shows that a session outlives its inactive key', async () => {
      const session = credentialsOf((await clients(alice).sts.send(new GetSessionTokenCommand({}))).Credentials);
      await admin.iam.send(
        new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: alice.accessKeyId, Status: 'Inactive' }),
      );
      await clients(session).ec2.send(new DescribeInstancesCommand({}));
      await put(policy('Deny', '*'), 'deny');
      const call = clients(session).ec2.send(new DescribeInstancesCommand({}));
      await expect(call).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
    });

    it('compares aws:SourceIp with the address that the caller plays', async () => {
      await put(policy('Deny', '*', { Condition: { IpAddress: { 'aws:SourceIp': `${ATTACKER}/32` } } }), 'deny');
      const call = () => clients(alice).iam.send(new ListUsersCommand({}));
      await expect(call()).rejects.toMatchObject({ name: 'AccessDenied' });
      await clients(alice, ministack.region, '203.0.113.9').iam.send(new ListUsersCommand({}));
    });

    it('refuses IAM to a session without MFA, as the real service does', async () => {
      const session = credentialsOf((await clients(alice).sts.send(new GetSessionTokenCommand({}))).Credentials);
      const call = clients(session).iam.send(new ListUsersCommand({}));
      await expect(call).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    });

    it('takes a call about nobody in particular as one about the caller', async () => {
      const { AccessKey: own } = await clients(alice).iam.send(new CreateAccessKeyCommand({}));
      expect(own?.UserName).toBe('alice');
    });

    it('refuses a third access key', async () => {
      await newKey('alice');
      await expect(newKey('alice')).rejects.toMatchObject({ name: 'LimitExceededException' });
    });
  });

  describe('records in CloudTrail what the real service records', () => {
    it('a call of a user, with its source, by whichever region it came', async () => {
      await clients(alice, 'eu-west-1').iam.send(new ListUsersCommand({}));
      const [event] = await byName('ListUsers');
      expect(event).toMatchObject({
        EventSource: 'iam.amazonaws.com',
        Username: 'alice',
        AccessKeyId: alice.accessKeyId,
      });
      expect(detail(event)).toMatchObject({
        userIdentity: {
          type: 'IAMUser',
          arn: 'arn:aws:iam::123456789012:user/alice',
          accountId: '123456789012',
          accessKeyId: alice.accessKeyId,
          userName: 'alice',
        },
        sourceIPAddress: ATTACKER,
        userAgent: 'Boto3/1.34 pacu',
        awsRegion: 'us-east-1',
        readOnly: true,
      });
      expect(await events({}, 'eu-west-1')).toEqual([]);
    });

    it('a call that was denied, with the error code of its service', async () => {
      await put(policy('Deny', '*'), 'deny');
      const list = clients(alice).iam.send(new ListUsersCommand({}));
      await expect(list).rejects.toMatchObject({ name: 'AccessDenied' });
      const describeInstances = clients(alice).ec2.send(new DescribeInstancesCommand({}));
      await expect(describeInstances).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
      expect(detail((await byName('ListUsers'))[0])['errorCode']).toBe('AccessDenied');
      expect(detail((await byName('DescribeInstances'))[0])['errorCode']).toBe('Client.UnauthorizedOperation');
    });

    it('nothing of a call whose signature does not hold', async () => {
      const forged = clients({ ...alice, secretAccessKey: 'wrong' });
      await expect(forged.iam.send(new ListUsersCommand({}))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
      expect(await byName('ListUsers')).toEqual([]);
    });

    it('the session a key was turned into, and what the session did', async () => {
      const trust = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
      };
      const role = { RoleName: 'deploy', AssumeRolePolicyDocument: JSON.stringify(trust) };
      const { Role } = await admin.iam.send(new CreateRoleCommand(role));
      const assume = new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: 'night' });
      const session = credentialsOf((await clients(alice).sts.send(assume)).Credentials);
      await clients(session).sts.send(new GetCallerIdentityCommand({}));

      const assumed = detail((await byName('AssumeRole'))[0]);
      expect(assumed['requestParameters']).toEqual({ roleArn: Role!.Arn, roleSessionName: 'night' });
      expect(assumed['responseElements']).toMatchObject({ credentials: { accessKeyId: session.accessKeyId } });
      const [did] = await byName('GetCallerIdentity');
      expect(did).toMatchObject({ Username: 'night', AccessKeyId: session.accessKeyId });
      expect(detail(did)['userIdentity']).toMatchObject({
        type: 'AssumedRole',
        arn: 'arn:aws:sts::123456789012:assumed-role/deploy/night',
        sessionContext: { sessionIssuer: { type: 'Role', arn: Role!.Arn, userName: 'deploy' } },
      });
    });

    it('no secret, neither of a new key nor of a session', async () => {
      const key = await newKey('alice');
      const session = credentialsOf((await clients(key).sts.send(new GetSessionTokenCommand({}))).Credentials);
      const recorded = JSON.stringify(await events());
      expect(recorded).toContain(key.accessKeyId);
      expect(recorded).toContain(session.accessKeyId);
      for (const secret of [key.secretAccessKey, session.secretAccessKey, session.sessionToken!]) {
        expect(recorded).not.toContain(secret);
      }
    });

    it('pages that hold each event once, newest first, although events arrive between them', async () => {
      for (let call = 0; call < 7; call++) await clients(alice).iam.send(new ListUsersCommand({}));
      const filter = {
        LookupAttributes: [{ AttributeKey: 'Username' as const, AttributeValue: 'alice' }],
        MaxResults: 3,
      };
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const page = await admin.cloudtrail.send(
          new LookupEventsCommand({ ...filter, ...(token ? { NextToken: token } : {}) }),
        );
        seen.push(...(page.Events ?? []).map((event) => event.EventId!));
        token = page.NextToken;
        await clients(alice).iam.send(new ListUsersCommand({}));
      } while (token);
      expect(new Set(seen).size).toBe(7);
      expect(seen).toHaveLength(7);
    });
  });

  describe('knows the other credentials of a user', () => {
    const upload = (iam: IAMClient, SSHPublicKeyBody = 'ssh-rsa AAAA') =>
      iam.send(new UploadSSHPublicKeyCommand({ UserName: 'alice', SSHPublicKeyBody }));
    const page = (Marker?: string) =>
      admin.iam.send(new ListSSHPublicKeysCommand({ UserName: 'alice', ...(Marker ? { Marker } : {}) }));

    it('in pages, and with the status that was set last', async () => {
      const made = [await upload(admin.iam), await upload(admin.iam), await upload(admin.iam)];
      const ids = made.map(({ SSHPublicKey }) => SSHPublicKey?.SSHPublicKeyId);
      const change = { UserName: 'alice', SSHPublicKeyId: ids[2], Status: 'Inactive' as const };
      await admin.iam.send(new UpdateSSHPublicKeyCommand(change));
      const first = await page();
      const second = await page(first.Marker);
      const found = [...(first.SSHPublicKeys ?? []), ...(second.SSHPublicKeys ?? [])];
      expect(found.map(({ SSHPublicKeyId, Status }) => [SSHPublicKeyId, Status])).toEqual([
        [ids[0], 'Active'],
        [ids[1], 'Active'],
        [ids[2], 'Inactive'],
      ]);
      expect([first.IsTruncated, second.IsTruncated]).toEqual([true, false]);
    });

    it('refuses them to who may not, one too many, and one that does not exist', async () => {
      await put(policy('Deny', 'iam:UploadSSHPublicKey'), 'deny');
      await expect(upload(clients(alice).iam)).rejects.toMatchObject({ name: 'AccessDenied' });
      const certificate = { UserName: 'alice', CertificateBody: '-----BEGIN' };
      const certify = () => admin.iam.send(new UploadSigningCertificateCommand(certificate));
      await certify();
      await certify();
      await expect(certify()).rejects.toMatchObject({ name: 'LimitExceededException' });
      const missing = { UserName: 'alice', SSHPublicKeyId: 'APKA00000000000000000', Status: 'Inactive' as const };
      const change = admin.iam.send(new UpdateSSHPublicKeyCommand(missing));
      await expect(change).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    });

    it('records no console password', async () => {
      const login = { UserName: 'alice', Password: 'first-Secret-1!' };
      await admin.iam.send(new CreateLoginProfileCommand(login));
      await clients(alice).iam.send(new UpdateLoginProfileCommand({ ...login, Password: 'second-Secret-1!' }));
      const recorded = JSON.stringify(await events());
      expect(recorded).toContain('UpdateLoginProfile');
      expect(recorded).not.toContain('Secret-1!');
    });
  });

  it('checks CreatePolicy on the policy that it makes', async () => {
    const own = { Resource: 'arn:aws:iam::123456789012:policy/mine/*' };
    await put(policy('Allow', 'iam:CreatePolicy', own));
    const create = (Path: string) =>
      clients(alice).iam.send(
        new CreatePolicyCommand({ PolicyName: 'p', Path, PolicyDocument: policy('Deny', 's3:GetObject') }),
      );
    await create('/mine/');
    await expect(create('/other/')).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('moves what it recorded so far into the past, and nothing that comes after', async () => {
    await clients(alice).iam.send(new ListUsersCommand({}));
    await ministack.ageLog(86_400);
    await clients(alice).iam.send(new ListUsersCommand({}));
    const [recent, old] = await byName('ListUsers');
    expect(detail(old)['eventTime']).toBe(old!.EventTime!.toISOString().replace('.000', ''));
    const apartMs = recent!.EventTime!.getTime() - old!.EventTime!.getTime();
    expect(Math.round(apartMs / 86_400_000)).toBe(1);
  });

  it('knows when a key was last used, and that another never was', async () => {
    const unused = await newKey('alice');
    await clients(alice).iam.send(new ListUsersCommand({}));
    const lastUse = async (AccessKeyId: string) =>
      (await admin.iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))).AccessKeyLastUsed;
    expect(await lastUse(alice.accessKeyId)).toMatchObject({ ServiceName: 'iam', LastUsedDate: expect.any(Date) });
    expect((await lastUse(unused.accessKeyId))?.LastUsedDate).toBeUndefined();
  });

  it('does nothing about the AWS managed quarantine policy, so a test of it must attach a copy', async () => {
    const PolicyArn = 'arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3';
    await admin.iam.send(new AttachUserPolicyCommand({ UserName: 'alice', PolicyArn }));
    const { Users } = await clients(alice).iam.send(new ListUsersCommand({}));
    expect(Users).toMatchObject([{ UserName: 'alice' }]);
  });
});
