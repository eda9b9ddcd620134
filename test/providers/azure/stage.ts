import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import type { ActionRequest, PlannedCall } from '../../../src/domain/plan.ts';
import type { AzurePrincipal } from '../../../src/domain/principal.ts';
import { AZURE_ACTIONS } from '../../../src/providers/azure/actions/index.ts';
import type { AzureSettings } from '../../../src/providers/azure/index.ts';
import { createAzureProvider, leastPrivilegeRole } from '../../../src/providers/azure/index.ts';
import type { Action, Provider } from '../../../src/providers/port.ts';
import { Clients, heldToken } from '../../support/azure/clients.ts';
import type { AddedApplication, AzureDouble } from '../../support/azure/index.ts';
import { startAzure } from '../../support/azure/index.ts';

export const CASE = 'ca_0123456789abcdef0123456789abcdef';
export const ALL = Object.keys(AZURE_ACTIONS);
export const VM = 'Microsoft.Compute/virtualMachines';

/** A small tenant, and Cordon in it as an application with exactly the role and the permissions that Cordon generates. */
export interface Stage {
  readonly azure: AzureDouble;
  readonly clients: Clients;
  readonly provider: Provider;
  readonly settings: AzureSettings;
  readonly cordon: AddedApplication;
  /** `/subscriptions/…` */
  readonly subscription: string;
  readonly group: string;
  /** Contributor on the subscription, with a secret that is out; beside it a neighbour that must go on working. */
  readonly app: AddedApplication;
  readonly neighbour: AddedApplication;
  readonly pipeline: AzurePrincipal;
  readonly alice: AzurePrincipal;
  readonly identity: AzurePrincipal;
  /** Where the log of the subscription is sent; alice deletes it where a test says so. */
  readonly setting: string;
  /** The workspace that the log is sent to, to which Cordon may link where it restores settings. */
  readonly workspace: string;
}

export async function buildStage(enabled: readonly string[] = ALL): Promise<Stage> {
  const azure = await startAzure();
  const { build, tenantId: accountId } = azure;
  build.addManagementGroup('contoso');
  const subscription = build.addSubscription({ managementGroup: 'contoso' });
  const group = build.addResourceGroup(subscription, 'prod');
  build.addResource(group, VM, 'web-1');
  build.addDiagnosticSetting(subscription, 'to-siem', {});
  const workspace = build.addResource(group, 'Microsoft.OperationalInsights/workspaces', 'siem');
  const cordon = addCordon(azure, subscription, enabled);
  if (enabled.includes('restore-diagnostic-settings')) letLink(azure, cordon, workspace);
  const { app, neighbour, user, managed } = addIdentities(azure, subscription, group);
  const settings = settingsOf(azure, subscription, cordon);
  const common = { cloud: 'azure', accountId } as const;
  const { id: uniqueId } = app.servicePrincipal;
  return {
    azure,
    clients: new Clients(azure),
    provider: createAzureProvider(settings),
    settings,
    cordon,
    subscription,
    group,
    app,
    neighbour,
    pipeline: { ...common, kind: 'service-principal', name: 'pipeline', uniqueId, appId: app.appId },
    alice: { ...common, kind: 'entra-user', name: user.userPrincipalName, uniqueId: user.id },
    identity: { ...common, kind: 'managed-identity', name: 'web-1', uniqueId: managed.id, appId: managed.appId },
    setting: `${subscription}/providers/Microsoft.Insights/diagnosticSettings/to-siem`,
    workspace,
  };
}

function addCordon({ build }: AzureDouble, subscription: string, enabled: readonly string[]): AddedApplication {
  const least = leastPrivilegeRole(enabled, { subscriptions: [idOf(subscription)] });
  const role = build.addCustomRole(least.roleDefinition.Name, [subscription], least.roleDefinition.Actions);
  const cordon = build.addApplication('cordon', { permissions: least.graphApplicationPermissions });
  build.assignRole(cordon.servicePrincipal.id, role.roleName, subscription);
  return cordon;
}

/** As the notes of the generated policy tell the operator to. */
export function letLink({ build }: AzureDouble, cordon: AddedApplication, workspace: string): void {
  const { roleName } = build.addCustomRole(
    'Links logs',
    [workspace],
    ['Microsoft.OperationalInsights/workspaces/sharedKeys/action'],
  );
  build.assignRole(cordon.servicePrincipal.id, roleName, workspace);
}

function addIdentities({ build, ca }: AzureDouble, subscription: string, group: string) {
  const app = build.addApplication('pipeline', {
    passwords: [{}, { displayName: 'second' }],
    servicePrincipalPasswords: [{ displayName: 'hidden' }],
    certificates: [ca],
    servicePrincipalCertificates: [ca],
    federated: [{ issuer: 'https://token.actions.example', subject: 'repo:contoso/web' }],
  });
  const neighbour = build.addApplication('neighbour');
  for (const { servicePrincipal } of [app, neighbour])
    build.assignRole(servicePrincipal.id, 'Contributor', subscription);
  const condition = '@Request[x] StringEquals';
  build.assignRole(app.servicePrincipal.id, 'Role Based Access Control Administrator', group, condition);
  const user = build.addUser({ userPrincipalName: 'alice@contoso.onmicrosoft.com', password: 'Summer-2026!' });
  build.assignRole(user.id, 'Owner', subscription);
  build.addEligibleSchedule(user.id, 'User Access Administrator', subscription);
  const managed = build.addManagedIdentity('web-1');
  build.assignRole(managed.id, 'Contributor', group);
  return { app, neighbour, user, managed };
}

