/** All that one tenant holds. Mutable: the routes change it as the real services would. Times are ISO 8601 strings unless a name carries a unit. */
export interface World {
  readonly tenantId: string;
  readonly tenantName: string;
  readonly clock: () => Date;
  readonly behaviour: Behaviour;
  readonly users: Map<string, User>;
  readonly groups: Map<string, Group>;
  /** Ids of what was deleted and can still be restored. */
  readonly deletedItems: Set<string>;
  readonly applications: Map<string, Application>;
  readonly servicePrincipals: Map<string, ServicePrincipal>;
  readonly appRoleAssignments: Map<string, AppRoleAssignment>;
  readonly oauth2PermissionGrants: Map<string, OAuth2PermissionGrant>;
  readonly managementGroups: Map<string, ManagementGroup>;
  readonly subscriptions: Map<string, Subscription>;
  /** By resource id in lower case, as all of ARM: its ids are case-insensitive. Resource groups are resources too. */
  readonly resources: Map<string, Resource>;
  readonly diagnosticSettings: Map<string, DiagnosticSetting>;
  /** By GUID. */
  readonly roleDefinitions: Map<string, RoleDefinition>;
  readonly roleAssignments: Map<string, RoleAssignment>;
  /** Deleted ones, which go on binding until the propagation time has passed. */
  readonly deletedAssignments: RoleAssignment[];
  readonly eligibilities: Map<string, Eligibility>;
  /** Removed ones, which lists of instances go on showing for a while. */
  readonly removedEligibilities: { readonly one: Eligibility; readonly removedMs: number }[];
  readonly locks: Lock[];
  /** Requests to Privileged Identity Management, by id: a repeated PUT finds its answer here. */
  readonly scheduleRequests: Map<string, Record<string, unknown>>;
  readonly activities: LogEntry[];
  readonly signIns: LogEntry[];
  readonly audits: LogEntry[];
}

export interface Behaviour {
  /** How long an access token lives. */
  tokenLifetimeSeconds: number;
  /** How long a change of a role assignment takes to bind; lists show it at once. */
  propagationMs: number;
  /** How long lists of schedule instances go on showing what was removed. */
  scheduleLagMs: number;
  /** How late entries come into the activity log, the sign-in log and the directory audit log. */
  logDelayMs: number;
  /** Has Resource Manager refuse tokens of disabled principals as Graph does. Off: they work until they expire. */
  continuousAccessOnResourceManager: boolean;
  /**
   * Has the activity log show reads as well. The T1580 detection counts them, as its upstream does; the real log records hardly any.
   */
  logsReads: boolean;
  /** Rows of one page of a list. */
  pageSize: number;
}

export interface LogEntry {
  readonly atMs: number;
  readonly body: Record<string, unknown>;
}

export interface User {
  readonly id: string;
  userPrincipalName: string;
  displayName: string;
  accountEnabled: boolean;
  password: string;
  forceChangePasswordNextSignIn: boolean;
  /** Refresh tokens and Graph sessions from before this instant are refused. */
  sessionsValidFromMs: number;
  lastPasswordChangeMs: number;
  /** As `@odata.type` ends: `password`, `microsoftAuthenticator`. */
  readonly authenticationMethods: string[];
  /** Directory roles held: without one, an application needs one itself to change this user. */
  readonly directoryRoles: string[];
}

export interface Group {
  readonly id: string;
  readonly displayName: string;
  /** Object ids of users, service principals and groups. */
  readonly memberIds: string[];
}

export interface PasswordCredential {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string;
  readonly secret: string;
}

export interface KeyCredential {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly type: string;
  readonly usage: string;
  /** Base64 of the certificate's SHA-1 thumbprint. */
  readonly customKeyIdentifier: string;
  readonly startDateTime: string;
  readonly endDateTime: string;
  /** Base64 of the certificate in DER. */
  readonly key: string;
}

/** A flexible one has an expression in the place of the subject. */
export interface FederatedCredential {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly subject: string | null;
  readonly claimsMatchingExpression?: { readonly value: string; readonly languageVersion: number };
  readonly audiences: readonly string[];
  readonly description: string | null;
}

