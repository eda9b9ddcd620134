import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateLoginProfileCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateSAMLProviderCommand,
  CreateUserCommand,
  PutGroupPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';

import type { Principal } from '../../../src/domain/principal.ts';
import type { AwsActionId } from '../../../src/providers/aws/actions/index.ts';
import type { AwsCredentials } from '../../../src/providers/aws/clients.ts';
import type { Stage } from './stage.ts';
import { tries } from './stage.ts';

/** One thing that a thief leaves in an account, beside what happens on it in peace. */
export interface Persistence {
  /** What it is called in a test. */
  readonly name: string;
  readonly action: AwsActionId;
  /** What was there before; by the administrator, long ago. */
  prepare(stage: Stage): Promise<void>;
  leave(stage: Stage, thief: AwsCredentials): Promise<unknown>;
  /** What it gives: `accepted`, or the error code. Absent where MiniStack can't show it. */
  gives?(stage: Stage): Promise<string>;
}

const policy = (Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
export const ALLOW = policy('*');
export const NOTHING_MUCH = policy('sts:GetCallerIdentity');
export const trust = (...AWS: string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
export const arnOf = (stage: Stage, resource: string) => `arn:aws:iam::${stage.ministack.accountId}:${resource}`;

/** Dan, who may do nothing but what he gets by a group, a policy or a function; Mallory, who may do everything but is not trusted. */
const people = new WeakMap<Stage, { dan: AwsCredentials; mallory: AwsCredentials }>();

async function settle(stage: Stage): Promise<void> {
  const dan = await stage.createUser('dan', '/team/', NOTHING_MUCH);
  const mallory = await stage.createUser('mallory');
  people.set(stage, { dan: dan.key, mallory: mallory.key });
}

function person(stage: Stage, name: 'dan' | 'mallory'): AwsCredentials {
  const found = people.get(stage)?.[name];
  if (!found) throw new Error('The stage is not prepared.');
  return found;
}

const danCalls = (stage: Stage) => tries(stage, person(stage, 'dan'));

async function prepareGroup(stage: Stage, document: string): Promise<void> {
  await settle(stage);
  await stage.admin.iam.send(new CreateGroupCommand({ GroupName: 'staff', Path: '/org/' }));
  const put = { GroupName: 'staff', PolicyName: 'work', PolicyDocument: document };
  await stage.admin.iam.send(new PutGroupPolicyCommand(put));
}

async function prepareMembers(stage: Stage): Promise<void> {
  await prepareGroup(stage, NOTHING_MUCH);
  await stage.admin.iam.send(new AddUserToGroupCommand({ GroupName: 'staff', UserName: 'dan' }));
  await stage.admin.iam.send(new CreatePolicyCommand({ PolicyName: 'wide', PolicyDocument: ALLOW }));
}

async function preparePolicy(stage: Stage): Promise<void> {
  await settle(stage);
  const { iam } = stage.admin;
  const PolicyArn = arnOf(stage, 'policy/developers');
  await iam.send(new CreatePolicyCommand({ PolicyName: 'developers', PolicyDocument: policy('s3:*') }));
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: NOTHING_MUCH, SetAsDefault: true }));
  await iam.send(new AttachUserPolicyCommand({ UserName: 'dan', PolicyArn }));
}

/** An archive without a file in it. */
const NO_FILES = Buffer.concat([Buffer.from('PK\u0005\u0006', 'latin1'), Buffer.alloc(18)]);

async function prepareFunction(stage: Stage): Promise<void> {
  await settle(stage);
  const { arn } = await stage.createRole('runs');
  const code = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: arn, Code: { ZipFile: NO_FILES } } as const;
  await stage.admin.lambda.send(new CreateFunctionCommand({ FunctionName: 'invoices', ...code }));
  const permission = { FunctionName: 'invoices', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
  await stage.admin.lambda.send(
    new AddPermissionCommand({ ...permission, StatementId: 's3', SourceArn: 'arn:aws:s3:::invoices' }),
  );
}

async function invoke(stage: Stage): Promise<string> {
  try {
    const dry = { FunctionName: 'invoices', InvocationType: 'DryRun' } as const;
    await stage.as(person(stage, 'dan')).lambda.send(new InvokeCommand(dry));
    return 'accepted';
  } catch (error) {
    return (error as Error).name;
  }
}

const METADATA = `<EntityDescriptor entityID="https://idp.example">${'x'.repeat(1000)}</EntityDescriptor>`;

