import type { AzureDouble } from '../../test/support/azure/index.ts';
import type { Probe } from '../scene.ts';
import { attempt, credentialOf, RESOURCE_MANAGER, withSecret, withToken } from './clients.ts';
import type { Caller, Login, Place } from './clients.ts';
import { PLACES, type Company } from './company.ts';

/** The Azure test of MITRE T1580: what the command line lists of a subscription. */
const LISTINGS = [
  'resourceGroups?api-version=2021-04-01',
  'resources?api-version=2021-04-01',
  'providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01',
  'providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01',
  'providers/Microsoft.Sql/servers?api-version=2021-11-01',
  'providers/Microsoft.Network/virtualNetworks?api-version=2024-05-01',
  'providers/Microsoft.KeyVault/vaults?api-version=2022-07-01',
  'providers/Microsoft.ContainerService/managedClusters?api-version=2024-09-01',
] as const;
const ROUNDS = 7;

/** 56 calls to 8 operations. Answers how many were made; one that is refused throws. */
export async function discoveryBurst(
  azure: AzureDouble,
  subscriptionId: string,
  login: Login,
  place: Place,
): Promise<number> {
  const caller = withSecret(azure, login, place);
  for (let round = 0; round < ROUNDS; round++) {
    for (const listing of LISTINGS) await caller.call('GET', `/subscriptions/${subscriptionId}/${listing}`);
  }
  return ROUNDS * LISTINGS.length;
}

/** One call, by its permission. */
interface Try {
  readonly name: string;
  readonly call: (caller: Caller) => Promise<unknown>;
}

function triesIn({ subscriptionId, resourceGroup }: Company) {
  const list = (type: string, version: string) => (caller: Caller) =>
    caller.call('GET', `/subscriptions/${subscriptionId}/providers/${type}?api-version=${version}`);
  const machine = `${resourceGroup}/providers/Microsoft.Compute/virtualMachines/web-1?api-version=2024-07-01`;
  return {
    machines: {
      name: 'Microsoft.Compute/virtualMachines/read',
      call: list('Microsoft.Compute/virtualMachines', '2024-07-01'),
    },
    vaults: { name: 'Microsoft.KeyVault/vaults/read', call: list('Microsoft.KeyVault/vaults', '2022-07-01') },
    /** Writes what is there already, so that nothing differs where it passes. */
    write: {
      name: 'Microsoft.Compute/virtualMachines/write',
      call: (caller) => caller.call('PUT', machine, { location: 'westeurope' }),
    },
  } as const satisfies Record<string, Try>;
}

/** A client of its own each time: none goes on with a token that it has. */
function probe(who: string, caller: () => Caller, { name, call }: Try): Probe {
  return { who, call: name, attempt: () => attempt(() => call(caller())) };
}

/** Everything that the attacker holds before anybody notices: both secrets, which can't be put back, and a token that outlives them. */
export async function stealTokens(
  azure: AzureDouble,
  company: Company,
): Promise<{ readonly token: string; readonly probes: readonly Probe[] }> {
  const [first, second] = company.deployer;
  const { token } = await credentialOf(azure, first, PLACES.attacker).getToken(RESOURCE_MANAGER);
  const { machines, vaults, write } = triesIn(company);
  const stolen = () => withToken(azure, token, PLACES.attacker);
  const secret = (login: Login) => () => withSecret(azure, login, PLACES.attacker);
  const probes: readonly Probe[] = [
    { ...probe("shop-deployer's leaked secret", secret(first), machines), gone: true },
    { ...probe("shop-deployer's second secret", secret(second), vaults), gone: true },
    probe('token minted before, reading', stolen, vaults),
    probe('token minted before, writing', stolen, write),
  ];
  return { token, probes };
}

/** Everybody else: none of them may notice the containment. */
export function bystanders(azure: AzureDouble, company: Company): readonly Probe[] {
  const { machines, vaults, write } = triesIn(company);
  return [
    probe('terraform-ci', () => withSecret(azure, company.terraform, PLACES.terraform), vaults),
    probe('veeam-backup', () => withSecret(azure, company.veeam, PLACES.backup), machines),
    probe('admin', () => withToken(azure, company.adminToken, PLACES.office), write),
  ];
}
