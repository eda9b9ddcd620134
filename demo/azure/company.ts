import { leastPrivilegeRole } from '../../src/providers/azure/index.ts';
import type { AzureDouble } from '../../test/support/azure/index.ts';
import { withSecret, withToken, type Login, type Place } from './clients.ts';

/** The role is removed, not only made narrower: a token that is out could read with the narrow one for an hour. */
export const ACTIONS = [
  'disable-service-principal',
  'remove-application-credentials',
  'remove-role-assignments',
  'remove-eligible-roles',
] as const;

/** Where everybody works from, and with what. Documentation addresses (RFC 5737). */
export const PLACES = {
  office: { address: '203.0.113.20', userAgent: 'AZURECLI/2.65.0' },
  terraform: { address: '192.0.2.10', userAgent: 'HashiCorp Terraform/1.9.8 terraform-provider-azurerm/4.8.0' },
  backup: { address: '203.0.113.77', userAgent: 'Veeam Backup/12.2' },
  attacker: { address: '198.51.100.7', userAgent: 'python-requests/2.32.3' },
} as const satisfies Record<string, Place>;

export interface Company {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Object ids. */
  readonly deployerId: string;
  readonly terraformId: string;
  readonly adminId: string;
  readonly deployer: readonly [Login, Login];
  readonly terraform: Login;
  readonly veeam: Login;
  readonly cordon: Login;
  readonly adminToken: string;
}

const RESOURCES = [
  ['Microsoft.Compute/virtualMachines', 'web-1'],
  ['Microsoft.Storage/storageAccounts', 'shopassets'],
  ['Microsoft.Sql/servers', 'shop-db'],
  ['Microsoft.Network/virtualNetworks', 'shop-net'],
  ['Microsoft.KeyVault/vaults', 'shop-secrets'],
  ['Microsoft.ContainerService/managedClusters', 'shop-cluster'],
] as const;

/** A small subscription: automation, backup, an administrator, and Cordon with what it generates for itself. */
export async function buildCompany(azure: AzureDouble): Promise<Company> {
  const { build } = azure;
  const subscription = build.addSubscription({ displayName: 'shop-prod' });
  const resourceGroup = build.addResourceGroup(subscription, 'shop');
  for (const [type, name] of RESOURCES) build.addResource(resourceGroup, type, name);

  const deployer = build.addApplication('shop-deployer', {
    passwords: [{ displayName: 'pipeline' }, { displayName: 'laptop' }],
  });
  build.assignRole(deployer.servicePrincipal.id, 'Contributor', subscription);
  const second = deployer.application.passwordCredentials[1]?.secret;
  if (second === undefined) throw new Error('The application has no second secret, with which it was made.');
  const reader = (name: string) => {
    const added = build.addApplication(name);
    build.assignRole(added.servicePrincipal.id, 'Reader', subscription);
    return added;
  };
  const [terraform, veeam] = [reader('terraform-ci'), reader('veeam-backup')];
  const admin = build.addUser({ userPrincipalName: 'admin@contoso.onmicrosoft.com' });
  build.assignRole(admin.id, 'Owner', subscription);

  const subscriptionId = subscription.slice('/subscriptions/'.length);
  const { roleDefinition, graphApplicationPermissions } = leastPrivilegeRole(ACTIONS, {
    subscriptions: [subscriptionId],
  });
  const { Name, AssignableScopes, Actions, NotActions } = roleDefinition;
  build.addCustomRole(Name, AssignableScopes, Actions, NotActions);
  const cordon = build.addApplication('cordon-responder', { permissions: graphApplicationPermissions });
  build.assignRole(cordon.servicePrincipal.id, Name, subscription);
  return {
    subscriptionId,
    resourceGroup,
    deployerId: deployer.servicePrincipal.id,
    terraformId: terraform.servicePrincipal.id,
    adminId: admin.id,
    deployer: [deployer, { appId: deployer.appId, secret: second }],
    terraform,
    veeam,
    cordon,
    adminToken: await azure.issueToken({ objectId: admin.id }),
  };
}

const DAY_SECONDS = 24 * 3600;

/** A month ago and yesterday people and programs worked there: what Cordon compares the attack with. */
export async function giveHistory(azure: AzureDouble, company: Company): Promise<void> {
  const work = [
    withSecret(azure, company.deployer[1], PLACES.office),
    withSecret(azure, company.terraform, PLACES.terraform),
    withSecret(azure, company.veeam, PLACES.backup),
    withToken(azure, company.adminToken, PLACES.office),
  ];
  for (const days of [29, 1]) {
    for (const caller of work)
      await caller.call('GET', `/subscriptions/${company.subscriptionId}/resources?api-version=2021-04-01`);
    azure.ageLogs(days * DAY_SECONDS);
  }
}
