import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AzurePrincipal } from '../../src/domain/principal.ts';
import { createAzureProvider, leastPrivilegeRole, type AzureSettings } from '../../src/providers/azure/index.ts';
import { Clients } from '../support/azure/clients.ts';
import { startAzure, type AddedApplication, type AzureDouble } from '../support/azure/index.ts';
import type { FaultedCall, FaultKind, RecordedRequest } from '../support/azure/index.ts';
import type { CallFault, CloudCall, CloudSuspect, SuspectedCloud } from './suspected-cloud.ts';
import { askedInWords, isAbout } from './suspected-cloud.ts';

const ACTIONS = [
  'disable-service-principal',
  'remove-application-credentials',
  'remove-role-assignments',
  'remove-eligible-roles',
] as const;
const KINDS: Readonly<Record<Exclude<CallFault, 'silent'>, FaultKind>> = {
  throttled: '429',
  unavailable: '500',
  denied: '403',
  conflict: '409',
  reset: 'drop-before',
  lost: 'drop-after',
};
const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/giu;
const READS = /^GET |\/oauth2\/|\/(?:getMemberGroups|getMemberObjects|checkMemberGroups|\$batch)$/u;

interface AzureSuspect extends CloudSuspect {
  readonly app: AddedApplication;
  readonly secrets: readonly string[];
}

/** A tenant whose suspects are service principals with two secrets, two roles, and a third that they may activate. */
export async function startSuspectedAzure(): Promise<SuspectedCloud> {
  const azure = await startAzure();
  const directory = await mkdtemp(join(tmpdir(), 'cordon-azure-'));
  const certificate = join(directory, 'ca.pem');
  await writeFile(certificate, azure.ca);
  const { build } = azure;
  const subscription = build.addSubscription();
  const group = build.addResourceGroup(subscription, 'prod');
  build.addResource(group, 'Microsoft.Compute/virtualMachines', 'web-1');
  const subscriptions = [subscription.slice('/subscriptions/'.length)];
  const cordon = addCordon(azure, subscription, subscriptions);
  const endpoints = { authority: azure.url, resourceManager: azure.url, graph: azure.url };
  const suspects = new Map<CloudSuspect, AzureSuspect>();
  const lost: CloudCall[] = [];
  const asked = askedInWords(callOf, KINDS, lost);
  return {
    actions: ACTIONS,
    // Reads are tried three times, 4 s each; writes once.
    patienceMs: { read: 11_000, write: 3_500 },
    section: (actions) => sectionOf(actions, { tenantId: azure.tenantId, subscriptions, endpoints }),
    environment: {
      NODE_EXTRA_CA_CERTS: certificate,
      AZURE_TENANT_ID: azure.tenantId,
      AZURE_CLIENT_ID: cordon.appId,
      AZURE_CLIENT_SECRET: cordon.secret,
    },
    provider: (callTimeoutMs) =>
      createAzureProvider({ ...settingsOf(azure, cordon), subscriptions, endpoints, callTimeoutMs }),
    async newSuspect() {
      const suspect = addSuspect(azure, subscription, group, suspects.size + 1);
      suspects.set(suspect, suspect);
      return suspect;
    },
    interfere: (decide) => azure.faults.interfere(asked(decide)),
    clear: () => azure.faults.clear(),
    changesOf: (suspect) => changesOf(azure, cordon, lost, suspect),
    accepted: async (suspect) => acceptedOf(azure, group, suspects.get(suspect)),
    stateOf: (suspect) => namesIn(exactly(azure, suspect), suspect),
    // Nobody knows a secret that was removed.
    restorableOf: (suspect) => exactly(azure, suspect).replaceAll(/\\"passwordCredentials\\":\[.*?\]/gu, ''),
    async stop() {
      await azure.stop();
      await rm(directory, { recursive: true });
    },
  };
}

function sectionOf(actions: readonly string[], tenant: object) {
  const times = { logDelaySeconds: 0, propagationSeconds: 1, quietSeconds: 1 };
  const azure = { ...tenant, ...times, ...(actions.length > 0 ? { actions } : {}) };
  return { aws: { enabled: false }, azure };
}

function addCordon({ build }: AzureDouble, subscription: string, subscriptions: readonly string[]): AddedApplication {
  const least = leastPrivilegeRole(ACTIONS, { subscriptions });
  const role = build.addCustomRole(least.roleDefinition.Name, [subscription], least.roleDefinition.Actions);
  const cordon = build.addApplication('cordon', { permissions: least.graphApplicationPermissions });
  build.assignRole(cordon.servicePrincipal.id, role.roleName, subscription);
  return cordon;
}

