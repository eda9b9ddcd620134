import { z } from 'zod';

import type { TimeWindow } from '../../../domain/evidence.ts';
import type { AzurePrincipal } from '../../../domain/principal.ts';
import type { AzureClients } from '../clients.ts';
import type { FoundEvents, LogEvent } from './event.ts';
import { merge, quoted } from './event.ts';

const text = z.string().nullish();

/** https://learn.microsoft.com/graph/api/resources/signin; of other kinds than a person at a screen it is in /beta only. */
const signIn = z.object({
  id: z.string().min(1),
  createdDateTime: z.string().min(1),
  ipAddress: text,
  userAgent: text,
  resourceDisplayName: text,
  servicePrincipalCredentialKeyId: text,
  status: z.object({ errorCode: z.number() }),
});

/** https://learn.microsoft.com/graph/api/resources/directoryaudit */
const audit = z.object({
  id: z.string().min(1),
  activityDateTime: z.string().min(1),
  activityDisplayName: z.string().min(1),
  result: text,
  initiatedBy: z.object({ user: z.object({ ipAddress: text }).nullish(), app: z.unknown() }).nullish(),
  targetResources: z.array(z.object({ id: text })).nullish(),
});

const KINDS: Readonly<Record<AzurePrincipal['kind'], readonly string[]>> = {
  'entra-user': ['interactiveUser', 'nonInteractiveUser'],
  'service-principal': ['servicePrincipal'],
  'managed-identity': ['managedIdentity'],
};

/** Every kind of sign-in has to be asked for; a filter takes one. */
export async function findSignIns(
  { graph }: AzureClients,
  { kind, uniqueId }: AzurePrincipal,
  { from, to }: TimeWindow,
): Promise<FoundEvents> {
  const who = kind === 'entra-user' ? 'userId' : 'servicePrincipalId';
  const parts = KINDS[kind].map(async (type) => {
    const time = `createdDateTime ge ${from} and createdDateTime le ${to}`;
    const $filter = `${time} and ${who} eq '${uniqueId}' and signInEventTypes/any(t: t eq '${type}')`;
    const call = {
      method: 'GET',
      path: '/beta/auditLogs/signIns',
      query: { $filter },
      permission: 'AuditLog.Read.All',
    } as const;
    const { items, cut } = await graph.list(signIn, call);
    return { events: items.map(signInEvent), cut };
  });
  return merge(await Promise.all(parts));
}

function signInEvent(found: z.output<typeof signIn>): LogEvent {
  return {
    id: found.id,
    at: new Date(found.createdDateTime).toISOString(),
    api: 'entra:sign-in',
    address: found.ipAddress ?? '',
    userAgent: found.userAgent ?? '',
    resourceGroup: '',
    target: found.resourceDisplayName ?? '',
    keyId: found.servicePrincipalCredentialKeyId ?? '',
    outcome: found.status.errorCode === 0 ? 'succeeded' : 'denied',
    write: false,
  };
}

/** Changes in the directory that the principal made. */
export function findAuditsBy(
  clients: AzureClients,
  { kind, uniqueId }: AzurePrincipal,
  window: TimeWindow,
): Promise<FoundEvents> {
  const who = kind === 'entra-user' ? 'initiatedBy/user/id' : 'initiatedBy/app/servicePrincipalId';
  return audits(clients, window, `${who} eq ${quoted(uniqueId)}`);
}

/** Changes in the directory of these objects, by anyone. */
export async function findAuditsOf(
  clients: AzureClients,
  objectIds: readonly string[],
  window: TimeWindow,
): Promise<FoundEvents> {
  return merge(
    await Promise.all(objectIds.map((id) => audits(clients, window, `targetResources/any(t: t/id eq ${quoted(id)})`))),
  );
}

async function audits({ graph }: AzureClients, { from, to }: TimeWindow, also: string): Promise<FoundEvents> {
  const $filter = `activityDateTime ge ${from} and activityDateTime le ${to} and ${also}`;
  const call = {
    method: 'GET',
    path: '/v1.0/auditLogs/directoryAudits',
    query: { $filter },
    permission: 'AuditLog.Read.All',
  } as const;
  const { items, cut } = await graph.list(audit, call);
  return { events: items.map(auditEvent), cut };
}

function auditEvent(found: z.output<typeof audit>): LogEvent {
  return {
    id: found.id,
    at: new Date(found.activityDateTime).toISOString(),
    api: `entra:${found.activityDisplayName
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/gu, '-')
      .slice(0, 80)}`,
    address: found.initiatedBy?.user?.ipAddress ?? '',
    userAgent: '',
    resourceGroup: '',
    target: found.targetResources?.[0]?.id ?? '',
    keyId: '',
    // Anything but a plain failure counts as done.
    outcome: found.result?.toLowerCase() === 'failure' ? 'failed' : 'succeeded',
    write: true,
  };
}
