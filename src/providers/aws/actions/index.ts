import type { AwsActionDefinition } from './definition.ts';
import { closeRoleTrust } from './close-role-trust/index.ts';
import { deactivateAccessKeys } from './deactivate-access-keys/index.ts';
import { deactivateCreatedKeys } from './deactivate-created-keys/index.ts';
import { deactivateServiceSpecificCredentials } from './deactivate-service-specific-credentials/index.ts';
import { deactivateSigningCertificates } from './deactivate-signing-certificates/index.ts';
import { deactivateSshPublicKeys } from './deactivate-ssh-public-keys/index.ts';
import { deleteAccessKeys } from './delete-access-keys/index.ts';
import { deleteCreatedIdentityProviders } from './delete-created-identity-providers/index.ts';
import { denyCreatedIdentity } from './deny-created-identity/index.ts';
import { denyPermissionSetUser } from './deny-permission-set-user/index.ts';
import { denyPrincipal } from './deny-principal/index.ts';
import { detachPolicies } from './detach-policies/index.ts';
import { quarantinePrincipal } from './quarantine-principal/index.ts';
import { removeAccountAssignments } from './remove-account-assignments/index.ts';
import { removeCreatedLoginProfile } from './remove-created-login-profile/index.ts';
import { removeFromGroups } from './remove-from-groups/index.ts';
import { removeFunctionPermissions } from './remove-function-permissions/index.ts';
import { removeInlinePolicies } from './remove-inline-policies/index.ts';
import { resetConsolePassword } from './reset-console-password/index.ts';
import { restorePolicyVersion } from './restore-policy-version/index.ts';
import { restoreRoleTrust } from './restore-role-trust/index.ts';
import { revokeRoleSessions } from './revoke-role-sessions/index.ts';
import { rotateAccessKey } from './rotate-access-key/index.ts';

/** In the order of safety: the deny first, because it also stops what the keys have minted; a new key last. */
export const AWS_ACTIONS = {
  'deny-principal': denyPrincipal,
  'deny-permission-set-user': denyPermissionSetUser,
  'quarantine-principal': quarantinePrincipal,
  'deactivate-access-keys': deactivateAccessKeys,
  'close-role-trust': closeRoleTrust,
  'remove-account-assignments': removeAccountAssignments,
  'revoke-role-sessions': revokeRoleSessions,
  'deactivate-created-keys': deactivateCreatedKeys,
  'remove-created-login-profile': removeCreatedLoginProfile,
  'delete-created-identity-providers': deleteCreatedIdentityProviders,
  'restore-role-trust': restoreRoleTrust,
  'remove-function-permissions': removeFunctionPermissions,
  'remove-inline-policies': removeInlinePolicies,
  'deny-created-identity': denyCreatedIdentity,
  'detach-policies': detachPolicies,
  'restore-policy-version': restorePolicyVersion,
  'remove-from-groups': removeFromGroups,
  'deactivate-ssh-public-keys': deactivateSshPublicKeys,
  'deactivate-signing-certificates': deactivateSigningCertificates,
  'deactivate-service-specific-credentials': deactivateServiceSpecificCredentials,
  'reset-console-password': resetConsolePassword,
  'rotate-access-key': rotateAccessKey,
  'delete-access-keys': deleteAccessKeys,
} as const satisfies Readonly<Record<string, AwsActionDefinition>>;

export type AwsActionId = keyof typeof AWS_ACTIONS;
