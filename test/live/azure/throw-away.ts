import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';

import type { AzurePrincipal } from '../../../src/domain/principal.ts';
import { findRole, listAssignments, putAssignment } from '../../../src/providers/azure/assignments.ts';
import type { AzureClients } from '../../../src/providers/azure/clients.ts';
import { orNull } from '../../../src/providers/azure/directory.ts';
import type { AzureSettings } from '../../../src/providers/azure/settings.ts';
import type { LeftOver } from '../account.ts';
import type { Ownership } from '../ownership.ts';
import { eventually, type Pace } from '../settle.ts';

const created = z.object({ id: z.string(), appId: z.string().optional() });
const named = z.object({ id: z.string(), displayName: z.string().nullish(), appId: z.string().optional() });
const resourceGroup = z.object({ name: z.string() });
const organization = z.object({ verifiedDomains: z.array(z.object({ name: z.string(), isInitial: z.boolean() })) });
const API = { 'api-version': '2021-04-01' };

/** `id`: of an assignment. */
type Found = LeftOver & { readonly id?: string };

export interface Suspects {
  readonly application: AzurePrincipal;
  readonly neighbour: AzurePrincipal;
  readonly user: AzurePrincipal;
}

/** One tenant and subscription of the user's, as the suite builds in them. */
export class Tenant {
  readonly clients: AzureClients;
  readonly #id: string;
  readonly #subscription: string;
  readonly #pace: Pace;

  constructor(clients: AzureClients, { tenantId, subscriptions }: AzureSettings, pace: Pace) {
    this.clients = clients;
    this.#id = tenantId;
    this.#subscription = subscriptions[0] ?? '';
    this.#pace = pace;
  }

  /** Empty, and costs nothing: whatever role somebody has on it is a role on nothing. Answers its scope. */
  async makeGroup(name: string): Promise<string> {
    const path = `/subscriptions/${this.#subscription}/resourceGroups/${name}`;
    await this.clients.arm.call({ method: 'PUT', path, query: API, body: { location: 'westeurope' } });
    return path;
  }

  /** Two applications and a user, whose secrets are dropped here, with roles on an empty resource group. */
  async makeSuspects(name: string, scope: string): Promise<Suspects> {
    const application = await this.#makeApplication(`${name}suspect`);
    const neighbour = await this.#makeApplication(`${name}neighbour`);
    await this.#addSecret('applications', application.applicationId);
    await this.#addSecret('servicePrincipals', application.principal.uniqueId);
    const user = await this.#makeUser(`${name}user`);
    for (const { uniqueId } of [application.principal, neighbour.principal])
      await this.#assign(scope, 'Contributor', uniqueId, 'ServicePrincipal');
    await this.#assign(scope, 'User Access Administrator', application.principal.uniqueId, 'ServicePrincipal');
    return { application: application.principal, neighbour: neighbour.principal, user };
  }

