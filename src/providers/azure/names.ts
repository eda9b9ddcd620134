import { createHash } from 'node:crypto';

import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { AzurePrincipal, AzurePrincipalKind } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';

export const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;
export const CASE_ID = /^[A-Za-z0-9_-]{1,64}$/u;
/** A user principal name, guests' with `#EXT#` among them; nothing else gets near a path. */
export const USER_PRINCIPAL_NAME = /^[\w.'!#^~&+=-]{1,128}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,118}[A-Za-z0-9])$/u;
/** Of one diagnostic setting of one resource under a subscription. */
export const DIAGNOSTIC_SETTING =
  /^(\/subscriptions\/([0-9a-f-]{36})(?:\/[\w.()-]{1,128})*)\/providers\/microsoft\.insights\/diagnosticsettings\/([\w.() -]{1,260})$/iu;
/** Of one role assignment at or below a subscription. */
export const ROLE_ASSIGNMENT =
  /^\/subscriptions\/([0-9a-f-]{36})(?:\/[\w.()-]{1,128})*\/providers\/microsoft\.authorization\/roleassignments\/[0-9a-f-]{36}$/iu;

/**
 * A GUID made from what it stands for, the same at every try: Azure takes names of our choosing, so a repeated request finds what the
 * first one made.
 */
export function guidOf(...parts: readonly string[]): string {
  const hex = createHash('sha256')
    .update(parts.map((part) => part.toLowerCase()).join('\n'))
    .digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** The directory object that an action changes: the principal of the case itself, in our own tenant. */
export function targetPrincipal(
  request: ActionRequest,
  tenantId: string,
  kinds: readonly AzurePrincipalKind[],
): AzurePrincipal {
  const { principal, target } = request;
  if (principal.cloud !== 'azure' || !kinds.includes(principal.kind)) {
    throw new CordonFailure(
      'TargetRefused',
      `${request.action} is for kinds ${kinds.join(', ')}, not for ${principal.kind}.`,
    );
  }
  const ours = principal.accountId === tenantId && request.accountId === tenantId;
  if (!ours || !ID.test(principal.uniqueId) || target !== resourceOf(principal)) {
    throw new CordonFailure(
      'TargetRefused',
      `The target is not one directory object of tenant ${tenantId}, the one the case is about.`,
    );
  }
  return principal;
}
