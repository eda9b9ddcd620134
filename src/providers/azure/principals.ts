import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import type { PrincipalClue } from '../../domain/alert.ts';
import type { AzurePrincipal, Resolution } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import type { AzureClients } from './clients.ts';
import type { Lead } from './clues.ts';
import { readClue } from './clues.ts';
import type { DirectoryUser, ServicePrincipal } from './directory.ts';
import { findServicePrincipal, findUser, kindOf } from './directory.ts';
import { ID } from './names.ts';
import type { AzureSettings } from './settings.ts';

/** A reason that an alert names no one identity; not a failure of ours or of Azure. */
class Unresolved extends Error {}

/**
 * Every clue must lead to the same object of our own directory, confirmed by Graph. One clue that leads nowhere leaves the whole
 * unresolved, and two that differ are ambiguous: a target is never picked.
 */
export async function resolvePrincipal(
  clients: AzureClients,
  { tenantId, subscriptions }: Pick<AzureSettings, 'tenantId' | 'subscriptions'>,
  clues: readonly PrincipalClue[],
  alertAccountId: string | undefined,
): Promise<Resolution> {
  const unresolved = (reason: string): Resolution => ({ status: 'unresolved', reason });
  const leads = clues.map(readClue);
  if (leads.length === 0) return unresolved('The alert names no identity.');
  const unusable = leads.find((lead) => lead.kind === 'unusable');
  if (unusable) return unresolved(`The identity can't be told: ${unusable.reason}.`);
  const ours = [tenantId, ...subscriptions].map((id) => id.toLowerCase());
  if (alertAccountId !== undefined && !ours.includes(alertAccountId.toLowerCase())) {
    return unresolved(
      `The alert is about ${alertAccountId}, which is neither the tenant that Cordon acts in nor one of its subscriptions.`,
    );
  }
  try {
    return agree(await Promise.all(leads.map((lead) => resolveLead(clients, tenantId, lead))));
  } catch (error) {
    if (error instanceof Unresolved) return unresolved(error.message);
    throw error;
  }
}

async function resolveLead(clients: AzureClients, tenantId: string, lead: Lead): Promise<readonly AzurePrincipal[]> {
  switch (lead.kind) {
    case 'user-principal-name': {
      const user = await findUser(clients, lead.name);
      return one(
        user?.userPrincipalName.toLowerCase() === lead.name.toLowerCase() ? [ofUser(tenantId, user)] : [],
        lead.name,
      );
    }
    case 'app-id':
      return one(await ofApp(clients, tenantId, lead.id), lead.id);
    case 'object-id':
      return one(await ofObject(clients, tenantId, lead.id), lead.id);
    case 'either-id': {
      const found = await Promise.all([ofObject(clients, tenantId, lead.id), ofApp(clients, tenantId, lead.id)]);
      return one(found.flat(), lead.id);
    }
    case 'resource': {
      if (lead.tenantId !== tenantId)
        throw new Unresolved(`A clue belongs to tenant ${lead.tenantId}; Cordon acts in ${tenantId} only.`);
      const found = await ofObject(clients, tenantId, lead.id);
      return one(
        found.filter(({ kind }) => (kind === 'entra-user') === lead.user),
        lead.id,
      );
    }
    default:
      throw new Unresolved(`The identity can't be told: ${lead.reason}.`);
  }
}

function one(found: readonly AzurePrincipal[], clue: string): readonly AzurePrincipal[] {
  if (found.length > 0) return found;
  throw new Unresolved(`The directory has no user or service principal ${clue}; it may have been deleted.`);
}

async function ofObject(clients: AzureClients, tenantId: string, objectId: string): Promise<readonly AzurePrincipal[]> {
  const [user, principal] = await Promise.all([
    findUser(clients, objectId),
    findServicePrincipal(clients, { objectId }),
  ]);
  return [
    ...(user?.id === objectId ? [ofUser(tenantId, user)] : []),
    ...(principal ? [ofServicePrincipal(tenantId, principal)] : []),
  ];
}

async function ofApp(clients: AzureClients, tenantId: string, appId: string): Promise<readonly AzurePrincipal[]> {
  const found = await findServicePrincipal(clients, { appId });
  return found ? [ofServicePrincipal(tenantId, found)] : [];
}

function agree(found: readonly (readonly AzurePrincipal[])[]): Resolution {
  const all = new Map(found.flat().map((principal) => [resourceOf(principal), principal]));
  const [first] = all.values();
  if (!first) return { status: 'unresolved', reason: 'No clue leads to an identity.' };
  if (all.size > 1) {
    return {
      status: 'ambiguous',
      reason: 'The clues of the alert lead to different identities.',
      candidates: [...all.keys()],
    };
  }
  return { status: 'resolved', principal: first };
}

function ofUser(accountId: string, { id, userPrincipalName }: DirectoryUser): AzurePrincipal {
  return { cloud: 'azure', kind: 'entra-user', accountId, name: readable(userPrincipalName), uniqueId: id };
}

function ofServicePrincipal(accountId: string, found: ServicePrincipal): AzurePrincipal {
  const name = readable(found.displayName || found.appId);
  return { cloud: 'azure', kind: kindOf(found), accountId, name, uniqueId: found.id, appId: found.appId };
}

/** A display name is anybody's text. */
const readable = (name: string) => name.replace(/\p{C}/gu, ' ').slice(0, 120);

const claims = z.object({
  oid: z.string().toLowerCase().regex(ID),
  tid: z.string().toLowerCase(),
  appid: z.string().toLowerCase().optional(),
  app_displayname: z.string().optional(),
  idtyp: z.string().optional(),
  upn: z.string().optional(),
  /** Resource id of the managed identity that the token was issued to. */
  xms_mirid: z.string().optional(),
  /** Application permissions. */
  roles: z.array(z.string()).optional(),
});

/** From Cordon's own token, not from the directory: it must know itself even where it may not read itself. */
export async function self(
  clients: AzureClients,
  { tenantId }: Pick<AzureSettings, 'tenantId'>,
): Promise<AzurePrincipal> {
  const { oid, tid, appid, app_displayname, idtyp, upn, xms_mirid } = await tokenClaims(clients);
  if (tid !== tenantId)
    throw new CordonFailure('ValidationFailed', `Cordon's credentials belong to tenant ${tid}, not to ${tenantId}.`);
  const common = { cloud: 'azure', accountId: tenantId, uniqueId: oid } as const;
  if (idtyp === 'user' || upn !== undefined) return { ...common, kind: 'entra-user', name: readable(upn ?? oid) };
  const kind = xms_mirid === undefined ? 'service-principal' : 'managed-identity';
  return { ...common, kind, name: readable(app_displayname ?? appid ?? oid), ...(appid ? { appId: appid } : {}) };
}

/** What Entra says of Cordon in its own token for Graph. */
export async function tokenClaims(clients: AzureClients): Promise<z.output<typeof claims>> {
  const token = await clients.ownToken();
  try {
    return claims.parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    throw new CordonFailure('Unavailable', "Entra described Cordon's own identity in a form that is not known.");
  }
}
