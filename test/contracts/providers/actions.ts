import type { Cloud } from '../../../src/domain/cloud.ts';
import type { ActionUnderContract } from './action.contract.ts';

const exact = { reversible: true, alreadySoAfterwards: true, repeatable: true };
const final = { reversible: false, alreadySoAfterwards: false, repeatable: true };

/** They have a stage of their own. */
export const OF_IDENTITY_CENTER = ['deny-permission-set-user', 'remove-account-assignments'];

/** Every action of every cloud. Run on emulator and doubles by `npm test`, and on real accounts by `npm run test:live`. */
export const UNDER_CONTRACT: Readonly<Record<Cloud, readonly ActionUnderContract[]>> = {
  aws: [
    { id: 'deny-principal', ...exact },
    { id: 'quarantine-principal', ...exact, idle: ['iam:TagPolicy'] },
    { id: 'deactivate-access-keys', ...exact },
    { id: 'deactivate-ssh-public-keys', ...exact },
    { id: 'deactivate-signing-certificates', ...exact },
    { id: 'deactivate-service-specific-credentials', ...exact },
    // A revocation of before says nothing of sessions that were minted since.
    { id: 'revoke-role-sessions', ...exact, alreadySoAfterwards: false },
    { id: 'rotate-access-key', ...exact, repeatable: false, idle: ['secretsmanager:TagResource'] },
    { id: 'close-role-trust', ...exact },
    // Every run sets another password, which nobody knows: there is nothing that could be so already.
    { id: 'reset-console-password', ...final },
    { id: 'delete-access-keys', ...final, alreadySoAfterwards: true },
    { id: 'deactivate-created-keys', ...exact },
    // Nobody misses a password that only the suspect knew: there is no rollback.
    { id: 'remove-created-login-profile', ...final, alreadySoAfterwards: true },
    {
      id: 'delete-created-identity-providers',
      ...exact,
      idle: [
        ...['CreateSAMLProvider', 'DeleteSAMLProvider', 'GetSAMLProvider', 'TagSAMLProvider'].map(
          (name) => `iam:${name}`,
        ),
        'iam:TagOpenIDConnectProvider',
      ],
    },
    { id: 'restore-role-trust', ...exact },
    { id: 'remove-function-permissions', ...exact },
    {
      id: 'remove-inline-policies',
      ...exact,
      idle: ['User', 'Role'].flatMap((of) => [
        `iam:Get${of}`,
        `iam:Get${of}Policy`,
        `iam:Put${of}Policy`,
        `iam:Delete${of}Policy`,
      ]),
    },
    {
      id: 'deny-created-identity',
      ...exact,
      idle: ['iam:GetRole', 'iam:GetRolePolicy', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
    },
    {
      id: 'detach-policies',
      ...exact,
      idle: ['User', 'Role'].flatMap((of) => [
        `iam:Get${of}`,
        `iam:ListAttached${of}Policies`,
        `iam:Attach${of}Policy`,
        `iam:Detach${of}Policy`,
      ]),
    },
    { id: 'restore-policy-version', ...exact },
    { id: 'remove-from-groups', ...exact },
    {
      id: 'deny-permission-set-user',
      ...exact,
      idle: [
        'iam:GetRolePolicy',
        'iam:ListRolePolicies',
        'identitystore:GetUserId',
        'sso:ListPermissionSetsProvisionedToAccount',
      ],
    },
    { id: 'remove-account-assignments', ...exact, idle: ['identitystore:GetUserId'] },
  ],
  azure: [
    { id: 'disable-service-principal', ...exact },
    { id: 'disable-user', ...exact },
    // A session that begins later is revoked anew; every run sets another password.
    { id: 'revoke-sign-in-sessions', ...final },
    { id: 'reset-user-password', ...final },
    { id: 'tighten-role-assignments', ...exact },
    { id: 'remove-role-assignments', ...exact },
    { id: 'remove-eligible-roles', ...exact },
    { id: 'remove-granted-assignment', ...exact },
    { id: 'remove-application-credentials', ...final, alreadySoAfterwards: true },
    { id: 'restore-diagnostic-settings', ...exact },
  ],
  gcp: [
    { id: 'disable-service-account-keys', ...exact, deletable: true },
    { id: 'disable-service-account', ...exact, deletable: true },
    { id: 'remove-iam-bindings', ...exact, deletable: true, etag: true },
    { id: 'disable-created-keys', ...exact, deletable: true },
    // The policy is a project's.
    {
      id: 'remove-granted-bindings',
      ...exact,
      etag: true,
      idle: ['iam.serviceAccounts.getIamPolicy', 'iam.serviceAccounts.setIamPolicy'],
    },
    // The sink was deleted; one that was changed is updated.
    { id: 'restore-log-sinks', ...exact, idle: ['logging.sinks.update'] },
  ],
};