  /** Cordon without a single right. */
  async makeStranger(name: string): Promise<NonNullable<AzureSettings['credentials']>> {
    const { principal, applicationId } = await this.#makeApplication(name);
    return { clientId: principal.appId ?? '', clientSecret: await this.#addSecret('applications', applicationId) };
  }

  async #makeApplication(displayName: string) {
    const { graph } = this.clients;
    const made = async (path: string, body: { readonly [key: string]: string }) =>
      created.parse(await eventually(() => graph.call({ method: 'POST', path: `/v1.0/${path}`, body }), this.#pace));
    const { id: applicationId, appId = '' } = await made('applications', { displayName });
    const { id } = await made('servicePrincipals', { appId });
    await this.#isThere(`/v1.0/servicePrincipals/${id}`);
    const principal: AzurePrincipal = {
      cloud: 'azure',
      kind: 'service-principal',
      accountId: this.#id,
      name: displayName,
      uniqueId: id,
      appId,
    };
    return { principal, applicationId };
  }

  async #addSecret(of: 'applications' | 'servicePrincipals', id: string): Promise<string> {
    const body = { passwordCredential: { displayName: 'cordon-live' } };
    const call = { method: 'POST', path: `/v1.0/${of}/${id}/addPassword`, body } as const;
    const answer = await eventually(() => this.clients.graph.call(call), this.#pace);
    return z.object({ secretText: z.string() }).parse(answer).secretText;
  }

  async #makeUser(displayName: string): Promise<AzurePrincipal> {
    const { graph } = this.clients;
    const { items } = await graph.list(organization, { method: 'GET', path: '/v1.0/organization' });
    const domain = items.flatMap((one) => one.verifiedDomains).find(({ isInitial }) => isInitial)?.name;
    const body = {
      displayName,
      mailNickname: displayName,
      userPrincipalName: `${displayName}@${domain}`,
      accountEnabled: true,
      passwordProfile: {
        password: `${randomBytes(24).toString('base64url')}aA1!`,
        forceChangePasswordNextSignIn: true,
      },
    };
    const { id } = created.parse(await graph.call({ method: 'POST', path: '/v1.0/users', body }));
    await this.#isThere(`/v1.0/users/${id}`);
    return { cloud: 'azure', kind: 'entra-user', accountId: this.#id, name: body.userPrincipalName, uniqueId: id };
  }

  async #isThere(path: string): Promise<void> {
    await eventually(() => this.clients.graph.call({ method: 'GET', path }), this.#pace);
  }

  async #assign(scope: string, roleName: string, principalId: string, principalType: string): Promise<void> {
    const roleDefinitionId = await findRole(this.clients, scope, roleName);
    if (roleDefinitionId === null) throw new Error(`The subscription has no role ${roleName}.`);
    const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`;
    const none = {
      condition: null,
      conditionVersion: null,
      description: null,
      delegatedManagedIdentityResourceId: null,
    };
    const assigned = { id, scope, roleDefinitionId, roleName, principalId, principalType, ...none };
    await eventually(() => putAssignment(this.clients, assigned), this.#pace);
  }

  /** Assignments before whom they are for, and the group last. An application takes its service principal with it. */
  async leftOvers(ownership: Ownership): Promise<readonly LeftOver[]> {
    const { arm } = this.clients;
    const found = await this.#identities(ownership);
    const path = `/subscriptions/${this.#subscription}/resourceGroups`;
    const { items } = await arm.list(resourceGroup, { method: 'GET', path, query: API });
    const own = items.map(({ name }) => name).filter((name) => ownership.owns(name));
    const held = new Set(found.map(({ id }) => id));
    for (const name of own) {
      const within = await this.#assignmentsIn(`${path}/${name}`, name, ownership);
      found.push(...within.filter(({ id }) => !held.has(id)));
    }
    for (const name of own)
      found.push({
        kind: 'resource group',
        name,
        last: true,
        remove: async () => void (await arm.call({ method: 'DELETE', path: `${path}/${name}`, query: API })),
      });
    return found;
  }

  async #identities(ownership: Ownership): Promise<Found[]> {
    const { graph } = this.clients;
    const found: Found[] = [];
    for (const kind of ['servicePrincipals', 'applications', 'users'] as const) {
      const query = { $filter: "startswith(displayName,'cordon-live-')", $select: 'id,displayName,appId' };
      const { items } = await graph.list(named, { method: 'GET', path: `/v1.0/${kind}`, query }, 200);
      for (const { id, displayName, appId } of items) {
        if (!displayName || !ownership.owns(displayName)) continue;
        for (const one of [id, ...(appId ? [appId] : [])]) ownership.claim(one, displayName);
        if (kind !== 'applications') found.push(...(await this.#assignmentsOf(id, displayName, ownership)));
        if (kind !== 'servicePrincipals')
          found.push({ kind: kind.slice(0, -1), name: displayName, remove: () => this.#remove(kind, id) });
      }
    }
    return found;
  }

  /** Assignments outlive whom they are for, and can then be found by their place alone. */
  async #assignmentsIn(scope: string, group: string, ownership: Ownership): Promise<readonly Found[]> {
    const found: Found[] = [];
    const { roleAssignments } = this.clients.authorization;
    for await (const one of roleAssignments.listForScope(scope.slice(1), { filter: 'atScope()' }))
      if (one.id && one.scope?.toLowerCase() === scope.toLowerCase())
        found.push(this.#assignment(one.id, `role of ${one.principalId} in`, group, ownership));
    return found;
  }

  #assignment(id: string, kind: string, name: string, ownership: Ownership): Found {
    ownership.claim(id, name);
    const call = { method: 'DELETE', path: id, query: { 'api-version': '2022-04-01' } } as const;
    return { id: id.toLowerCase(), kind, name, remove: async () => void (await orNull(this.clients.arm.call(call))) };
  }

  async #assignmentsOf(principalId: string, name: string, ownership: Ownership): Promise<readonly Found[]> {
    const { direct } = await listAssignments(this.clients, [this.#subscription], principalId);
    return direct.map(({ id, roleName }) => this.#assignment(id, `role ${roleName} of`, name, ownership));
  }

  /** For good: in the recycle bin it would count against the directory's quota for a month. */
  async #remove(kind: 'applications' | 'users', id: string): Promise<void> {
    const { graph } = this.clients;
    await orNull(graph.call({ method: 'DELETE', path: `/v1.0/${kind}/${id}` }));
    const path = `/v1.0/directory/deletedItems/${id}`;
    await eventually(() => graph.call({ method: 'DELETE', path }), this.#pace);
  }
}
