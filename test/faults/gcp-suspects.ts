import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { iam_v1 as iam } from '@googleapis/iam';

import type { GcpPrincipal } from '../../src/domain/principal.ts';
import { createGcpProvider, leastPrivilegeRole } from '../../src/providers/gcp/index.ts';
import { credentialsOf, startGcp, type FaultedCall, type FaultKind } from '../support/gcp/index.ts';
import type { GcpDouble, KeyFile } from '../support/gcp/index.ts';
import type { CallFault, CloudCall, CloudSuspect, SuspectedCloud } from './suspected-cloud.ts';
import { askedInWords, isAbout } from './suspected-cloud.ts';

const ACTIONS = ['disable-service-account-keys', 'disable-service-account', 'remove-iam-bindings'] as const;
const KINDS: Readonly<Record<Exclude<CallFault, 'silent'>, FaultKind>> = {
  throttled: '429',
  unavailable: '503',
  denied: '403',
  conflict: '409',
  reset: 'drop-before',
  lost: 'drop-after',
};
const READS = /^GET |^POST \/token$|:(?:getIamPolicy|testIamPermissions|list)$/u;
const UNTIL = { title: 'until autumn', expression: 'request.time < timestamp("2099-09-01T00:00:00Z")' };

interface GcpSuspect extends CloudSuspect {
  readonly keys: readonly KeyFile[];
  readonly projectId: string;
}

/**
 * Suspects are service accounts with two keys; each has a project of its own, since who reads a policy of a shared one can't be told.
 * `most`: how many there will be; Cordon's configuration names their projects beforehand.
 */
export async function startSuspectedGcp(most: number): Promise<SuspectedCloud> {
  const gcp = await startGcp();
  const directory = await mkdtemp(join(tmpdir(), 'cordon-gcp-'));
  const organization = gcp.addOrganization();
  const projects = Array.from({ length: most }, (_, index) => `shop-${String(index + 1).padStart(3, '0')}`);
  for (const id of projects) gcp.addProject(id, organization);
  const cordon = gcp.addServiceAccount(gcp.addProject('cordon-home', organization), 'cordon');
  gcp.addCustomRole(`${organization}/roles/cordon`, leastPrivilegeRole(ACTIONS, { projects }).includedPermissions);
  gcp.bind(organization, `${organization}/roles/cordon`, `serviceAccount:${cordon.email}`);
  const credentials = await gcp.addKey(cordon.email);
  const keyFile = join(directory, 'credentials.json');
  await writeFile(keyFile, JSON.stringify(credentials));
  const suspects = new Map<CloudSuspect, GcpSuspect>();
  let made = 0;
  const lost: CloudCall[] = [];
  const asked = askedInWords(callOf, KINDS, lost);
  return {
    actions: ACTIONS,
    // One try of 4 s.
    patienceMs: { read: 3_500, write: 3_500 },
    section: (actions) => ({
      aws: { enabled: false },
      gcp: {
        projects,
        endpoint: gcp.url,
        logDelaySeconds: 0,
        propagationSeconds: 1,
        quietSeconds: 1,
        ...(actions.length > 0 ? { actions } : {}),
      },
    }),
    environment: { GOOGLE_APPLICATION_CREDENTIALS: keyFile },
    provider: (callTimeoutMs) =>
      createGcpProvider({
        projects,
        endpoint: gcp.url,
        logDelaySeconds: 0,
        propagationSeconds: 0,
        credentials,
        callTimeoutMs,
      }),
    async newSuspect() {
      const projectId = projects[made];
      made += 1;
      if (projectId === undefined) throw new Error(`There are projects for ${most} suspects only.`);
      const suspect = await addSuspect(gcp, projectId);
      suspects.set(suspect, suspect);
      return suspect;
    },
    interfere: (decide) => gcp.faults.interfere(asked(decide)),
    clear: () => gcp.faults.clear(),
    changesOf: (suspect) => changesOf(gcp, cordon.email, lost, suspect),
    accepted: async (suspect) => acceptedOf(gcp, suspects.get(suspect)),
    stateOf: (suspect) => exactly(gcp, suspect, (row) => namesIn(row, suspect)),
    restorableOf: (suspect) => exactly(gcp, suspect, (row) => row),
    async stop() {
      await gcp.stop();
      await rm(directory, { recursive: true });
    },
  };
}

