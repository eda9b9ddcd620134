import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  AttachUserPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';

import { idempotencyKey, sealPlan } from '../../src/approval/digest.ts';
import { loadSigningKey, loadVerifyingKey } from '../../src/approval/keys.ts';
import type { DecisionSigner } from '../../src/approval/port.ts';
import { decisionSigner } from '../../src/approval/signer.ts';
import { approvalVerifier } from '../../src/approval/verifier.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import type { ActivityFacts } from '../../src/domain/evidence.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { Plan, PlannedAction } from '../../src/domain/plan.ts';
import type { AwsPrincipal } from '../../src/domain/principal.ts';
import { createCipher } from '../../src/encryption/cipher.ts';
import type { AwsCredentials } from '../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';
import { deletionOfKeys } from '../../src/providers/aws/actions/delete-access-keys/request.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import type { Stage } from '../providers/aws/stage.ts';
import { credentialsOf, tries } from '../providers/aws/stage.ts';
import type { ProxiedCall } from '../support/fault-proxy.ts';

/** What containment needs besides a cloud: a real store, real keys, one approver. */
export interface Office {
  readonly store: Store;
  readonly verifier: ContainmentDependencies['verifier'];
  readonly signer: DecisionSigner;
  close(): Promise<void>;
}

export async function openOffice(): Promise<Office> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-faults-'));
  const files = { signingKeyFile: join(directory, 'approval.key'), publicKeyFile: join(directory, 'approval.pub') };
  const signer = decisionSigner(await loadSigningKey(files));
  const keys = [await loadVerifyingKey(files.publicKeyFile)];
  const store = await openStore({ path: join(directory, 'cordon.db'), cipher: createCipher([randomBytes(32)]) });
  return {
    store,
    signer,
    verifier: approvalVerifier({ keys, approvers: [{ id: 'erin', identities: [] }] }),
    async close() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** How long a call may go without an answer, in milliseconds: the sweep has many that never get one. */
const CALL_TIMEOUT_MS = 1_000;

/** Cordon as it would run, but with its calls of AWS going through `endpoint`. */
export function containmentThrough(
  endpoint: string,
  { settings }: Stage,
  { store, verifier }: Office,
  changes: Readonly<Record<string, unknown>> = {},
): ContainmentDependencies {
  const budget = { containmentsPerHour: 100_000, perAccount: 100_000, perKind: { 'iam-user': 100_000 } };
  const config = configSchema.parse({ mode: 'approve', budget, ...changes });
  const aws = createAwsProvider({ ...settings, endpoint, callTimeoutMs: CALL_TIMEOUT_MS });
  return { config, store, verifier, providers: { aws }, now: () => new Date() };
}

/** A user of their own in the account, like every other one made here. */
export interface Person {
  readonly principal: AwsPrincipal;
  /** Of the user, from before: the attacker's. */
  readonly keys: readonly AwsCredentials[];
  readonly roleName: string;
  /** Of the role, minted by the user; absent where there is no role. */
  readonly session?: AwsCredentials;
}

let made = 0;

export async function newPerson(stage: Stage, keyCount: 1 | 2, withRole: boolean): Promise<Person> {
  made += 1;
  const name = `suspect${made}`;
  const roleName = `role-of-${name}`;
  const user = await stage.createUser(name);
  await stage.endow(name);
  const keys = keyCount === 1 ? [user.key] : [user.key, await stage.newKey(name)];
  const { accountId } = stage.ministack;
  const principal = { cloud: 'aws', kind: 'iam-user', accountId, name, arn: user.arn, uniqueId: user.id } as const;
  if (!withRole) return { principal, keys, roleName };
  const { arn } = await stage.createRole(roleName);
  return { principal, keys, roleName, session: await stage.assume(user.key, arn, `loot-of-${name}`) };
}

export function isAbout({ principal, roleName, keys }: Person, { text }: ProxiedCall): boolean {
  const names = [principal.name, roleName, ...keys.map(({ accessKeyId }) => accessKeyId)];
  return names.some((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'u').test(text));
}

/** A person with an approved plan of one action about them. */
export interface Suspect extends Person {
  readonly plan: Plan;
  readonly planned: PlannedAction;
  readonly decisions: readonly SignedDecision[];
  readonly caseId: string;
  /** As it was read when the plan was made. */
  readonly prior: JsonObject;
}

export async function newSuspect(action: string, stage: Stage, office: Office): Promise<Suspect> {
  // One that is to get another key has room for it.
  const withRole = action === 'revoke-role-sessions' || action === 'close-role-trust';
  const person = await newPerson(stage, action === 'rotate-access-key' ? 1 : 2, withRole);
  const { principal, roleName, session } = person;
  const caseId = `ca_${randomBytes(16).toString('hex')}`;
  const roleArn = `arn:aws:iam::${principal.accountId}:role/${roleName}`;
  const assumedRoles = session ? [{ roleArn, sessionName: 'loot', at: '' }] : [];
  const activity = { assumedRoles, around: {} } as unknown as ActivityFacts;
  const request = await requestOf(action, stage, person, caseId, activity);
  const definition = stage.provider.actions[action];
  if (!request || !definition) throw new Error(`Nothing is proposed for ${action}.`);
  const { calls, mayBreak, prior } = await definition.preflight(request);
  const { title, reversibility, effect } = definition;
  const key = idempotencyKey(caseId, request);
  const planned = {
    sequence: 0,
    request,
    title,
    calls,
    mayBreak,
    reversibility,
    effect,
    alreadySo: false,
    idempotencyKey: key,
  };
  const requirement = { approvals: 1, reason: 'one user' };
  const kind = 'containment';
  const plan = sealPlan({ kind, caseId, principal, actions: [planned], requirement, obstacles: [], caveats: [] });
  await office.store.plans.put(plan);
  const decisions = [await approval(plan, office.signer)];
  return { ...person, plan, planned, decisions, caseId, prior };
}

async function requestOf(action: string, stage: Stage, person: Person, caseId: string, activity: ActivityFacts) {
  const { principal, keys } = person;
  const left = await leftOn(action, stage, person, caseId);
  if (left) return { action, cloud: 'aws', accountId: principal.accountId, principal, ...left } as const;
  if (action !== 'delete-access-keys') return stage.provider.propose(principal, activity, caseId, [action]).requests[0];
  for (const { accessKeyId: AccessKeyId } of keys) {
    const status = { UserName: principal.name, AccessKeyId, Status: 'Inactive' as const };
    await stage.admin.iam.send(new UpdateAccessKeyCommand(status));
  }
  const { cloud, accountId, arn: target } = principal;
  const ids = keys.map(({ accessKeyId }) => accessKeyId);
  const long = '2026-01-01T00:00:00.000Z';
  return deletionOfKeys({ cloud, accountId, principal, target }, ids, { deactivatedAt: long, notBefore: long });
}

/** As if the person had left it on themselves, so that the state of one user tells all; null for actions on the suspect. */
async function leftOn(action: string, stage: Stage, { principal, keys, roleName }: Person, caseId: string) {
  const { arn: target, name: UserName, uniqueId = '' } = principal;
  const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
  switch (action) {
    case 'deactivate-created-keys':
      return { target, parameters: { accessKeyIds: keys.map(({ accessKeyId }) => accessKeyId) } };
    case 'remove-inline-policies':
      return { target, parameters: { policyNames: ['work'], uniqueId } };
    case 'deny-created-identity':
      return { target, parameters: { caseId, policyName: `CordonDeny-${caseId}`, uniqueId } };
    case 'detach-policies':
      await stage.admin.iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
      return { target, parameters: { policyArns: [PolicyArn], uniqueId } };
    case 'close-role-trust': {
      const roleArn = `arn:aws:iam::${principal.accountId}:role/${roleName}`;
      return { target: roleArn, parameters: { caseId, callers: [{ kind: 'principal', id: target }] } };
    }
    default:
      return null;
  }
}

export function approval(plan: Plan, signer: DecisionSigner, actor = 'erin'): Promise<SignedDecision> {
  const { caseId, digest: planDigest } = plan;
  const decidedAt = new Date().toISOString();
  const nonce = randomBytes(16).toString('hex');
  return signer.sign({ caseId, planDigest, decision: 'approve', actor, channel: 'cli', decidedAt, nonce });
}

/** Ids of those that AWS still accepts. */
export async function accepted(stage: Stage, credentials: readonly AwsCredentials[]): Promise<readonly string[]> {
  const answers = await Promise.all(credentials.map((one) => tries(stage, one)));
  return credentials.filter((_, index) => answers[index] === 'accepted').map(({ accessKeyId }) => accessKeyId);
}

/** Everything that an action may change, read by root, without what differs from person to person: equal for equal ends. */
export async function stateOf(stage: Stage, person: Person, caseId: string): Promise<JsonObject> {
  const { iam } = stage.admin;
  const { principal, keys, roleName, session } = person;
  const UserName = principal.name;
  const policies: Record<string, string> = {};
  for (const PolicyName of (await iam.send(new ListUserPoliciesCommand({ UserName }))).PolicyNames ?? []) {
    const { PolicyDocument = '' } = await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }));
    policies[PolicyName.replace(caseId, 'CASE')] = PolicyDocument;
  }
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  const nameOf = (id = '') => {
    const index = keys.findIndex(({ accessKeyId }) => accessKeyId === id);
    return index === -1 ? 'new' : `key ${index + 1}`;
  };
  const statuses = AccessKeyMetadata.map((key) => `${nameOf(key.AccessKeyId)} ${key.Status}`).toSorted();
  const role: Record<string, string> = {};
  if (session) {
    const RoleName = roleName;
    const trust = (await iam.send(new GetRoleCommand({ RoleName }))).Role?.AssumeRolePolicyDocument ?? '';
    role['trust'] = decodeURIComponent(trust).replace(caseId.replaceAll('_', ''), 'CASE').replaceAll(UserName, 'USER');
    for (const PolicyName of (await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames ?? []) {
      const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      const plain = decodeURIComponent(PolicyDocument).replace(caseId.replaceAll('_', ''), 'CASE');
      role[PolicyName] = plain.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/u, 'TIME');
    }
  }
  const others = await othersOf(stage, UserName, caseId);
  return { policies, statuses, role, ...others, secret: (await storedKey(stage, caseId)) ? 'stored' : 'none' };
}

