import { credentialsOf, type GcpDouble, type KeyFile } from '../../test/support/gcp/index.ts';
import type { Probe } from '../scene.ts';
import { attempt, withKey, withToken, type Caller, type Place } from './clients.ts';
import { PLACES, type Company } from './company.ts';

/** What a thief lists of a project: its machines, disks, networks, buckets, databases, clusters, functions, identities and rights. */
const LISTINGS: readonly ((projectId: string) => (caller: Caller) => Promise<unknown>)[] = [
  (id) => (caller) => caller.get(`/compute/v1/projects/${id}/aggregated/instances`),
  (id) => (caller) => caller.get(`/compute/v1/projects/${id}/zones/europe-west1-b/instances`),
  (id) => (caller) => caller.get(`/compute/v1/projects/${id}/aggregated/disks`),
  (id) => (caller) => caller.get(`/compute/v1/projects/${id}/global/networks`),
  (id) => (caller) => caller.get(`/storage/v1/b?project=${id}`),
  (id) => (caller) => caller.get(`/sql/v1beta4/projects/${id}/instances`),
  (id) => (caller) => caller.get(`/v1/projects/${id}/locations/-/clusters`),
  (id) => (caller) => caller.get(`/v1/projects/${id}/locations/-/functions`),
  (id) => (caller) => caller.get(`/v1/projects/${id}/serviceAccounts`),
  (id) => (caller) => caller.post(`/v3/projects/${id}:getIamPolicy`, {}),
];
const ROUNDS = 5;

/** 50 calls to 10 methods. Answers how many were made; one that is refused throws. */
export async function discoveryBurst(gcp: GcpDouble, projectId: string, key: KeyFile, place: Place): Promise<number> {
  const caller = withKey(gcp, key, place);
  for (let round = 0; round < ROUNDS; round++) {
    for (const listing of LISTINGS) await listing(projectId)(caller);
  }
  return ROUNDS * LISTINGS.length;
}

/** One call, by its permission. */
interface Try {
  readonly name: string;
  readonly call: (caller: Caller) => Promise<unknown>;
}

function triesIn(projectId: string) {
  return {
    instances: {
      name: 'compute.instances.list',
      call: (caller) => caller.get(`/compute/v1/projects/${projectId}/aggregated/instances`),
    },
    buckets: { name: 'storage.buckets.list', call: (caller) => caller.get(`/storage/v1/b?project=${projectId}`) },
    /** Only the role with the condition has this one. */
    objects: {
      name: 'storage.objects.list',
      call: (caller) => caller.get(`/storage/v1/b/${projectId}-assets/o`),
    },
  } as const satisfies Record<string, Try>;
}

/** A client of its own each time: none goes on with a token that it has. */
function probe(who: string, caller: () => Caller, { name, call }: Try): Probe {
  return { who, call: name, attempt: () => attempt(() => call(caller())) };
}

/** Everything that the attacker holds before anybody notices: both keys, and a token that outlives them. */
export async function stealTokens(
  gcp: GcpDouble,
  { projectId, deployerKeys }: Company,
): Promise<{ readonly token: string; readonly probes: readonly Probe[] }> {
  const [first, second] = deployerKeys;
  const { token } = await credentialsOf(first).getAccessToken();
  if (!token) throw new Error('Google answered without a token.');
  const { instances, buckets, objects } = triesIn(projectId);
  const stolen = () => withToken(gcp, token, PLACES.attacker);
  const probes = [
    probe("shop-deployer's leaked key", () => withKey(gcp, first, PLACES.attacker), instances),
    probe("shop-deployer's second key", () => withKey(gcp, second, PLACES.attacker), buckets),
    probe('token minted before', stolen, instances),
    probe('token minted before, by the conditional role', stolen, objects),
  ];
  return { token, probes };
}

/** Everybody else: none of them may notice the containment. bob has the deployer's role, with another condition. */
export function bystanders(gcp: GcpDouble, { projectId, terraform, veeam, admin, bob }: Company): readonly Probe[] {
  const { instances, buckets, objects } = triesIn(projectId);
  return [
    probe('terraform-ci', () => withKey(gcp, terraform, PLACES.terraform), buckets),
    probe('veeam-backup', () => withKey(gcp, veeam, PLACES.backup), instances),
    probe('admin', () => withToken(gcp, admin, PLACES.office), instances),
    probe('bob, by his own conditional role', () => withToken(gcp, bob, PLACES.office), objects),
  ];
}
