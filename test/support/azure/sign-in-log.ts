import { randomUUID } from 'node:crypto';

import type { Call } from './http.ts';
import type { World } from './state.ts';

/** As `signInEventTypes` spells them. */
export type SignInKind = 'interactiveUser' | 'nonInteractiveUser' | 'servicePrincipal' | 'managedIdentity';

export interface SignIn {
  readonly objectId: string;
  readonly appId: string;
  readonly kind: SignInKind;
  readonly audience: string;
  /** Of a service principal's secret, where one was found. */
  readonly credentialKeyId?: string;
  readonly refusal?: { readonly code: number; readonly message: string };
}

/** https://learn.microsoft.com/graph/api/resources/signin */
export function recordSignIn(
  world: World,
  call: Call,
  { objectId, appId, kind, audience, credentialKeyId, refusal }: SignIn,
): void {
  const user = world.users.get(objectId);
  const servicePrincipal = world.servicePrincipals.get(objectId);
  const at = world.clock();
  const body = {
    id: randomUUID(),
    createdDateTime: at.toISOString(),
    userDisplayName: user?.displayName ?? '',
    userPrincipalName: user?.userPrincipalName ?? '',
    userId: user?.id ?? '00000000-0000-0000-0000-000000000000',
    appId,
    appDisplayName: servicePrincipal?.displayName ?? 'Microsoft Azure CLI',
    ipAddress: call.sourceIpAddress,
    clientAppUsed: 'Mobile Apps and Desktop clients',
    correlationId: randomUUID(),
    conditionalAccessStatus: 'notApplied',
    isInteractive: kind === 'interactiveUser',
    signInEventTypes: [kind],
    servicePrincipalId: servicePrincipal?.id ?? '',
    servicePrincipalCredentialKeyId: credentialKeyId ?? null,
    userAgent: call.headers['user-agent'] ?? '',
    servicePrincipalName: servicePrincipal?.displayName ?? null,
    riskDetail: 'none',
    riskLevelAggregated: 'none',
    riskLevelDuringSignIn: 'none',
    riskState: 'none',
    resourceDisplayName: audience.includes('graph') ? 'Microsoft Graph' : 'Azure Resource Manager',
    resourceId: audience,
    status: { errorCode: refusal?.code ?? 0, failureReason: refusal?.message ?? 'Other.', additionalDetails: null },
    deviceDetail: {
      deviceId: '',
      displayName: null,
      operatingSystem: '',
      browser: '',
      isCompliant: null,
      isManaged: null,
    },
    location: { city: null, state: null, countryOrRegion: null, geoCoordinates: {} },
    appliedConditionalAccessPolicies: [],
  };
  world.signIns.push({ atMs: at.getTime(), body });
}
