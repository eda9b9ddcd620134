import type { AwsActionDefinition } from './definition.ts';
import { deactivateAccessKeys } from './deactivate-access-keys/index.ts';
import { denyPrincipal } from './deny-principal/index.ts';
import { revokeRoleSessions } from './revoke-role-sessions/index.ts';
import { rotateAccessKey } from './rotate-access-key/index.ts';

/** In the order of safety: the deny first, because it also stops what the keys have minted; a new key last. */
export const AWS_ACTIONS = {
  'deny-principal': denyPrincipal,
  'deactivate-access-keys': deactivateAccessKeys,
  'revoke-role-sessions': revokeRoleSessions,
  'rotate-access-key': rotateAccessKey,
} as const satisfies Readonly<Record<string, AwsActionDefinition>>;

export type AwsActionId = keyof typeof AWS_ACTIONS;