function changesOf(
  azure: AzureDouble,
  cordon: AddedApplication,
  lost: readonly CloudCall[],
  suspect: CloudSuspect,
): readonly string[] {
  return azure.requests
    .filter((request) => request.callerObjectId === cordon.servicePrincipal.id && changed(request))
    .map(({ method, path, body, query }) => callOf({ method, path, body, query: new URLSearchParams(query) }))
    .concat(lost)
    .filter((call) => call.write && isAbout(suspect, call))
    .map(({ operation, text }) => `${operation} ${namesIn(text, suspect)}`);
}

function settingsOf(azure: AzureDouble, cordon: AddedApplication): Omit<AzureSettings, 'subscriptions' | 'endpoints'> {
  return {
    tenantId: azure.tenantId,
    logDelaySeconds: 0,
    propagationSeconds: 0,
    tightenTo: {},
    credentials: { clientId: cordon.appId, clientSecret: cordon.secret },
    certificateAuthority: azure.ca,
  };
}

function addSuspect(
  { build, tenantId }: AzureDouble,
  subscription: string,
  group: string,
  number: number,
): AzureSuspect {
  const name = `suspect-${number}`;
  const app = build.addApplication(name, { passwords: [{}, { displayName: 'second' }] });
  const { id: uniqueId } = app.servicePrincipal;
  const condition = '@Request[x] StringEquals';
  const made = [
    build.assignRole(uniqueId, 'Contributor', subscription),
    build.assignRole(uniqueId, 'Role Based Access Control Administrator', group, condition),
    build.addEligibleSchedule(uniqueId, 'User Access Administrator', subscription),
  ].map((one) => one.name);
  const { passwordCredentials, id } = app.application;
  const principal: AzurePrincipal = {
    cloud: 'azure',
    kind: 'service-principal',
    accountId: tenantId,
    name,
    uniqueId,
    appId: app.appId,
  };
  return {
    principal,
    app,
    secrets: passwordCredentials.map(({ secret }) => secret),
    marks: [uniqueId, app.appId, id, ...made, ...passwordCredentials.map(({ keyId }) => keyId)],
  };
}

/** ARM answers 204 where there was nothing to delete. */
function changed({ status, path }: RecordedRequest): boolean {
  return status !== null && status < 300 && !(status === 204 && path.startsWith('/subscriptions/'));
}

function callOf({ method, path, query, body }: FaultedCall): CloudCall {
  const operation = `${method} ${path.replaceAll(GUID, 'ID')}`;
  const text = `${path} ${query.toString()} ${JSON.stringify(body)}`;
  return { operation, write: !READS.test(operation), text: decodeURIComponent(text.replaceAll('+', ' ')) };
}

function exactly(azure: AzureDouble, { marks }: CloudSuspect): string {
  const rows = Object.entries(azure.snapshot()).map(([name, list]) => {
    const own = (list as readonly unknown[]).map((row) => JSON.stringify(row));
    return [name, own.filter((row) => marks.some((mark) => row.includes(mark)))];
  });
  return JSON.stringify(Object.fromEntries(rows));
}

function namesIn(text: string, { marks, principal }: CloudSuspect): string {
  const named = marks.reduce((all, mark, index) => all.replaceAll(mark, `MARK${index}`), text);
  return named
    .replaceAll(principal.name, 'NAME')
    .replaceAll(GUID, 'ID')
    .replaceAll(/\b[0-9a-f]{64}\b/gu, 'HASH')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, 'TIME');
}

async function acceptedOf(azure: AzureDouble, group: string, suspect?: AzureSuspect): Promise<readonly string[]> {
  if (!suspect) throw new Error('Another cloud has this suspect.');
  const clients = new Clients(azure);
  const path = `${group}/providers/Microsoft.Compute/virtualMachines/web-1?api-version=2024-07-01`;
  const { app, secrets, principal } = suspect;
  const tried = secrets.map(async (secret, index) => {
    const credential = clients.credential({ appId: app.appId, secret });
    const { status } = await clients.call(credential, 'GET', path).catch(refused);
    return status === 200 ? [`secret ${index + 1}`] : [];
  });
  const { roleAssignments, eligibilities } = azure.snapshot() as Record<string, readonly Record<string, unknown>[]>;
  const roles = [...(roleAssignments ?? []), ...(eligibilities ?? [])].filter(
    ({ principalId }) => principalId === principal.uniqueId,
  );
  return [...(await Promise.all(tried)).flat(), ...roles.map(({ roleName }) => `role ${String(roleName)}`)];
}

function refused(error: unknown): { status: number } {
  if (/AADSTS\d+/u.test(String(error))) return { status: 401 };
  throw error;
}
