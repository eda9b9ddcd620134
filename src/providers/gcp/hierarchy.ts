import { CordonFailure } from '../../contracts/failures.ts';
import type { GcpClients } from './clients.ts';

/** A place where bindings stand that hold for a project: itself, and what it lies in. */
export interface Container {
  readonly kind: 'project' | 'folder' | 'organization';
  /** `projects/shop-prod`, `folders/123`, `organizations/456`. */
  readonly name: string;
}

export interface Project {
  readonly projectId: string;
  /** Digits: some detectors name projects by it. */
  readonly number: string;
  /** Nearest first. */
  readonly ancestors: readonly Container[];
}

/** Deeper than Google allows; a longer chain is no chain. */
const MOST_LEVELS = 12;

export async function readProject(clients: GcpClients, projectId: string): Promise<Project> {
  const { data } = await clients.resources.projects.get({ name: `projects/${projectId}` });
  const ancestors: Container[] = [];
  let parent = data.parent ?? undefined;
  while (parent !== undefined) {
    const kind = parent.startsWith('folders/') ? 'folder' : 'organization';
    ancestors.push({ kind, name: parent });
    if (ancestors.length > MOST_LEVELS)
      throw new CordonFailure('Unavailable', `Google named no end of what project ${projectId} lies in.`);
    parent =
      kind === 'folder'
        ? ((await clients.resources.folders.get({ name: parent })).data.parent ?? undefined)
        : undefined;
  }
  return { projectId, number: (data.name ?? '').replace(/^projects\//u, ''), ancestors };
}

/** The projects and all that they lie in, each once. */
export async function readContainers(clients: GcpClients, projects: readonly string[]): Promise<readonly Container[]> {
  return containersOf(await Promise.all(projects.map((id) => readProject(clients, id))));
}

export function containersOf(read: readonly Project[]): readonly Container[] {
  const all = [
    ...read.map(({ projectId }): Container => ({ kind: 'project', name: `projects/${projectId}` })),
    ...read.flatMap(({ ancestors }) => ancestors),
  ];
  return [...new Map(all.map((one) => [one.name, one])).values()];
}
