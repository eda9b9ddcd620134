import { CordonFailure } from '../../contracts/failures.ts';
import type { Permission } from '../port.ts';
import type { AzureActionDefinition } from './actions/definition.ts';
import type { AzureActionId } from './actions/index.ts';
import { DESTINATION } from './actions/definition.ts';
import { AZURE_ACTIONS } from './actions/index.ts';
import { EVIDENCE_PERMISSIONS } from './permissions.ts';
import type { AzureSettings } from './settings.ts';

/** As `az role definition create` takes it. */
export interface RoleDefinitionDocument {
  readonly Name: string;
  readonly IsCustom: true;
  readonly Description: string;
  readonly Actions: readonly string[];
  readonly NotActions: readonly string[];
  readonly DataActions: readonly string[];
  readonly NotDataActions: readonly string[];
  readonly AssignableScopes: readonly string[];
}

export interface LeastPrivilege {
  /** For Azure Resource Manager; to be assigned to Cordon's identity at each of the scopes. */
  readonly roleDefinition: RoleDefinitionDocument;
  /** Application permissions of Microsoft Graph, for an administrator to consent to. */
  readonly graphApplicationPermissions: readonly string[];
  /** What neither of the two can say. */
  readonly notes: readonly string[];
}

/** For Cordon's own identity: exactly what the evidence and the enabled actions declare, no wildcard among the actions. */
export function leastPrivilegeRole(
  enabledActions: readonly string[],
  { subscriptions }: Pick<AzureSettings, 'subscriptions'>,
): LeastPrivilege {
  const permissions = [...EVIDENCE_PERMISSIONS, ...enabledActions.flatMap(permissionsOfAction)];
  const names = (of: (resource: string) => boolean) =>
    [...new Set(permissions.filter(({ resource }) => of(resource)).map(({ name }) => name))].toSorted();
  const graphApplicationPermissions = names((resource) => resource === 'graph');
  const actions = names((resource) => resource !== 'graph' && resource !== DESTINATION);
  return {
    roleDefinition: {
      Name: 'Cordon responder',
      IsCustom: true,
      Description: 'What Cordon needs to gather evidence and to contain identities with the enabled actions.',
      Actions: actions,
      NotActions: [],
      DataActions: [],
      NotDataActions: [],
      AssignableScopes: subscriptions.map((id) => `/subscriptions/${id}`),
    },
    graphApplicationPermissions,
    notes: notesOn(
      actions,
      graphApplicationPermissions,
      names((resource) => resource === DESTINATION),
    ),
  };
}

function notesOn(
  actions: readonly string[],
  graph: readonly string[],
  atDestinations: readonly string[],
): readonly string[] {
  const notes: string[] = [];
  if (actions.includes('Microsoft.Authorization/roleAssignments/write'))
    notes.push(
      'Who may assign roles may give itself any: keep the credentials of this identity as you keep those of an Owner.',
    );
  if (graph.includes('Application.ReadWrite.All'))
    notes.push(
      'Application.ReadWrite.All may add a secret to any application: Graph has no narrower permission to disable one.',
    );
  if (graph.some((name) => /^User(?:\.EnableDisable|-Password)/u.test(name)))
    notes.push(
      'For users who hold a role in the directory, the identity needs the directory role Privileged Authentication Administrator.',
    );
  if (atDestinations.length > 0)
    notes.push(
      `To restore diagnostic settings, assign a role at what each of them sends to, and nowhere else, with the one of these that ` +
        `fits: ${atDestinations.join(', ')}.`,
    );
  return notes;
}

function permissionsOfAction(action: string): readonly Permission[] {
  const definition: AzureActionDefinition | undefined = Object.hasOwn(AZURE_ACTIONS, action)
    ? AZURE_ACTIONS[action as AzureActionId]
    : undefined;
  if (!definition) throw new CordonFailure('ValidationFailed', `There is no Azure action called ${action}.`);
  return definition.facts.permissions;
}
