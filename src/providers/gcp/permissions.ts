import { CordonFailure } from '../../contracts/failures.ts';
import type { Permission } from '../port.ts';
import type { GcpClients } from './clients.ts';
import type { Container } from './hierarchy.ts';
import { readContainers } from './hierarchy.ts';

/** Where a permission is needed, by the `resource` that actions declare. On a project it also holds for all in it. */
export const PLACES = ['project', 'folder', 'organization'] as const satisfies readonly Container['kind'][];

/** Reads of resolve, self, activity, credentials, and of this file. */
export const EVIDENCE_PERMISSIONS: readonly Permission[] = [
  { name: 'iam.serviceAccounts.get', resource: 'project', purpose: 'confirming a service account' },
  { name: 'iam.serviceAccounts.list', resource: 'project', purpose: 'finding the account of a key' },
  { name: 'iam.serviceAccountKeys.list', resource: 'project', purpose: 'the keys of a service account' },
  ...PLACES.flatMap((resource) => [
    { name: 'logging.logEntries.list', resource, purpose: 'what the identity did' },
    { name: 'logging.privateLogEntries.list', resource, purpose: 'what the identity read (Data Access logs)' },
  ]),
  { name: 'resourcemanager.projects.get', resource: 'project', purpose: 'what the project lies in' },
  { name: 'resourcemanager.folders.get', resource: 'folder', purpose: 'what the folder lies in' },
  { name: 'resourcemanager.projects.getIamPolicy', resource: 'project', purpose: 'are reads logged' },
  { name: 'resourcemanager.folders.getIamPolicy', resource: 'folder', purpose: 'are reads logged' },
  { name: 'resourcemanager.organizations.getIamPolicy', resource: 'organization', purpose: 'are reads logged' },
];

/** Asks each place which of the permissions Cordon holds. One that is lacking in any of them is missing. */
export async function findMissingPermissions(
  clients: GcpClients,
  projects: readonly string[],
  permissions: readonly Permission[],
): Promise<readonly Permission[]> {
  if (permissions.length === 0) return [];
  const places = await placesOf(clients, projects);
  // What can't even be looked at can't be told to be granted.
  if (places === null) return unreachable(clients, projects, permissions);
  return lackingIn(clients, places, permissions);
}

async function lackingIn(clients: GcpClients, places: readonly Container[], permissions: readonly Permission[]) {
  const held = await Promise.all(
    places.map(async (place) => {
      const here = permissions.filter(({ resource }) => resource === place.kind);
      return {
        place,
        granted: await grantedIn(
          clients,
          place,
          here.map(({ name }) => name),
        ),
      };
    }),
  );
  return permissions.filter(({ name, resource }) =>
    held.some(({ place, granted }) => place.kind === resource && !granted.has(name)),
  );
}

async function unreachable(clients: GcpClients, projects: readonly string[], permissions: readonly Permission[]) {
  const own = projects.map((id): Container => ({ kind: 'project', name: `projects/${id}` }));
  const lacking = new Set(await lackingIn(clients, own, permissions));
  return permissions.filter((permission) => permission.resource !== 'project' || lacking.has(permission));
}

async function placesOf(clients: GcpClients, projects: readonly string[]): Promise<readonly Container[] | null> {
  try {
    return await readContainers(clients, projects);
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'AccessDenied') return null;
    throw error;
  }
}

/** Which of these Cordon holds in one place, as Google's own check says. */
export async function grantedIn(
  clients: GcpClients,
  { kind, name: resource }: Container,
  wanted: readonly string[],
): Promise<ReadonlySet<string>> {
  if (wanted.length === 0) return new Set();
  const { projects, folders, organizations } = clients.resources;
  const request = { resource, requestBody: { permissions: [...new Set(wanted)] } };
  const { data } =
    kind === 'project'
      ? await projects.testIamPermissions(request)
      : kind === 'folder'
        ? await folders.testIamPermissions(request)
        : await organizations.testIamPermissions(request);
  return new Set(data.permissions ?? []);
}