export const PERSISTENCE: readonly Persistence[] = [
  {
    name: 'a console password on another user',
    action: 'remove-created-login-profile',
    prepare: settle,
    leave: (stage, thief) =>
      stage.as(thief).iam.send(new CreateLoginProfileCommand({ UserName: 'dan', Password: 'Correct-horse-battery-9' })),
  },
  {
    name: 'an OpenID Connect provider',
    action: 'delete-created-identity-providers',
    prepare: settle,
    leave: (stage, thief) =>
      stage.as(thief).iam.send(
        new CreateOpenIDConnectProviderCommand({
          Url: 'https://token.example/tenant',
          ClientIDList: ['sts.amazonaws.com', 'other'],
          ThumbprintList: ['0'.repeat(40)],
          Tags: [{ Key: 'team', Value: 'red' }],
        }),
      ),
  },
  {
    name: 'a SAML provider',
    action: 'delete-created-identity-providers',
    prepare: settle,
    leave: (stage, thief) =>
      stage.as(thief).iam.send(new CreateSAMLProviderCommand({ Name: 'corp', SAMLMetadataDocument: METADATA })),
  },
  {
    name: 'the trust policy of a role',
    action: 'restore-role-trust',
    prepare: async (stage) => {
      await settle(stage);
      await stage.createRole('vault', trust(arnOf(stage, 'user/team/dan')), '/prod/');
    },
    leave: (stage, thief) =>
      stage.as(thief).iam.send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: 'vault',
          PolicyDocument: JSON.stringify(trust(arnOf(stage, 'user/mallory'), arnOf(stage, 'user/team/dan'))),
        }),
      ),
    gives: (stage) =>
      stage.assume(person(stage, 'mallory'), arnOf(stage, 'role/prod/vault'), 'in').then(
        () => 'accepted',
        (error: unknown) => (error as Error).name,
      ),
  },
  {
    name: 'a permission on a function',
    action: 'remove-function-permissions',
    prepare: prepareFunction,
    leave: (stage, thief) =>
      stage.as(thief).lambda.send(
        new AddPermissionCommand({
          FunctionName: 'invoices',
          StatementId: 'backdoor',
          Action: 'lambda:InvokeFunction',
          Principal: arnOf(stage, 'user/team/dan'),
        }),
      ),
    gives: invoke,
  },
  {
    name: 'an inline policy of a group',
    action: 'remove-inline-policies',
    prepare: prepareMembers,
    leave: (stage, thief) =>
      stage
        .as(thief)
        .iam.send(new PutGroupPolicyCommand({ GroupName: 'staff', PolicyName: 'more', PolicyDocument: ALLOW })),
    gives: danCalls,
  },
  {
    name: 'a policy attached to a group',
    action: 'detach-policies',
    prepare: prepareMembers,
    leave: (stage, thief) =>
      stage
        .as(thief)
        .iam.send(new AttachGroupPolicyCommand({ GroupName: 'staff', PolicyArn: arnOf(stage, 'policy/wide') })),
    gives: danCalls,
  },
  {
    name: 'the default version of a policy',
    action: 'restore-policy-version',
    prepare: preparePolicy,
    leave: (stage, thief) =>
      stage.as(thief).iam.send(
        new CreatePolicyVersionCommand({
          PolicyArn: arnOf(stage, 'policy/developers'),
          PolicyDocument: ALLOW,
          SetAsDefault: true,
        }),
      ),
    gives: danCalls,
  },
  {
    name: 'a user in a group',
    action: 'remove-from-groups',
    prepare: (stage) => prepareGroup(stage, ALLOW),
    leave: (stage, thief) =>
      stage.as(thief).iam.send(new AddUserToGroupCommand({ GroupName: 'staff', UserName: 'dan' })),
    gives: danCalls,
  },
];

/** What stays where it is, and is made useless. */
export const MADE_USELESS: readonly Persistence[] = [
  {
    name: 'an access key of another user',
    action: 'deactivate-created-keys',
    prepare: settle,
    leave: (stage, thief) => stage.as(thief).iam.send(new CreateAccessKeyCommand({ UserName: 'dan' })),
  },
  {
    name: 'a user of its own',
    action: 'deny-created-identity',
    prepare: settle,
    leave: (stage, thief) => stage.as(thief).iam.send(new CreateUserCommand({ UserName: 'backdoor', Path: '/svc/' })),
  },
];

/** The administrator's part long ago, then the thief's. */
export async function leaveBehind(stage: Stage, thief: AwsCredentials, one: Persistence): Promise<void> {
  await one.prepare(stage);
  // Of two events in the same second nobody knows which came first.
  await stage.ministack.ageLog(10);
  await one.leave(stage, thief);
}

/** The lines of the plan of a suspect, by what the log says of the last minute. */
export async function proposed(stage: Stage, suspect: Principal, enabled: readonly string[], caseId: string) {
  const around = { from: new Date(Date.now() - 60_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() };
  const facts = await stage.provider.activity(suspect, around, { from: around.from, to: around.from });
  return stage.provider.propose(suspect, facts, caseId, enabled);
}
