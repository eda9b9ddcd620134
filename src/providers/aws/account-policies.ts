import type { Permission } from '../port.ts';
import type { AwsAccount, AwsSettings } from './clients.ts';
import { isOfIdentityCenter } from './identity-center/permissions.ts';
import { evidencePermissions, identityCenterPermissions } from './permissions.ts';
import type { PolicyDocument } from './policy.ts';
import { permissionsOfAction, policyFor } from './policy.ts';

type Places = Pick<AwsSettings, 'accounts' | 'identityCenter'>;

/** What Cordon asks with its own credentials even where it works in no account by them: who it is, whose account a key is of. */
const OF_THE_HUB = ['sts:GetCallerIdentity', 'sts:GetAccessKeyInfo', 'iam:GetRole'];

/**
 * For the identity of Cordon's own credentials, in account `accountId`: the work in this account, if it is not listed with a role
 * as well; Identity Center, if it has no role of its own; and to assume those roles.
 */
export function hubPolicy(
  enabledActions: readonly string[],
  accountId: string,
  settings: Places,
  selfArn: string | undefined,
): PolicyDocument {
  const { accounts = [], identityCenter } = settings;
  const listed = accounts.some((account) => account.accountId === accountId);
  const callsCenter = identityCenter !== undefined && !identityCenter.role;
  // Whoever calls Identity Center is asked which of its calls are allowed.
  const anyway = new Set(callsCenter ? [...OF_THE_HUB, 'iam:SimulatePrincipalPolicy'] : OF_THE_HUB);
  const isOurs = (permission: Permission): boolean =>
    isOfIdentityCenter(permission) ? callsCenter : !listed || anyway.has(permission.name);
  const own = policyFor(everything(enabledActions, settings).filter(isOurs), accountId, selfArn);
  const roles = [...accounts, ...(identityCenter?.role ? [identityCenter.role] : [])];
  if (roles.length === 0) return own;
  const Resource = roles.map(({ roleArn }) => roleArn);
  const assume = { Sid: 'CordonWorksInAccounts', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource } as const;
  return { ...own, Statement: [...own.Statement, assume] };
}

/** For the role in a listed account. Identity Center is not called from there. */
export function memberPolicy(enabledActions: readonly string[], { accountId, roleArn }: AwsAccount): PolicyDocument {
  const permissions = everything(enabledActions, {}).filter((permission) => !isOfIdentityCenter(permission));
  return policyFor(permissions, accountId, roleArn);
}

/** For the role by which Identity Center is called, and nothing else is. */
export function identityCenterPolicy(
  enabledActions: readonly string[],
  { accountId, roleArn }: AwsAccount,
): PolicyDocument {
  const enabled = new Set(enabledActions.flatMap(permissionsOfAction).map(({ name }) => name));
  const evidence = new Set(identityCenterPermissions([]).map(({ name }) => name));
  const permissions = identityCenterPermissions().filter(({ name }) => enabled.has(name) || evidence.has(name));
  return policyFor(permissions, accountId, roleArn);
}

function everything(enabledActions: readonly string[], settings: Places): readonly Permission[] {
  return [...evidencePermissions(settings), ...enabledActions.flatMap(permissionsOfAction)];
}

export interface TrustPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: 'Allow';
    readonly Principal: { readonly AWS: string };
    readonly Action: 'sts:AssumeRole';
    readonly Condition: { readonly StringEquals: { readonly 'sts:ExternalId': string } };
  }[];
}

/** Of the role in a listed account: the identity of Cordon's own credentials, with the external id, and nobody else. */
export function memberTrustPolicy({ externalId }: AwsAccount, hubArn: string): TrustPolicy {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'CordonAssumesThisRole',
        Effect: 'Allow',
        Principal: { AWS: hubArn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
      },
    ],
  };
}
