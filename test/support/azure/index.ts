import { randomUUID } from 'node:crypto';

import { age } from './activity-log.ts';
import { Builder } from './builder.ts';
import { serverCertificate } from './certificate.ts';
import { Faults } from './faults.ts';
import { BUILT_IN_ROLES } from './roles.ts';
import { listen, type RecordedRequest } from './server.ts';
import { snapshotOf } from './snapshot.ts';
import type { Behaviour, World } from './state.ts';
import { Issuer, type TokenRequest } from './tokens.ts';

export { appRoleId } from './graph-routes.ts';
export type { AddedApplication, ApplicationOptions, UserOptions } from './builder.ts';
export type { Fault, FaultedCall, FaultKind } from './faults.ts';
export type { RecordedRequest } from './server.ts';
export type { Behaviour } from './state.ts';

export interface AzureOptions extends Partial<Behaviour> {
  /** A free one if absent. */
  readonly port?: number;
  readonly tenantId?: string;
  /** Its first domain. */
  readonly tenantName?: string;
}

/**
 * One tenant of Azure and Microsoft Entra, in this process, over TLS: the token endpoint, Microsoft Graph v1.0 and Resource
 * Manager behind one URL, which serves as authority host, as Graph's and as Resource Manager's endpoint alike.
 *
 *     const azure = await startAzure({ propagationMs: 200 });
 *     const subscription = azure.build.addSubscription();
 *     const app = azure.build.addApplication('pipeline', { permissions: ['User.Read.All'] });
 *     azure.build.assignRole(app.servicePrincipal.id, 'Contributor', subscription);
 *     new ClientSecretCredential(azure.tenantId, app.appId, app.secret, { authorityHost: azure.url,
 *       disableInstanceDiscovery: true, tlsOptions: { ca: azure.ca } });
 *
 * A child process trusts it by NODE_EXTRA_CA_CERTS. The header `x-forwarded-for` says from where a call comes. Modelled in full
 * is what containment touches; anything else answers 404 and says so. Not evaluated: role conditions, deny assignments,
 * Conditional Access.
 */
export interface AzureDouble {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** PEM of the authority to trust. */
  readonly ca: string;
  readonly tenantId: string;
  /** Every call in the order in which it came in. */
  readonly requests: readonly RecordedRequest[];
  readonly build: Builder;
  /** May be changed while it runs. */
  readonly behaviour: Behaviour;
  readonly faults: Faults;
  clock(): Date;
  /** Moves the clock on: tokens expire, delays pass. */
  advance(ms: number): void;
  /** An access token without a sign-in: a managed identity's, or one that was stolen. */
  issueToken(request: TokenRequest): Promise<string>;
  /** All that containment could change, sorted, secrets as hashes. */
  snapshot(): Record<string, unknown>;
  /** Moves all that the three logs hold into the past. */
  ageLogs(seconds: number): void;
  stop(): Promise<void>;
}

export async function startAzure(options: AzureOptions = {}): Promise<AzureDouble> {
  let aheadMs = 0;
  const world = emptyWorld(options, () => new Date(Date.now() + aheadMs));
  const [certificate, issuer] = await Promise.all([serverCertificate(), Issuer.create(world)]);
  const faults = new Faults();
  const requests: RecordedRequest[] = [];
  const { server, url } = await listen({ world, issuer, faults, requests, certificate }, options.port ?? 0);
  return {
    url,
    ca: certificate.ca,
    tenantId: world.tenantId,
    requests,
    build: new Builder(world),
    behaviour: world.behaviour,
    faults,
    clock: () => world.clock(),
    advance: (ms) => {
      aheadMs += ms;
    },
    issueToken: (request) => issuer.issue(request),
    snapshot: () => snapshotOf(world),
    ageLogs: (seconds) => {
      for (const log of [world.activities, world.signIns, world.audits]) age(log, seconds * 1000);
    },
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function emptyWorld(options: AzureOptions, clock: () => Date): World {
  return {
    tenantId: options.tenantId ?? randomUUID(),
    tenantName: options.tenantName ?? 'contoso.onmicrosoft.com',
    clock,
    behaviour: {
      tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3600,
      propagationMs: options.propagationMs ?? 0,
      scheduleLagMs: options.scheduleLagMs ?? 0,
      logDelayMs: options.logDelayMs ?? 0,
      continuousAccessOnResourceManager: options.continuousAccessOnResourceManager ?? false,
      logsReads: options.logsReads ?? false,
      pageSize: options.pageSize ?? 100,
    },
    users: new Map(),
    groups: new Map(),
    deletedItems: new Set(),
    applications: new Map(),
    servicePrincipals: new Map(),
    appRoleAssignments: new Map(),
    oauth2PermissionGrants: new Map(),
    managementGroups: new Map(),
    subscriptions: new Map(),
    resources: new Map(),
    diagnosticSettings: new Map(),
    roleDefinitions: new Map(BUILT_IN_ROLES.map((role) => [role.name, role])),
    roleAssignments: new Map(),
    deletedAssignments: [],
    eligibilities: new Map(),
    removedEligibilities: [],
    locks: [],
    scheduleRequests: new Map(),
    activities: [],
    signIns: [],
    audits: [],
  };
}
