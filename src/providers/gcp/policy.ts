import { CordonFailure } from '../../contracts/failures.ts';
import type { Permission } from '../port.ts';
import type { GcpActionDefinition } from './actions/definition.ts';
import type { GcpActionId } from './actions/index.ts';
import { GCP_ACTIONS } from './actions/index.ts';
import { PROJECT_ID } from './names.ts';
import { EVIDENCE_PERMISSIONS } from './permissions.ts';
import type { GcpSettings } from './settings.ts';

/** As `gcloud iam roles create cordon --organization=… --file=…` takes it. */
export interface CustomRole {
  readonly title: string;
  readonly description: string;
  readonly stage: 'GA';
  readonly includedPermissions: readonly string[];
}

/**
 * The role for Cordon's own service account: exactly what the evidence and the enabled actions declare. Permissions on folders and
 * organisations can stand in a role of the organisation only: for a project without one say `of: 'project'`.
 */
export function leastPrivilegeRole(
  enabledActions: readonly string[],
  { projects }: Pick<GcpSettings, 'projects'>,
  of: 'organization' | 'project' = 'organization',
): CustomRole {
  if (projects.length === 0 || !projects.every((id) => PROJECT_ID.test(id)))
    throw new CordonFailure('ValidationFailed', 'The role is for projects by their ids.');
  const all = [...EVIDENCE_PERMISSIONS, ...enabledActions.flatMap(permissionsOfAction)];
  const permissions = all.filter(({ resource }) => of === 'organization' || resource === 'project');
  const where = of === 'organization' ? 'their organisation' : 'each of them';
  return {
    title: 'Cordon',
    description: `Contains compromised identities of ${projects.join(', ')}. Make and grant it in ${where}.`.slice(
      0,
      300,
    ),
    stage: 'GA',
    includedPermissions: [...new Set(permissions.map(({ name }) => name))].toSorted(),
  };
}

export function permissionsOfAction(action: string): readonly Permission[] {
  const definition: GcpActionDefinition | undefined = Object.hasOwn(GCP_ACTIONS, action)
    ? GCP_ACTIONS[action as GcpActionId]
    : undefined;
  if (!definition) throw new CordonFailure('ValidationFailed', `There is no Google Cloud action called ${action}.`);
  return definition.facts.permissions;
}
