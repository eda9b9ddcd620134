import { paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';

import { CordonFailure } from '../../contracts/failures.ts';
import type { Permission } from '../port.ts';
import type { AwsActionDefinition } from './actions/definition.ts';
import { AWS_ACTIONS } from './actions/index.ts';
import type { AwsClients, AwsSettings } from './clients.ts';
import { isOfIdentityCenter, PERSON_PERMISSIONS } from './identity-center/permissions.ts';
import { self } from './principals.ts';

type Caller = Pick<AwsClients, 'iam' | 'sts'>;

const USERS = 'arn:aws:iam::<account>:user/*';
const ROLES = 'arn:aws:iam::<account>:role/*';
const GROUPS = 'arn:aws:iam::<account>:group/*';
const POLICIES = 'arn:aws:iam::<account>:policy/*';

/** Reads of resolve, self, activity, credentials, marked, and of this file. */
export const EVIDENCE_PERMISSIONS: readonly Permission[] = [
  { name: 'sts:GetCallerIdentity', resource: '*', purpose: 'who Cordon itself is' },
  { name: 'sts:GetAccessKeyInfo', resource: '*', purpose: 'which account an access key belongs to' },
  { name: 'iam:GetAccessKeyLastUsed', resource: '*', purpose: 'whose an access key is, and its last use' },
  { name: 'iam:GetUser', resource: USERS, purpose: 'confirming a user' },
  { name: 'iam:GetRole', resource: ROLES, purpose: 'confirming a role' },
  { name: 'iam:GetGroup', resource: GROUPS, purpose: 'confirming a group that the suspect changed' },
  { name: 'iam:ListPolicyVersions', resource: POLICIES, purpose: 'which version was the default before the suspect' },
  { name: 'iam:ListUsers', resource: '*', purpose: 'finding the user of a principal id' },
  { name: 'iam:ListRoles', resource: '*', purpose: 'finding the role of a principal id' },
  { name: 'iam:ListAccessKeys', resource: USERS, purpose: 'the keys of a user' },
  { name: 'iam:GetLoginProfile', resource: USERS, purpose: 'has the user a console password' },
  { name: 'iam:ListMFADevices', resource: USERS, purpose: 'has the user a second factor' },
  { name: 'iam:ListAttachedUserPolicies', resource: USERS, purpose: 'did AWS itself quarantine the user' },
  { name: 'iam:ListAttachedRolePolicies', resource: ROLES, purpose: 'did AWS itself quarantine the role' },
  { name: 'cloudtrail:LookupEvents', resource: '*', purpose: 'what the identity did' },
  {
    name: 'iam:GetAccountAuthorizationDetails',
    resource: '*',
    purpose: 'sweep: which policies carry the mark of Cordon',
  },
  {
    name: 'secretsmanager:ListSecrets',
    resource: '*',
    purpose: 'sweep: which secrets carry it; their values stay unread',
  },
  { name: 'iam:SimulatePrincipalPolicy', resource: '*', purpose: 'which permissions Cordon lacks' },
];

export function resourceIn(permission: Permission, accountId: string): string {
  return permission.resource.replaceAll('<account>', accountId);
}

/** What the settings make necessary besides. */
export function evidencePermissions({ identityCenter }: Pick<AwsSettings, 'identityCenter'>): readonly Permission[] {
  return identityCenter ? [...EVIDENCE_PERMISSIONS, ...PERSON_PERMISSIONS] : EVIDENCE_PERMISSIONS;
}

/** Whatever these actions do in Identity Center, to find a person there, and to be asked which of it is allowed. */
export function identityCenterPermissions(
  actions: readonly AwsActionDefinition[] = Object.values(AWS_ACTIONS),
): readonly Permission[] {
  const asked = new Set(['iam:GetRole', 'iam:SimulatePrincipalPolicy']);
  return [
    ...PERSON_PERMISSIONS,
    ...actions.flatMap(({ facts }) => facts.permissions.filter(isOfIdentityCenter)),
    ...EVIDENCE_PERMISSIONS.filter(({ name }) => asked.has(name)),
  ];
}

/** Asks IAM's simulator about Cordon's own identity. It does not see policies of the organisation. */
export async function findMissingPermissions(
  clients: AwsClients,
  region: string,
  permissions: readonly Permission[],
  accountId: string,
): Promise<readonly Permission[]> {
  const { identityCenter } = clients;
  if (!identityCenter) return missingOf(clients, region, permissions, accountId);
  const isElsewhere = (permission: Permission) => !isOfIdentityCenter(permission);
  const missing = await Promise.all([
    missingOf(clients, region, permissions.filter(isElsewhere), accountId),
    missingOf(identityCenter.caller, region, permissions.filter(isOfIdentityCenter), accountId),
  ]);
  return missing.flat();
}

async function missingOf(
  clients: Caller,
  region: string,
  permissions: readonly Permission[],
  accountId: string,
): Promise<readonly Permission[]> {
  if (permissions.length === 0) return [];
  const source = await simulatedIdentity(clients);
  const byResource = Map.groupBy(permissions, (permission) => resourceIn(permission, accountId));
  const missing = await Promise.all(
    [...byResource].map(async ([resource, wanted]) => {
      const granted = await grantedOn(clients, source, sample(resource, region), wanted);
      return wanted.filter((permission) => !granted.has(permission.name.toLowerCase()));
    }),
  );
  return missing.flat();
}

async function grantedOn(clients: Caller, source: string, resource: string, wanted: readonly Permission[]) {
  const granted = new Set<string>();
  const input = {
    PolicySourceArn: source,
    ActionNames: [...new Set(wanted.map(({ name }) => name))],
    ...(resource === '*' ? {} : { ResourceArns: [resource] }),
  };
  for await (const page of paginateSimulatePrincipalPolicy({ client: clients.iam }, input)) {
    for (const { EvalActionName, EvalDecision } of page.EvaluationResults ?? []) {
      if (EvalDecision === 'allowed') granted.add((EvalActionName ?? '').toLowerCase());
    }
  }
  return granted;
}

/** The simulator takes one resource, not a pattern: an invented one of the kind. */
function sample(resource: string, region: string): string {
  if (resource === '*') return resource;
  return resource.replace(/:(secretsmanager|lambda):\*:/u, `:$1:${region}:`).replaceAll('*', 'cordon-doctor');
}

async function simulatedIdentity(clients: Caller): Promise<string> {
  const own = await self(clients);
  if (own.kind === 'iam-user' || own.kind === 'role-session') return own.arn;
  const message = `Cordon runs as ${own.kind}, whose permissions IAM can't simulate. Give it a user or a role of its own.`;
  throw new CordonFailure('ValidationFailed', message);
}
