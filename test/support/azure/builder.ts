import { createHash, randomUUID } from 'node:crypto';

import type { FederatedOptions, PasswordOptions } from './credentials.ts';
import { federatedCredentialOf, keyCredentialOf, newPassword, newSecret } from './credentials.ts';
import { permission } from './roles.ts';
import { setUpAssignment, type AssignmentRequest } from './role-assignments.ts';
import type {
  Application,
  Eligibility,
  Group,
  Lock,
  OAuth2PermissionGrant,
  PasswordCredential,
  Resource,
  RoleAssignment,
  RoleDefinition,
  ServicePrincipal,
  User,
  World,
} from './state.ts';
import { principalTypeOf } from './state.ts';

export interface ApplicationOptions {
  /** Secrets of the application, each made up where `secret` is absent. */
  readonly passwords?: readonly PasswordOptions[];
  /** Secrets that only the service principal holds: removing those of the application leaves them. */
  readonly servicePrincipalPasswords?: readonly PasswordOptions[];
  /** PEM. */
  readonly certificates?: readonly string[];
  readonly servicePrincipalCertificates?: readonly string[];
  readonly federated?: readonly FederatedOptions[];
  /** Application permissions of Microsoft Graph that an administrator granted: `User.Read.All`. */
  readonly permissions?: readonly string[];
  /** Directory roles of the service principal, without which it can't touch privileged users. */
  readonly directoryRoles?: readonly string[];
  readonly ownerIds?: readonly string[];
}

export interface UserOptions {
  readonly userPrincipalName: string;
  readonly displayName?: string;
  readonly password?: string;
  /** Besides the password: `microsoftAuthenticator`, `phone`, `fido2`. */
  readonly secondFactors?: readonly string[];
  readonly directoryRoles?: readonly string[];
}

export interface AddedApplication {
  readonly appId: string;
  readonly application: Application;
  readonly servicePrincipal: ServicePrincipal;
  /** The first secret, `''` if it has none. */
  readonly secret: string;
}

/** What an administrator set up before the story starts; it binds at once and no log tells of it. */
export class Builder {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  addManagementGroup(id: string, parentId: string | null = null): string {
    this.#world.managementGroups.set(id.toLowerCase(), { id, displayName: id, parentId });
    return `/providers/Microsoft.Management/managementGroups/${id}`;
  }

  /** Answers its scope, `/subscriptions/{id}`. */
  addSubscription(
    options: { readonly id?: string; readonly displayName?: string; readonly managementGroup?: string } = {},
  ): string {
    const { id = randomUUID(), displayName = 'Pay-As-You-Go', managementGroup = null } = options;
    this.#world.subscriptions.set(id.toLowerCase(), { id, displayName, managementGroupId: managementGroup });
    return `/subscriptions/${id}`;
  }

  /** Answers its scope. */
  addResourceGroup(subscription: string, name: string, location = 'westeurope'): string {
    const id = `${subscription}/resourceGroups/${name}`;
    this.#put({ id, name, type: 'Microsoft.Resources/resourceGroups', location, tags: {}, properties: {} });
    return id;
  }

  /** `type` as `Microsoft.Compute/virtualMachines`. Answers its id. */
  addResource(resourceGroup: string, type: string, name: string, properties: Record<string, unknown> = {}): string {
    const id = `${resourceGroup}/providers/${type}/${name}`;
    this.#put({ id, name, type, location: 'westeurope', tags: {}, properties });
    return id;
  }

  addUser(options: UserOptions): User {
    const { userPrincipalName, displayName = userPrincipalName.split('@')[0] ?? '', password = newSecret() } = options;
    const user: User = {
      id: randomUUID(),
      userPrincipalName,
      displayName,
      accountEnabled: true,
      password,
      forceChangePasswordNextSignIn: false,
      sessionsValidFromMs: 0,
      lastPasswordChangeMs: 0,
      authenticationMethods: ['password', ...(options.secondFactors ?? [])],
      directoryRoles: [...(options.directoryRoles ?? [])],
    };
    this.#world.users.set(user.id, user);
    return user;
  }

  addGroup(displayName: string, members: readonly { readonly id: string }[] = []): Group {
    const group: Group = { id: randomUUID(), displayName, memberIds: members.map(({ id }) => id) };
    this.#world.groups.set(group.id, group);
    return group;
  }

