import { readActivityLog } from '../../src/detections/activity-log-events.ts';
import { startAzure, type AzureDouble } from '../../test/support/azure/index.ts';
import type { Attack, Scene } from '../scene.ts';
import { bystanders, discoveryBurst, stealTokens } from './attacker.ts';
import { attempt, withSecret, withToken } from './clients.ts';
import { ACTIONS, buildCompany, giveHistory, PLACES, type Company } from './company.ts';
import { readable } from './snapshot.ts';

const PROPAGATION_MS = 1000;

/** A secret of the service principal shop-deployer leaks; a token was got with it before anybody notices. */
export async function startAzureScene(): Promise<Scene> {
  // The real activity log has hardly any reads; the detection counts them, as the one it comes from does.
  const azure = await startAzure({ propagationMs: PROPAGATION_MS, logsReads: true });
  try {
    const company = await buildCompany(azure);
    await giveHistory(azure, company);
    return sceneOf(azure, company);
  } catch (error) {
    await azure.stop();
    throw error;
  }
}

function sceneOf(azure: AzureDouble, company: Company): Scene {
  const { cordon, deployerId, terraformId } = company;
  return {
    cloud: 'azure',
    title: 'a double of Azure and Entra (roles enforced, logs recording)',
    url: azure.url,
    log: 'the Azure activity log',
    company: [
      'Subscription shop-prod: the service principals shop-deployer (two secrets, Contributor), terraform-ci and veeam-backup,',
      'the user admin, and cordon-responder with the role and the Graph permissions that Cordon generates for itself.',
    ],
    suspect: { name: 'shop-deployer', identity: deployerId },
    automation: { name: 'terraform-ci', identity: terraformId },
    configuration: configuration(azure, company),
    files: { 'azure-ca.pem': azure.ca },
    environment: (path) => ({
      NODE_EXTRA_CA_CERTS: path('azure-ca.pem'),
      AZURE_TENANT_ID: azure.tenantId,
      AZURE_CLIENT_ID: cordon.appId,
      AZURE_CLIENT_SECRET: cordon.secret,
    }),
    secrets: secretsOf(company),
    administration: () => administration(azure, company),
    snapshot: async () => readable(azure.snapshot()),
    ofSuspect: new RegExp(`^(?:applications|servicePrincipals) shop-deployer |^roleAssignments of ${deployerId} `, 'u'),
    irrecoverable: ['applications shop-deployer secret laptop', 'applications shop-deployer secret pipeline'],
    attack: () => attack(azure, company),
    readLog: (window) => {
      const reader = withToken(azure, company.adminToken, PLACES.office);
      return readActivityLog((path) => reader.call('GET', path), company.subscriptionId, window);
    },
    stop: () => azure.stop(),
  };
}

function configuration(azure: AzureDouble, company: Company): Scene['configuration'] {
  const object = (collection: string, id: string) => `/tenants/${azure.tenantId}/${collection}/${id}`;
  return {
    azure: {
      tenantId: azure.tenantId,
      subscriptions: [company.subscriptionId],
      endpoints: { authority: azure.url, resourceManager: azure.url, graph: azure.url },
      // The double logs at once and its roles bind within a second; the real service takes minutes for both.
      logDelaySeconds: 0,
      propagationSeconds: 2,
      quietSeconds: 3,
      actions: [...ACTIONS],
    },
    protected: [{ principal: object('users', company.adminId), reason: 'Emergency access of last resort' }],
    allowlist: [
      {
        name: 'terraform plan',
        kind: 'infrastructure-as-code',
        principal: object('servicePrincipals', company.terraformId),
        networks: ['192.0.2.0/24'],
        actions: [
          'entra:sign-in',
          'microsoft.resources:subscriptions/*/read',
          'microsoft.compute:*/read',
          'microsoft.storage:*/read',
          'microsoft.sql:*/read',
          'microsoft.network:*/read',
          'microsoft.keyvault:*/read',
          'microsoft.containerservice:*/read',
        ],
        owner: 'platform team',
        reason: 'A plan refreshes the state of the whole subscription.',
        expires: '2099-12-31',
      },
    ],
  };
}

/** Tried, not looked up: what passes is seen by what Azure answers. */
async function administration(azure: AzureDouble, { cordon, subscriptionId, resourceGroup }: Company) {
  const self = withSecret(azure, cordon, PLACES.office);
  const version = '?api-version=2021-04-01';
  const tries: Readonly<Record<string, () => Promise<unknown>>> = {
    'Microsoft.Compute/virtualMachines/read': () =>
      self.call('GET', `/subscriptions/${subscriptionId}/providers/Microsoft.Compute/virtualMachines${version}`),
    'Microsoft.Resources/subscriptions/resourceGroups/write': () =>
      self.call('PUT', `/subscriptions/${subscriptionId}/resourceGroups/of-cordon${version}`, {
        location: 'westeurope',
      }),
    'Microsoft.Resources/subscriptions/resourceGroups/delete': () => self.call('DELETE', `${resourceGroup}${version}`),
  };
  const asked = Object.entries(tries);
  const answers = await Promise.all(asked.map(([, call]) => attempt(call)));
  const names = asked.map(([name]) => name);
  return { asked: names, allowed: names.filter((_, index) => answers[index]?.allowed !== false) };
}

function secretsOf({ deployer, terraform, veeam, cordon, adminToken }: Company): readonly string[] {
  return [...[...deployer, terraform, veeam, cordon].map(({ secret }) => secret), adminToken];
}

async function attack(azure: AzureDouble, company: Company): Promise<Attack> {
  const { subscriptionId, deployer, terraform } = company;
  const calls = await discoveryBurst(azure, subscriptionId, deployer[0], PLACES.attacker);
  const { token, probes } = await stealTokens(azure, company);
  const same = await discoveryBurst(azure, subscriptionId, terraform, PLACES.terraform);
  return {
    told: [
      `The attacker made ${calls} calls with shop-deployer's leaked secret, from ${PLACES.attacker.address}.`,
      'It got an access token, which outlives the secret by about an hour.',
      `terraform-ci made ${same} calls, from ${PLACES.terraform.address}.`,
    ],
    calls,
    sameOfAutomation: same,
    probes,
    bystanders: bystanders(azure, company),
    secrets: [token],
  };
}
