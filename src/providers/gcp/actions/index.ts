import type { GcpActionDefinition } from './definition.ts';
import { disableCreatedKeys } from './disable-created-keys/index.ts';
import { disableServiceAccount } from './disable-service-account/index.ts';
import { disableServiceAccountKeys } from './disable-service-account-keys/index.ts';
import { removeGrantedBindings } from './remove-granted-bindings/index.ts';
import { removeIamBindings } from './remove-iam-bindings/index.ts';
import { restoreLogSinks } from './restore-log-sinks/index.ts';

/**
 * In the order of safety: what stops at once, then what takes minutes to bind, then what the identity made for others and did to the
 * log.
 */
export const GCP_ACTIONS = {
  'disable-service-account-keys': disableServiceAccountKeys,
  'disable-service-account': disableServiceAccount,
  'remove-iam-bindings': removeIamBindings,
  'disable-created-keys': disableCreatedKeys,
  'remove-granted-bindings': removeGrantedBindings,
  'restore-log-sinks': restoreLogSinks,
} as const satisfies Readonly<Record<string, GcpActionDefinition>>;

export type GcpActionId = keyof typeof GCP_ACTIONS;