export interface Application {
  readonly id: string;
  readonly appId: string;
  displayName: string;
  passwordCredentials: PasswordCredential[];
  keyCredentials: KeyCredential[];
  federatedIdentityCredentials: FederatedCredential[];
  readonly ownerIds: string[];
}

export interface ServicePrincipal {
  readonly id: string;
  readonly appId: string;
  displayName: string;
  readonly servicePrincipalType: 'Application' | 'ManagedIdentity';
  accountEnabled: boolean;
  passwordCredentials: PasswordCredential[];
  keyCredentials: KeyCredential[];
  readonly ownerIds: string[];
  readonly directoryRoles: string[];
}

export interface AppRoleAssignment {
  readonly id: string;
  readonly principalId: string;
  /** The permission's name, as tokens carry it in `roles`. */
  readonly permission: string;
  readonly createdDateTime: string;
}

export interface OAuth2PermissionGrant {
  readonly id: string;
  readonly clientId: string;
  readonly consentType: 'AllPrincipals' | 'Principal';
  readonly principalId: string | null;
  readonly resourceId: string;
  readonly scope: string;
}

export interface ManagementGroup {
  readonly id: string;
  readonly displayName: string;
  readonly parentId: string | null;
}

export interface Subscription {
  readonly id: string;
  readonly displayName: string;
  readonly managementGroupId: string | null;
}

export interface Resource {
  readonly id: string;
  readonly name: string;
  /** `Microsoft.Compute/virtualMachines`, for a resource group `Microsoft.Resources/resourceGroups`. */
  readonly type: string;
  readonly location: string;
  tags: Record<string, string>;
  properties: Record<string, unknown>;
}

export interface DiagnosticSetting {
  readonly id: string;
  readonly name: string;
  readonly properties: Record<string, unknown>;
}

export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

export interface RoleDefinition {
  /** GUID. */
  readonly name: string;
  readonly roleName: string;
  readonly type: 'BuiltInRole' | 'CustomRole';
  readonly description: string;
  readonly assignableScopes: readonly string[];
  readonly permissions: readonly Permission[];
}

export interface RoleAssignment {
  /** As the API spells it: `{scope}/providers/Microsoft.Authorization/roleAssignments/{guid}`. */
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType: PrincipalType;
  /** GUID of the role definition. */
  readonly roleName: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly description: string | null;
  readonly createdBy: string;
  readonly createdOn: string;
  readonly bindsFromMs: number;
  deletedMs: number | null;
  /** Set by Privileged Identity Management for an assignment that ends by itself. */
  readonly endDateTime: string | null;
  /** `Activated` came from an eligibility, `Assigned` from an administrator. */
  readonly assignmentType: 'Assigned' | 'Activated';
  readonly linkedEligibility: string | null;
  /** Of a schedule that begins later: until then it binds nothing and is no instance. */
  readonly startDateTime: string | null;
}

/** On a scope and all below it. https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources */
export interface Lock {
  readonly scope: string;
  readonly level: 'CanNotDelete' | 'ReadOnly';
}

export type PrincipalType = 'User' | 'Group' | 'ServicePrincipal';

/** A role that its holder may activate. */
export interface Eligibility {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType: PrincipalType;
  readonly roleName: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string | null;
}

export function principalTypeOf(world: World, objectId: string): PrincipalType | undefined {
  if (world.users.has(objectId)) return 'User';
  if (world.groups.has(objectId)) return 'Group';
  return world.servicePrincipals.has(objectId) ? 'ServicePrincipal' : undefined;
}

/** Of every group that holds this principal, directly or through groups. */
export function groupsOf(world: World, objectId: string): Group[] {
  const found = new Set<Group>();
  const climb = (memberId: string): void => {
    for (const group of world.groups.values()) {
      if (found.has(group) || !group.memberIds.includes(memberId)) continue;
      found.add(group);
      climb(group.id);
    }
  };
  climb(objectId);
  return [...found];
}

export function isEnabled(world: World, objectId: string): boolean {
  return (world.users.get(objectId) ?? world.servicePrincipals.get(objectId))?.accountEnabled ?? false;
}