async function othersOf({ admin: { iam } }: Stage, userName: string, caseId: string) {
  const { profile, AttachedPolicies = [], listed } = await credentialsOf(iam, userName);
  const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
  return {
    attached: AttachedPolicies.map(({ PolicyName = '' }) => PolicyName.replace(caseId, 'CASE')),
    own: Policies.filter(({ PolicyName }) => PolicyName?.includes(caseId)).length,
    others: JSON.stringify(listed).match(/"Status":"\w+"/gu),
    password: typeof profile === 'string' || !profile ? 'none' : `reset ${profile.PasswordResetRequired ?? false}`,
  };
}

/** The id of the key in the secret of the case, or null. */
export async function storedKey(stage: Stage, caseId: string): Promise<string | null> {
  const secretName = `cordon/access-keys/${caseId}`;
  try {
    const { Tags = [], DeletedDate } = await stage.admin.secrets.send(
      new DescribeSecretCommand({ SecretId: secretName }),
    );
    return DeletedDate ? null : (Tags.find(({ Key }) => Key === 'cordon:access-key-id')?.Value ?? 'untagged');
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return null;
    throw error;
  }
}

/** Keys of the user that were not there before. */
export async function newKeys(stage: Stage, { principal, keys }: Person): Promise<readonly string[]> {
  const { iam } = stage.admin;
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName: principal.name }));
  const ids = AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId ?? '');
  return ids.filter((id) => !keys.some(({ accessKeyId }) => accessKeyId === id));
}