function settingsOf(azure: AzureDouble, subscription: string, cordon: AddedApplication): AzureSettings {
  return {
    tenantId: azure.tenantId,
    subscriptions: [idOf(subscription)],
    endpoints: { authority: azure.url, resourceManager: azure.url, graph: azure.url },
    logDelaySeconds: 60,
    propagationSeconds: 0,
    tightenTo: { Owner: 'Reader', Contributor: 'Reader' },
    credentials: { clientId: cordon.appId, clientSecret: cordon.secret },
    certificateAuthority: azure.ca,
    now: () => azure.clock(),
  };
}

const idOf = (subscription: string) => subscription.split('/')[2] ?? '';

const grantedBy = ({ group }: Pick<Stage, 'group'>) =>
  `${group}/providers/Microsoft.Authorization/roleAssignments/dddddddd-0000-4000-8000-000000000001`;

/** The pipeline, in whoever's hands, gives its neighbour the right to give rights. */
export async function grantToNeighbour(stage: Stage): Promise<string> {
  const { azure, app, neighbour, subscription } = stage;
  azure.build.assignRole(app.servicePrincipal.id, 'User Access Administrator', subscription);
  return grant(stage, neighbour.servicePrincipal.id);
}

/** The pipeline gives it under the same id to whomever, in the place of whoever had it. */
export async function grant(stage: Stage, principalId: string): Promise<string> {
  const { clients, app, subscription } = stage;
  const id = grantedBy(stage);
  const path = `${id}?api-version=2022-04-01`;
  const properties = {
    roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${USER_ACCESS_ADMINISTRATOR}`,
    principalId,
  };
  await clients.call(clients.credential(app), 'DELETE', path);
  const { status, body } = await clients.call(clients.credential(app), 'PUT', path, { properties });
  if (status !== 201) throw new Error(`The grant failed: ${JSON.stringify(body)}`);
  return id;
}

/** What the log of the subscription was sent by, written by someone who may, and then deleted by alice, in whoever's hands. */
export async function deleteSetting({ azure, clients, neighbour, alice, setting, workspace }: Stage): Promise<void> {
  const path = `${setting}?api-version=2021-05-01-preview`;
  const properties = { workspaceId: workspace, logs: [{ category: 'Administrative', enabled: true }] };
  const written = await clients.call(clients.credential(neighbour), 'PUT', path, { properties });
  azure.advance(1000);
  const stolen = heldToken(await azure.issueToken({ objectId: alice.uniqueId }));
  const deleted = await clients.call(stolen, 'DELETE', path);
  if (written.status !== 200 || deleted.status !== 200) throw new Error('The setting is not as it should be.');
}

const USER_ACCESS_ADMINISTRATOR = '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9';

/** The request that a proposal makes for the action, about the principal that it fits. */
export function chosen(
  stage: Stage,
  id: string,
  principal = suspectOf(stage, id),
): { action: Action; request: ActionRequest } {
  const change = {
    eventName: 'microsoft.insights/diagnosticsettings/delete',
    target: stage.setting,
    at: '',
    denied: false,
  };
  const gave = { ...change, eventName: 'microsoft.authorization/roleassignments/write', target: grantedBy(stage) };
  const facts = { changesByPrincipal: [change, gave], around: {} } as unknown as ActivityFacts;
  const { requests } = stage.provider.propose(principal, facts, CASE, [id]);
  const [request] = requests;
  const action = stage.provider.actions[id];
  if (!request || !action) throw new Error(`no ${id}`);
  return { action, request };
}

export function suspectOf({ alice, pipeline }: Stage, id: string): AzurePrincipal {
  return /user|sign-in|eligible|diagnostic/u.test(id) ? alice : pipeline;
}

/** Applies and answers what a rollback needs. */
export async function applied(stage: Stage, id: string, principal?: AzurePrincipal) {
  const { action, request } = chosen(stage, id, principal);
  const { prior } = await action.preflight(request);
  const { result } = await action.apply(request, prior);
  return { action, request, prior, result };
}

/** What Cordon wrote since the recording had `from` entries, as the plan spells it. */
export function writes({ azure, cordon }: Stage, from: number): readonly PlannedCall[] {
  return azure.requests
    .slice(from)
    .filter(({ method, callerObjectId }) => method !== 'GET' && callerObjectId === cordon.servicePrincipal.id)
    .map(({ method, path, body }) => ({
      service: /^\/(?:v1\.0|beta)\//u.test(path) ? 'graph' : 'arm',
      operation: `${method} ${path}`,
      parameters: (body ?? {}) as PlannedCall['parameters'],
    }));
}

/** Whether a credential or a token still reads a virtual machine: the status, or what the token endpoint says. */
export async function tries(
  { clients, group }: Stage,
  credential: Parameters<Clients['call']>[0],
  method: 'GET' | 'DELETE' = 'GET',
) {
  try {
    return (await clients.call(credential, method, `${group}/providers/${VM}/web-1?api-version=2024-07-01`)).status;
  } catch (error) {
    return /AADSTS\d+/u.exec(String(error))?.[0] ?? String(error);
  }
}
