import { cloudresourcemanager_v3 as resourcemanager } from '@googleapis/cloudresourcemanager';
import { iam_v1 as iam } from '@googleapis/iam';
import { afterEach, beforeEach } from 'vitest';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import type { ActionRequest } from '../../../src/domain/plan.ts';
import type { GcpPrincipal } from '../../../src/domain/principal.ts';
import { GCP_ACTIONS } from '../../../src/providers/gcp/actions/index.ts';
import { createGcpProvider, leastPrivilegeRole } from '../../../src/providers/gcp/index.ts';
import type { GcpSettings } from '../../../src/providers/gcp/settings.ts';
import type { Action, Provider } from '../../../src/providers/port.ts';
import type { GcpDouble, GcpOptions, KeyFile } from '../../support/gcp/index.ts';
import { credentialsOf, startGcp } from '../../support/gcp/index.ts';

export const CASE = 'ca_0123456789abcdef0123456789abcdef';
export const ALL = Object.keys(GCP_ACTIONS);
export const CONDITION = {
  title: 'until autumn',
  expression: 'request.time < timestamp("2099-09-01T00:00:00Z")',
} as const;

/** A shop: organisation, folder and two projects; `deployer`, whose key is stolen, and others beside it. */
export interface Stage {
  readonly gcp: GcpDouble;
  readonly provider: Provider;
  readonly settings: GcpSettings;
  readonly organization: string;
  readonly folder: string;
  readonly shop: string;
  readonly deployer: GcpPrincipal;
  readonly member: string;
  readonly key: KeyFile;
  readonly billing: { readonly name: string; readonly email: string; readonly uniqueId: string };
  readonly cordonEmail: string;
}

/** Live binding, new before each test. */
export let stage: Stage;

export function useStage(options: { readonly dataAccessLogs?: boolean } = {}): void {
  beforeEach(async () => void (stage = await buildStage(options)));
  afterEach(() => stage.gcp.stop());
}

interface StageOptions extends GcpOptions {
  readonly dataAccessLogs?: boolean;
  readonly enabled?: readonly string[];
}

/** Cordon's own role allows what is enabled, and no more. */
export async function buildStage({
  dataAccessLogs = true,
  enabled = ALL,
  ...options
}: StageOptions = {}): Promise<Stage> {
  const gcp = await startGcp(options);
  const organization = gcp.addOrganization({ dataAccessLogs });
  const folder = gcp.addFolder('shops', organization);
  const shop = gcp.addProject('shop-prod', folder);
  const projects = ['shop-prod'];
  const cordonHome = gcp.addProject('cordon-home', organization);
  const cordon = gcp.addServiceAccount(cordonHome, 'cordon');
  const role = `${organization}/roles/cordon`;
  gcp.addCustomRole(role, leastPrivilegeRole(enabled, { projects }).includedPermissions);
  gcp.bind(organization, role, `serviceAccount:${cordon.email}`);
  const { email, uniqueId } = gcp.addServiceAccount(shop, 'deployer');
  const billing = gcp.addServiceAccount(shop, 'billing');
  const member = `serviceAccount:${email}`;
  gcp.bind(shop, 'roles/viewer', `serviceAccount:${billing.email}`);
  gcp.bind(shop, 'roles/editor', member);
  gcp.bind(shop, 'roles/viewer', member);
  gcp.bind(shop, 'roles/storage.admin', `serviceAccount:${billing.email}`, CONDITION);
  gcp.bind(shop, 'roles/storage.admin', member, CONDITION);
  gcp.bind(folder, 'roles/browser', member, { title: 'only here', expression: 'resource.type == "x"' });
  gcp.bind(billing.name, 'roles/iam.serviceAccountTokenCreator', member);
  const settings: GcpSettings = {
    projects,
    endpoint: gcp.url,
    logDelaySeconds: 0,
    propagationSeconds: 0,
    credentials: await gcp.addKey(cordon.email),
  };
  const deployer = { cloud: 'gcp', kind: 'service-account', accountId: 'shop-prod', name: email, uniqueId } as const;
  const key = await gcp.addKey(email);
  const provider = createGcpProvider(settings);
  return {
    gcp,
    provider,
    settings,
    organization,
    folder,
    shop,
    deployer,
    member,
    key,
    billing,
    cordonEmail: cordon.email,
  };
}

export function chosen(
  id: string,
  { principal = stage.deployer, activity = null }: { principal?: GcpPrincipal; activity?: ActivityFacts | null } = {},
): { action: Action; request: ActionRequest } {
  const { requests } = stage.provider.propose(principal, activity, CASE, ALL);
  const request = requests.find(({ action }) => action === id);
  const action = stage.provider.actions[id];
  if (!request || !action) throw new Error(`no ${id}`);
  return { action, request };
}

/** Applies and answers how to undo it. */
export async function apply(id: string, of: Parameters<typeof chosen>[1] = {}): Promise<() => Promise<void>> {
  const { action, request } = chosen(id, of);
  const { prior } = await action.preflight(request);
  const { result } = await action.apply(request, prior);
  return () => action.revert(request, prior, result);
}

/** With the stolen key, as a thief would. */
export async function give(
  resource: string,
  role: string,
  members: string[],
  condition?: typeof CONDITION,
): Promise<void> {
  const options = { rootUrl: `${stage.gcp.url}/`, auth: credentialsOf(stage.key), retry: false };
  const { projects } = new resourcemanager.Cloudresourcemanager(options);
  const { data } = await projects.getIamPolicy({ resource, requestBody: { options: { requestedPolicyVersion: 3 } } });
  const bindings = [...(data.bindings ?? []), { role, members, ...(condition ? { condition } : {}) }];
  await projects.setIamPolicy({ resource, requestBody: { policy: { ...data, version: 3, bindings } } });
}

/** What changes something, of the requests that Cordon made since. */
export function writes(since: number): readonly string[] {
  return stage.gcp.requests
    .slice(since)
    .filter(({ caller, method, path }) => caller === stage.cordonEmail && isWrite(method, path))
    .map(({ method, path }) => `${method} ${path}`);
}

function isWrite(method: string, path: string): boolean {
  return method !== 'GET' && !/:(?:getIamPolicy|testIamPermissions|list)(?:\?|$)/u.test(path);
}

/** Whether a key still passes, with the real library: `accepted`, or what Google says. */
export async function tries(key: KeyFile): Promise<string> {
  return outcomeOf(clientOf(credentialsOf(key)));
}

/** One call with credentials that may be dead. */
export async function outcomeOf(client: iam.Iam): Promise<string> {
  try {
    await client.projects.serviceAccounts.list({ name: 'projects/shop-prod' });
    return 'accepted';
  } catch (error) {
    return String((error as { status?: number }).status ?? error);
  }
}

export function clientOf(auth: NonNullable<iam.Options['auth']>): iam.Iam {
  return new iam.Iam({ rootUrl: `${stage.gcp.url}/`, auth, retry: false });
}

/** Of the policy as an administrator sees it: role, members and condition, in a fixed order. */
export function bindingsOn(resource: string): readonly string[] {
  const { policies } = JSON.parse(stage.gcp.snapshot()) as {
    policies: Record<string, { bindings: { role: string; members: string[]; condition?: { title: string } }[] }>;
  };
  const { bindings = [] } = policies[resource] ?? {};
  return bindings.map(
    ({ role, members, condition }) => `${role}${condition ? ` (${condition.title})` : ''}: ${members.join(' ')}`,
  );
}
