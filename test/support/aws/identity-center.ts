import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import type { MiniStack } from '../processes/ministack.ts';
import { authorizationOf, checkNames, OPERATIONS } from './identity-center-api.ts';
import type { Json, PermissionSet, Roles, User } from './identity-center-state.ts';
import { ApiError, Organisation } from './identity-center-state.ts';

/** What becomes of every write: refused by the service, cut off before its effect, or the answer lost after it. */
export type Fault = 'throttled' | 'unavailable' | 'denied' | 'conflict' | 'gone' | 'cut' | 'lost';

export interface RecordedCall {
  /** As IAM spells it: `sso:ProvisionPermissionSet`. */
  readonly action: string;
  readonly input: Json;
}

/** AWS IAM Identity Center of an organisation whose one account with real roles is MiniStack's. */
export interface IdentityCenter {
  readonly url: string;
  readonly organisation: Organisation;
  /** Every call that was made, refused ones too, in order of arrival. */
  readonly calls: RecordedCall[];
  /** ARN of each caller that IAM knew. */
  readonly callers: Set<string>;
  fault: Fault | null;
  /** Tells MiniStack whose sessions are whose; to be called after people were added. */
  announcePeople(): Promise<void>;
  /** A session as the access portal gives it out to a user who holds the permission set in MiniStack's account. */
  signIn(user: User, set: PermissionSet): Promise<Session>;
  stop(): Promise<void>;
}

export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

const CODES: Readonly<Record<Exclude<Fault, 'cut' | 'lost'>, readonly [string, number]>> = {
  throttled: ['ThrottlingException', 400],
  unavailable: ['InternalServerException', 500],
  denied: ['AccessDeniedException', 400],
  conflict: ['ConflictException', 400],
  gone: ['ResourceNotFoundException', 400],
};

/**
 * Speaks AWS JSON 1.1 to `@aws-sdk/client-sso-admin` and `@aws-sdk/client-identitystore`. IAM in MiniStack decides who may call
 * (the signature itself is not checked). Provisioning writes the role in MiniStack, so that its IAM refuses the sessions.
 */
export async function startIdentityCenter(ministack: MiniStack): Promise<IdentityCenter> {
  const settings = { endpoint: ministack.url, region: ministack.region, credentials: ministack.root, maxAttempts: 1 };
  const sts = new STSClient(settings);
  const organisation = new Organisation(rolesIn(ministack, new IAMClient(settings)));
  const server = createServer((incoming, outgoing) => {
    answer(center, ministack, incoming).then(
      (reply) => send(outgoing, reply),
      (error: unknown) => send(outgoing, failed(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const center: IdentityCenter = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    organisation,
    calls: [],
    callers: new Set(),
    fault: null,
    async announcePeople() {
      const people = Object.fromEntries([...organisation.users.values()].map(({ id, name }) => [name, id]));
      await ask(ministack, 'people', { people });
    },
    async signIn(user, set) {
      const principals = [user.id, ...organisation.groupsOf(user.id)];
      const holds = organisation.assignments.some(
        (one) => one.PermissionSetArn === set.arn && principals.includes(one.PrincipalId),
      );
      if (!holds || user.disabled) throw new Error(`The portal offers ${set.name} to ${user.name} no more.`);
      const RoleArn = `arn:aws:iam::${ministack.accountId}:role${PATH}${organisation.roleName(set, ministack.accountId)}`;
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: user.name }));
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
      return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    },
    stop: () => close(server),
  };
  return center;
}

const PATH = '/aws-reserved/sso.amazonaws.com/';
const INLINE = 'AwsSSOInlinePolicy';
/** In the place of the policies managed by AWS that a permission set attaches: MiniStack does not know those. */
const MANAGED = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
});

function rolesIn(ministack: MiniStack, iam: IAMClient): Roles {
  const isHere = (accountId: string) => accountId === ministack.accountId;
  const known = new Set<string>();
  return {
    async put(accountId, RoleName, inlinePolicy) {
      if (!isHere(accountId)) return;
      if (!known.has(RoleName)) {
        await iam.send(new CreateRoleCommand({ RoleName, Path: PATH, AssumeRolePolicyDocument: TRUST }));
        await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'Managed', PolicyDocument: MANAGED }));
        known.add(RoleName);
      }
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      if (inlinePolicy !== null) {
        await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: INLINE, PolicyDocument: inlinePolicy }));
      } else if (PolicyNames.includes(INLINE)) {
        await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: INLINE }));
      }
    },
    async remove(accountId, RoleName) {
      if (!isHere(accountId)) return;
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
      await iam.send(new DeleteRoleCommand({ RoleName }));
      known.delete(RoleName);
    },
  };
}

interface Reply {
  readonly status: number;
  readonly body: Json;
}

/** Null: the connection is cut. */
async function answer(center: IdentityCenter, ministack: MiniStack, incoming: IncomingMessage): Promise<Reply | null> {
  const target = String(incoming.headers['x-amz-target']);
  const input = JSON.parse((await text(incoming)) || '{}') as Json;
  const operation = Object.hasOwn(OPERATIONS, target) ? OPERATIONS[target] : undefined;
  if (!operation) throw new ApiError('UnknownOperationException', `${target} is not modelled.`);
  const { action, resources } = authorizationOf(target, input);
  center.calls.push({ action, input });
  center.callers.add(await authorize(ministack, incoming.headers.authorization ?? '', action, resources));
  checkNames(center.organisation, target, input);
  const { fault } = center;
  const broken = fault !== null && !/:(?:Get|List|Describe)/u.test(action);
  if (broken && fault === 'cut') return null;
  if (broken && fault !== 'lost' && fault !== 'cut') {
    const [code, status] = CODES[fault];
    throw new ApiError(code, 'Broken by the test.', status);
  }
  const body = await operation(center.organisation, input);
  return broken ? null : { status: 200, body };
}

async function authorize(
  ministack: MiniStack,
  authorization: string,
  action: string,
  resources: readonly string[],
): Promise<string> {
  const accessKeyId = /Credential=([A-Z0-9]+)\//iu.exec(authorization)?.[1] ?? '';
  const decision = await ask(ministack, 'decision', { accessKeyId, action, resources });
  const { arn, denied, explicit } = decision as { arn: string | null; denied: string | null; explicit: boolean };
  if (arn === null) {
    throw new ApiError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  if (denied === null) return arn;
  const why = explicit
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;
  const message = `User: ${arn} is not authorized to perform: ${action} on resource: ${denied} ${why}`;
  throw new ApiError('AccessDeniedException', message);
}

async function ask(ministack: MiniStack, what: string, body: Json): Promise<Json> {
  const response = await fetch(`${ministack.url}/_cordon/identity-center/${what}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`MiniStack refused ${what}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Json;
}

function failed(error: unknown): Reply {
  if (error instanceof ApiError) {
    return { status: error.status, body: { __type: error.code, Message: error.message } };
  }
  // A fault of the double itself, said plainly so that no test takes it for AWS's doing.
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 500, body: { __type: 'DoubleFailed', Message: message } };
}

function send(outgoing: ServerResponse, reply: Reply | null): void {
  if (reply === null) return void outgoing.socket?.destroy();
  outgoing.writeHead(reply.status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(reply.body));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
