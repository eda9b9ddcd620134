import type { AzureActionDefinition } from './definition.ts';
import { disableServicePrincipal } from './disable-service-principal/index.ts';
import { disableUser } from './disable-user/index.ts';
import { removeApplicationCredentials } from './remove-application-credentials/index.ts';
import { removeEligibleRoles } from './remove-eligible-roles/index.ts';
import { removeGrantedAssignment } from './remove-granted-assignment/index.ts';
import { removeRoleAssignments } from './remove-role-assignments/index.ts';
import { resetUserPassword } from './reset-user-password/index.ts';
import { restoreDiagnosticSettings } from './restore-diagnostic-settings/index.ts';
import { revokeSignInSessions } from './revoke-sign-in-sessions/index.ts';
import { tightenRoleAssignments } from './tighten-role-assignments/index.ts';

/**
 * In the order of safety: no new token first, then nothing that the tokens which are out could do. Roles given for a time come after
 * the lasting ones, which are told from them by schedules that must still be there.
 */
export const AZURE_ACTIONS = {
  'disable-service-principal': disableServicePrincipal,
  'disable-user': disableUser,
  'revoke-sign-in-sessions': revokeSignInSessions,
  'reset-user-password': resetUserPassword,
  'remove-application-credentials': removeApplicationCredentials,
  'tighten-role-assignments': tightenRoleAssignments,
  'remove-role-assignments': removeRoleAssignments,
  'remove-eligible-roles': removeEligibleRoles,
  'remove-granted-assignment': removeGrantedAssignment,
  'restore-diagnostic-settings': restoreDiagnosticSettings,
} as const satisfies Readonly<Record<string, AzureActionDefinition>>;

export type AzureActionId = keyof typeof AZURE_ACTIONS;
