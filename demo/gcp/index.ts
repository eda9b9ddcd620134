import { randomBytes } from 'node:crypto';

import { logging_v2 as logging } from '@googleapis/logging';

import { listAuditEntries } from '../../src/detections/audit-log-events.ts';
import { credentialsOf, startGcp, type GcpDouble, type KeyFile } from '../../test/support/gcp/index.ts';
import type { Attack, Scene } from '../scene.ts';
import { bystanders, discoveryBurst, stealTokens } from './attacker.ts';
import { withKey } from './clients.ts';
import { ACTIONS, buildCompany, giveHistory, PLACES, type Company } from './company.ts';
import { byMember } from './snapshot.ts';

/** What only an administrator may do. */
const ADMINISTRATION = ['resourcemanager.projects.delete', 'iam.serviceAccountKeys.create', 'storage.objects.get'];
const PROPAGATION_MS = 1000;

/** A key of the service account shop-deployer leaks; a token was minted with it before anybody notices. */
export async function startGcpScene(): Promise<Scene> {
  const gcp = await startGcp({ propagationMs: PROPAGATION_MS });
  try {
    // A Temporal server that is not ours may know the cases of an earlier demo: another project makes others.
    const own = process.env['TEMPORAL_ADDRESS'] ? `-${randomBytes(4).toString('hex')}` : '';
    const company = await buildCompany(gcp, `shop-prod${own}`);
    await giveHistory(gcp, company);
    return sceneOf(gcp, company);
  } catch (error) {
    await gcp.stop();
    throw error;
  }
}

function sceneOf(gcp: GcpDouble, company: Company): Scene {
  const { projectId } = company;
  const account = (name: string) => ({ name, identity: `${name}@${projectId}.iam.gserviceaccount.com` });
  const cordon = withKey(gcp, company.cordon, PLACES.office);
  return {
    cloud: 'gcp',
    title: 'a double of Google Cloud (IAM enforced, audit logs recording)',
    url: gcp.url,
    log: 'Cloud Audit Logs',
    company: [
      `Project ${projectId}: shop-deployer (two keys, roles/viewer, and for a time roles/storage.admin), bob (the same role,`,
      'with another condition), terraform-ci, veeam-backup, admin, and cordon-responder with the role that Cordon generates.',
    ],
    suspect: account('shop-deployer'),
    automation: account('terraform-ci'),
    configuration: configuration(gcp, projectId),
    files: { 'google-credentials.json': JSON.stringify(company.cordon) },
    environment: (path) => ({ GOOGLE_APPLICATION_CREDENTIALS: path('google-credentials.json') }),
    secrets: secretsOf(company),
    async administration() {
      const asked = { permissions: ADMINISTRATION };
      const answer = await cordon.post(`/v3/projects/${projectId}:testIamPermissions`, asked);
      const { permissions = [] } = answer as { permissions?: readonly string[] };
      return { asked: ADMINISTRATION, allowed: permissions };
    },
    snapshot: async () => byMember(gcp.snapshot()),
    ofSuspect: /^roles of serviceAccount:shop-deployer@|\/serviceAccounts\/shop-deployer@/u,
    irrecoverable: [],
    attack: () => attack(gcp, company),
    readLog: (window) => {
      const client = new logging.Logging({ rootUrl: `${gcp.url}/`, auth: credentialsOf(company.cordon) });
      return listAuditEntries(client, [projectId], window);
    },
    stop: () => gcp.stop(),
  };
}

function configuration(gcp: GcpDouble, projectId: string): Scene['configuration'] {
  const account = (name: string) =>
    `//iam.googleapis.com/projects/${projectId}/serviceAccounts/${name}@${projectId}.iam.gserviceaccount.com`;
  return {
    gcp: {
      projects: [projectId],
      endpoint: gcp.url,
      // The double logs at once and its policies bind within a second; the real service takes minutes for both.
      logDelaySeconds: 0,
      propagationSeconds: 2,
      quietSeconds: 3,
      actions: [...ACTIONS],
    },
    protected: [{ principal: 'principal://goog/subject/admin@example.com', reason: 'Emergency access of last resort' }],
    allowlist: [
      {
        name: 'terraform plan',
        kind: 'infrastructure-as-code',
        principal: account('terraform-ci'),
        networks: ['192.0.2.0/24'],
        actions: [
          'compute:v1.compute.*ist',
          'storage:storage.buckets.list',
          'sqladmin:cloudsql.instances.list',
          'container:google.container.v1.ClusterManager.ListClusters',
          'cloudfunctions:google.cloud.functions.v1.CloudFunctionsService.ListFunctions',
          'iam:google.iam.admin.v1.List*',
          'cloudresourcemanager:GetIamPolicy',
        ],
        owner: 'platform team',
        reason: 'A plan refreshes the state of the whole project.',
        expires: '2099-12-31',
      },
    ],
  };
}

/** Of a private key any line: the whole would be told apart by how its lines are broken. */
function secretsOf({ deployerKeys, terraform, veeam, cordon, admin, bob }: Company): readonly string[] {
  const lines = ({ private_key: text }: KeyFile) => text.split('\n').filter((line) => line.length > 40);
  return [...[...deployerKeys, terraform, veeam, cordon].flatMap(lines), admin, bob];
}

async function attack(gcp: GcpDouble, company: Company): Promise<Attack> {
  const { projectId, deployerKeys, terraform } = company;
  const calls = await discoveryBurst(gcp, projectId, deployerKeys[0], PLACES.attacker);
  const { token, probes } = await stealTokens(gcp, company);
  const same = await discoveryBurst(gcp, projectId, terraform, PLACES.terraform);
  return {
    told: [
      `The attacker made ${calls} calls with shop-deployer's leaked key, from ${PLACES.attacker.address}.`,
      'It minted an access token, which outlives the key by up to an hour.',
      `terraform-ci made ${same} calls, from ${PLACES.terraform.address}.`,
    ],
    calls,
    sameOfAutomation: same,
    probes,
    bystanders: bystanders(gcp, company),
    secrets: [token],
  };
}