function changesOf(
  gcp: GcpDouble,
  cordon: string,
  lost: readonly CloudCall[],
  suspect: CloudSuspect,
): readonly string[] {
  return (
    gcp.requests
      .filter(({ caller, status }) => caller === cordon && status !== undefined && status < 300)
      .map(({ method, path, body }) => {
        const { pathname, searchParams: query } = new URL(path, gcp.url);
        return callOf({ method, path: decodeURIComponent(pathname), query, body });
      })
      .concat(lost)
      .filter((call) => call.write && isAbout(suspect, call))
      // Google takes this one again, and it changes nothing more.
      .filter(({ operation }, index, calls) => !SAME_AGAIN.test(operation) || isFirst(operation, index, calls))
      // With the key or account, without the etag, which differs each time.
      .map(({ operation, text }) => `${operation} ${namesIn(text.split(' ')[0] ?? '', suspect)}`)
  );
}

const SAME_AGAIN = /serviceAccounts\/[^/]+:disable$/u;

function isFirst(operation: string, index: number, calls: readonly CloudCall[]): boolean {
  return calls.findIndex((call) => call.operation === operation) === index;
}

/** Editor, and a role under a condition that a neighbour has as well; the neighbour it may also impersonate. */
async function addSuspect(gcp: GcpDouble, projectId: string): Promise<GcpSuspect> {
  const project = `projects/${projectId}`;
  const { email, uniqueId } = gcp.addServiceAccount(project, 'deployer');
  const neighbour = gcp.addServiceAccount(project, 'billing');
  const member = `serviceAccount:${email}`;
  gcp.bind(project, 'roles/editor', member);
  for (const one of [member, `serviceAccount:${neighbour.email}`]) gcp.bind(project, 'roles/storage.admin', one, UNTIL);
  gcp.bind(neighbour.name, 'roles/iam.serviceAccountTokenCreator', member);
  const keys = [await gcp.addKey(email), await gcp.addKey(email)];
  const principal: GcpPrincipal = {
    cloud: 'gcp',
    kind: 'service-account',
    accountId: projectId,
    name: email,
    uniqueId,
  };
  const marks = [email, uniqueId, `${project}:setIamPolicy`, `${neighbour.email}:setIamPolicy`];
  return { principal, keys, projectId, marks: [...marks, ...keys.map((key) => key.private_key_id)] };
}

function callOf({ method, path, query, body }: FaultedCall): CloudCall {
  const general = path
    .replaceAll(/shop-\d{3}/gu, 'PROJECT')
    .replaceAll(/[0-9a-f]{40}/gu, 'KEY')
    .replaceAll(/\b\d{12,}\b/gu, 'NUMBER');
  const operation = `${method} ${general}`;
  // Every case reads all policies: whose call that is can't be told, and one that is held for another's would never be let go.
  const text = operation.endsWith(':getIamPolicy') ? '' : `${path} ${query.toString()} ${JSON.stringify(body)}`;
  return { operation, write: !READS.test(operation), text };
}

function exactly(gcp: GcpDouble, { principal }: CloudSuspect, named: (row: string) => string): string {
  const { accounts = {}, keys = {}, policies = {} } = JSON.parse(gcp.snapshot()) as Record<string, object>;
  const rows = [accounts, keys, policies].flatMap((all) => Object.entries(all).map((row) => JSON.stringify(row)));
  const own = rows.filter((row) => row.includes(`projects/${principal.accountId}`)).map(named);
  return JSON.stringify(own.toSorted((one, other) => one.localeCompare(other)));
}

function namesIn(text: string, { principal, marks }: CloudSuspect): string {
  const named = marks.reduce((all, mark, index) => all.replaceAll(mark, `MARK${index}`), text);
  return named
    .replaceAll(principal.accountId, 'PROJECT')
    .replaceAll(/\b[0-9a-f]{40}\b/gu, 'KEY')
    .replaceAll(/\b\d{12,}\b/gu, 'NUMBER')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, 'TIME');
}

async function acceptedOf(gcp: GcpDouble, suspect?: GcpSuspect): Promise<readonly string[]> {
  if (!suspect) throw new Error('Another cloud has this suspect.');
  const { keys, projectId, principal } = suspect;
  const tried = keys.map(async (key, index) => {
    const client = new iam.Iam({ rootUrl: `${gcp.url}/`, auth: credentialsOf(key), retry: false });
    try {
      await client.projects.serviceAccounts.list({ name: `projects/${projectId}` });
      return [`key ${index + 1}`];
    } catch (error) {
      const { status } = error as { status?: number };
      if (status === undefined || status >= 500) throw error;
      return [];
    }
  });
  const { policies } = JSON.parse(gcp.snapshot()) as { policies: Record<string, unknown> };
  const roles = JSON.stringify(policies).split(`serviceAccount:${principal.name}`).length - 1;
  return [...(await Promise.all(tried)).flat(), ...(roles > 0 ? [`${roles} roles`] : [])];
}
