import { CordonFailure } from '../../../contracts/failures.ts';
import type { GcpClients } from '../clients.ts';
import type { Container } from '../hierarchy.ts';
import { readContainers } from '../hierarchy.ts';
import { grantedIn } from '../permissions.ts';

export interface Reach {
  /** Projects, folders, organisations: each keeps the log of what is done to itself. */
  readonly names: readonly string[];
  /** False where Cordon is not shown all of it. */
  readonly whole: boolean;
}

/** Without the second, Google leaves reads out of its answers and does not say so. */
const NEEDED = ['logging.logEntries.list', 'logging.privateLogEntries.list'] as const;

/** The logs that Cordon reads: of all projects, so that a lack of permission there is a failure; of what is above as far as it may. */
export async function logReach(clients: GcpClients, projects: readonly string[]): Promise<Reach> {
  const containers = await containersOf(clients, projects);
  if (containers === null) return { names: projects.map((id) => `projects/${id}`), whole: false };
  const places = await Promise.all(
    containers.map(async (place) => ({ ...place, granted: await grantedIn(clients, place, NEEDED) })),
  );
  const readable = places.filter(({ kind, granted }) => kind === 'project' || granted.has(NEEDED[0]));
  return {
    names: readable.map(({ name }) => name),
    whole: places.every(({ granted }) => NEEDED.every((permission) => granted.has(permission))),
  };
}

async function containersOf(clients: GcpClients, projects: readonly string[]): Promise<readonly Container[] | null> {
  try {
    return await readContainers(clients, projects);
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'AccessDenied') return null;
    throw error;
  }
}
