import { leastPrivilegeRole } from '../../src/providers/gcp/index.ts';
import type { GcpDouble, KeyFile } from '../../test/support/gcp/index.ts';
import { withKey, withToken, type Place } from './clients.ts';

export const ACTIONS = ['disable-service-account-keys', 'disable-service-account', 'remove-iam-bindings'] as const;

/** Where everybody works from, and with what. Documentation addresses (RFC 5737). */
export const PLACES = {
  office: { address: '203.0.113.20', userAgent: 'google-cloud-sdk gcloud/495.0.0' },
  terraform: { address: '192.0.2.10', userAgent: 'Terraform/1.9.8 terraform-provider-google/6.8.0' },
  backup: { address: '203.0.113.77', userAgent: 'Veeam Backup/12.2' },
  attacker: { address: '198.51.100.7', userAgent: 'google-api-python-client/2.147.0' },
} as const satisfies Record<string, Place>;

/** What bob reads: his binding and that of the deployer are of one role, each with a condition of its own. */
export const ROLE = 'roles/storage.admin';

export interface Company {
  readonly projectId: string;
  readonly deployer: string;
  readonly deployerKeys: readonly [KeyFile, KeyFile];
  readonly terraform: KeyFile;
  readonly veeam: KeyFile;
  readonly cordon: KeyFile;
  readonly admin: string;
  readonly bob: string;
}

/** A small project in an organisation that logs reads: people, automation, backup, an administrator, and Cordon. */
export async function buildCompany(gcp: GcpDouble, projectId: string): Promise<Company> {
  const organization = gcp.addOrganization();
  const project = gcp.addProject(projectId, organization);
  for (const name of ['web-1', 'web-2', 'db-1']) {
    gcp.add('instance', project, name);
    gcp.add('disk', project, name);
  }
  for (const name of [`${projectId}-assets`, `${projectId}-backups`]) gcp.add('bucket', project, name, 'EU');

  const account = async (name: string, role: string) => {
    const { email } = gcp.addServiceAccount(project, name);
    gcp.bind(project, role, `serviceAccount:${email}`);
    return { email, key: await gcp.addKey(email) };
  };
  const deployer = await account('shop-deployer', 'roles/viewer');
  const terraform = await account('terraform-ci', 'roles/viewer');
  const veeam = await account('veeam-backup', 'roles/compute.viewer');

  const people = { admin: 'admin@example.com', bob: 'bob@example.com' };
  gcp.bind(project, 'roles/owner', gcp.addUser(people.admin));
  const until = (year: number) => ({
    title: `until ${year}`,
    expression: `request.time < timestamp("${year}-01-01T00:00:00Z")`,
  });
  gcp.bind(project, ROLE, `serviceAccount:${deployer.email}`, until(2098));
  gcp.bind(project, ROLE, gcp.addUser(people.bob), until(2099));

  const { includedPermissions } = leastPrivilegeRole(ACTIONS, { projects: [projectId] });
  const role = `${organization}/roles/cordon`;
  gcp.addCustomRole(role, includedPermissions);
  const { email } = gcp.addServiceAccount(project, 'cordon-responder');
  gcp.bind(organization, role, `serviceAccount:${email}`);
  return {
    projectId,
    deployer: deployer.email,
    deployerKeys: [deployer.key, await gcp.addKey(deployer.email)],
    terraform: terraform.key,
    veeam: veeam.key,
    cordon: await gcp.addKey(email),
    admin: gcp.accessToken(people.admin),
    bob: gcp.accessToken(people.bob),
  };
}

const DAY_MS = 24 * 3600_000;

/** Everybody works today as they did yesterday and a month ago: what Cordon compares the attack with. */
export async function giveHistory(gcp: GcpDouble, { projectId, ...company }: Company): Promise<void> {
  const work = [
    withKey(gcp, company.deployerKeys[1], PLACES.office),
    withKey(gcp, company.terraform, PLACES.terraform),
    withKey(gcp, company.veeam, PLACES.backup),
    withToken(gcp, company.admin, PLACES.office),
  ];
  for (const caller of work) await caller.get(`/compute/v1/projects/${projectId}/aggregated/instances`);
  const today = gcp.log();
  for (const days of [30, 1]) gcp.seedLog(today.map((entry) => aged(entry, days * DAY_MS)));
}

function aged(entry: Readonly<Record<string, unknown>>, byMs: number) {
  const timestamp = new Date(Date.parse(String(entry['timestamp'])) - byMs).toISOString();
  return { ...entry, timestamp, receiveTimestamp: timestamp, insertId: `${String(entry['insertId'])}-${byMs}` };
}