  addApplication(displayName: string, options: ApplicationOptions = {}): AddedApplication {
    const appId = randomUUID();
    const application: Application = {
      id: randomUUID(),
      appId,
      displayName,
      passwordCredentials: (options.passwords ?? [{}]).map((password) => this.#password(password)),
      keyCredentials: (options.certificates ?? []).map(keyCredentialOf),
      federatedIdentityCredentials: (options.federated ?? []).map(federatedCredentialOf),
      ownerIds: [...(options.ownerIds ?? [])],
    };
    this.#world.applications.set(application.id, application);
    const servicePrincipal = this.#servicePrincipal(appId, displayName, 'Application', options);
    const secret = application.passwordCredentials[0] ?? servicePrincipal.passwordCredentials[0];
    return { appId, application, servicePrincipal, secret: secret?.secret ?? '' };
  }

  addManagedIdentity(displayName: string): ServicePrincipal {
    return this.#servicePrincipal(randomUUID(), displayName, 'ManagedIdentity', {});
  }

  addCustomRole(
    roleName: string,
    scopes: readonly string[],
    actions: readonly string[],
    notActions: readonly string[] = [],
  ): RoleDefinition {
    const role: RoleDefinition = {
      name: randomUUID(),
      roleName,
      type: 'CustomRole',
      description: roleName,
      assignableScopes: scopes,
      permissions: [permission(actions, notActions)],
    };
    this.#world.roleDefinitions.set(role.name, role);
    return role;
  }

  /** Throws if the tenant knows no such principal or role. */
  assignRole(principalId: string, roleName: string, scope: string, condition?: string): RoleAssignment {
    return this.#assign({ principalId, scope, roleName: this.#roleNamed(roleName), condition: condition ?? null });
  }

  /** By Privileged Identity Management, with an end; without one it is no other than `assignRole`. */
  addActiveSchedule(
    principalId: string,
    roleName: string,
    scope: string,
    endDateTime: string | null = null,
    startDateTime: string | null = null,
  ): RoleAssignment {
    return this.#assign({ principalId, scope, roleName: this.#roleNamed(roleName), endDateTime, startDateTime });
  }

  addEligibleSchedule(
    principalId: string,
    roleName: string,
    scope: string,
    endDateTime: string | null = null,
    startDateTime = this.#world.clock().toISOString(),
  ): Eligibility {
    const principalType = principalTypeOf(this.#world, principalId);
    if (!principalType) throw new Error(`The tenant has no principal ${principalId}.`);
    const eligibility: Eligibility = {
      name: randomUUID(),
      scope,
      principalId,
      principalType,
      roleName: this.#roleNamed(roleName),
      condition: null,
      conditionVersion: null,
      startDateTime,
      endDateTime,
    };
    this.#world.eligibilities.set(eligibility.name, eligibility);
    return eligibility;
  }

  addOAuth2PermissionGrant(clientId: string, principalId: string | null, scope: string): OAuth2PermissionGrant {
    const id = createHash('sha256').update(`${clientId} ${principalId} ${scope}`).digest('base64url');
    const consentType = principalId === null ? 'AllPrincipals' : 'Principal';
    const resourceId = stableGuid(`${this.#world.tenantId} Microsoft Graph`);
    const grant = { id, clientId, consentType, principalId, resourceId, scope } as const;
    this.#world.oauth2PermissionGrants.set(id, grant);
    return grant;
  }

  grantPermission(servicePrincipalId: string, name: string): void {
    const id = createHash('sha256').update(`${servicePrincipalId} ${name}`).digest('base64url');
    const createdDateTime = this.#world.clock().toISOString();
    this.#world.appRoleAssignments.set(id, { id, principalId: servicePrincipalId, permission: name, createdDateTime });
  }

  addLock(scope: string, level: Lock['level'] = 'CanNotDelete'): void {
    this.#world.locks.push({ scope, level });
  }

  /** An administrator took it off again. */
  removeLocks(): void {
    this.#world.locks.length = 0;
  }

  addDiagnosticSetting(subscription: string, name: string, properties: Record<string, unknown>): void {
    const id = `${subscription}/providers/Microsoft.Insights/diagnosticSettings/${name}`;
    this.#world.diagnosticSettings.set(id.toLowerCase(), { id, name, properties });
  }

  #put(resource: Resource): void {
    this.#world.resources.set(resource.id.toLowerCase(), resource);
  }

  #servicePrincipal(
    appId: string,
    displayName: string,
    servicePrincipalType: ServicePrincipal['servicePrincipalType'],
    options: ApplicationOptions,
  ): ServicePrincipal {
    const servicePrincipal: ServicePrincipal = {
      id: randomUUID(),
      appId,
      displayName,
      servicePrincipalType,
      accountEnabled: true,
      passwordCredentials: (options.servicePrincipalPasswords ?? []).map((password) => this.#password(password)),
      keyCredentials: (options.servicePrincipalCertificates ?? []).map(keyCredentialOf),
      ownerIds: [...(options.ownerIds ?? [])],
      directoryRoles: [...(options.directoryRoles ?? [])],
    };
    this.#world.servicePrincipals.set(servicePrincipal.id, servicePrincipal);
    for (const name of options.permissions ?? []) this.grantPermission(servicePrincipal.id, name);
    return servicePrincipal;
  }

  #password(options: PasswordOptions): PasswordCredential {
    return newPassword(this.#world.clock(), options);
  }

  #assign(request: Pick<AssignmentRequest, 'principalId' | 'scope' | 'roleName'> & Partial<AssignmentRequest>) {
    return setUpAssignment(this.#world, request);
  }

  #roleNamed(roleName: string): string {
    const role = [...this.#world.roleDefinitions.values()].find((one) => one.roleName === roleName);
    if (!role) throw new Error(`There is no role ${roleName}.`);
    return role.name;
  }
}

/** The same GUID for the same text. */
export function stableGuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
