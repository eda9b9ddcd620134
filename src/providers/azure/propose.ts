import { CordonFailure } from '../../contracts/failures.ts';
import type { ActivityFacts } from '../../domain/evidence.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { AzurePrincipal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import type { Proposal } from '../port.ts';
import type { AzureActionId } from './actions/index.ts';
import { leftBehind } from './left-behind.ts';
import { CASE_ID, DIAGNOSTIC_SETTING } from './names.ts';
import type { AzureSettings } from './settings.ts';

/** Which actions a kind of identity has, in the order of safety (`AZURE_ACTIONS`). */
const ACTIONS_OF: Readonly<Record<AzurePrincipal['kind'], readonly AzureActionId[]>> = {
  'service-principal': ['disable-service-principal', 'remove-application-credentials'],
  'entra-user': ['disable-user', 'revoke-sign-in-sessions', 'reset-user-password'],
  // Entra does not let anyone disable it, and its credentials are not those of an application: only its roles can be taken away.
  'managed-identity': [],
};

/**
 * What to do about a principal, and what that does not cover. The same input always makes the same proposal. Whatever tokens are out
 * is covered where roles are taken away as well: Azure Resource Manager looks roles up at every call, and Graph refuses tokens of a
 * disabled principal. What only a read can tell, such as roles through groups, the actions' preflights add.
 */
export function propose(
  { subscriptions, tightenTo }: Pick<AzureSettings, 'subscriptions' | 'tightenTo'>,
  principal: AzurePrincipal,
  activity: ActivityFacts | null,
  caseId: string,
  enabledActions: readonly string[],
): Proposal {
  if (!CASE_ID.test(caseId)) throw new CordonFailure('ValidationFailed', 'The case id has characters it can not have.');
  const isEnabled = (action: AzureActionId) => enabledActions.includes(action);
  const request = (action: AzureActionId, target: string, parameters: JsonObject): ActionRequest[] =>
    isEnabled(action)
      ? [{ action, cloud: 'azure', accountId: principal.accountId, principal, target, parameters }]
      : [];
  const own = resourceOf(principal);
  const settings = touchedSettings(subscriptions, activity);
  const left = leftBehind(principal, subscriptions, activity);
  return {
    requests: [
      ...ACTIONS_OF[principal.kind].flatMap((action) => request(action, own, {})),
      // Removing all includes tightening; one of the two, so that neither undoes the other's work in a rollback.
      ...(isEnabled('remove-role-assignments')
        ? request('remove-role-assignments', own, { caseId })
        : request('tighten-role-assignments', own, { caseId, tightenTo: { ...tightenTo } })),
      ...request('remove-eligible-roles', own, { caseId }),
      ...left.assignments.flatMap((target) => request('remove-granted-assignment', target, {})),
      ...settings.here.flatMap((target) => request('restore-diagnostic-settings', target, {})),
    ],
    caveats: [
      ...caveatsOnTokens(principal, isEnabled),
      ...left.caveats,
      ...(isEnabled('remove-granted-assignment') ? [] : left.assignments.map(stays)),
      ...caveatsOnLogs(activity, settings, isEnabled('restore-diagnostic-settings')),
    ],
  };
}

const stays = (assignment: string) =>
  `A role that the principal gave to another stays, because remove-granted-assignment is not enabled: ${assignment}.`;

function caveatsOnTokens({ kind }: AzurePrincipal, isEnabled: (action: AzureActionId) => boolean): readonly string[] {
  const caveats: string[] = [];
  const takesRoles = isEnabled('tighten-role-assignments') || isEnabled('remove-role-assignments');
  if (kind === 'managed-identity') {
    caveats.push(
      'A managed identity can not be disabled: whoever controls the resource that it belongs to gets tokens for it still, and those ' +
        'that are out live for up to 24 hours. Isolate that resource. A user-assigned one may have federated credentials, and its ' +
        'application permissions of Graph and its roles in the directory stay: look at both.',
    );
  }
  const disable = kind === 'entra-user' ? 'disable-user' : 'disable-service-principal';
  if (kind !== 'managed-identity' && !isEnabled(disable))
    caveats.push(`It can still sign in, because ${disable} is not enabled.`);
  if (!takesRoles) {
    caveats.push(
      'Tokens that are out keep their roles in Azure Resource Manager until they expire, about an hour, because neither ' +
        'tighten-role-assignments nor remove-role-assignments is enabled.',
    );
  }
  if (!isEnabled('remove-eligible-roles')) {
    caveats.push(
      'Roles that can be activated, or were given for a time, stay, because remove-eligible-roles is not enabled.',
    );
  }
  return caveats;
}

interface TouchedSettings {
  readonly here: readonly string[];
  readonly elsewhere: readonly string[];
}

function caveatsOnLogs(
  activity: ActivityFacts | null,
  { here, elsewhere }: TouchedSettings,
  restores: boolean,
): readonly string[] {
  if (activity === null)
    return [
      'The log could not be read: whether the principal switched off a log, or gave rights to others, is unknown.',
    ];
  const caveats: string[] = [];
  if (activity.around.truncated) {
    caveats.push(
      'The log around the alert was too long to read whole: the principal may have switched off a log, or given rights to others, ' +
        'that are not named here.',
    );
  }
  const left = [...elsewhere, ...(restores ? [] : here)];
  if (left.length > 0)
    caveats.push(`The principal changed where logs are sent, and Cordon does not restore it: ${left.join(', ')}.`);
  return caveats;
}

/** Diagnostic settings that the principal deleted or changed, sorted: the same facts in another order make the same plan. */
function touchedSettings(subscriptions: readonly string[], activity: ActivityFacts | null): TouchedSettings {
  const touched = (activity?.changesByPrincipal ?? []).filter(
    ({ eventName, denied }) =>
      !denied && /^microsoft\.insights\/diagnosticsettings\/(?:write|delete)$/u.test(eventName),
  );
  const targets = [...new Map(touched.map(({ target }) => [target.toLowerCase(), target])).values()].toSorted();
  const ours = subscriptions.map((id) => id.toLowerCase());
  const isHere = (target: string) => ours.includes(DIAGNOSTIC_SETTING.exec(target)?.[2]?.toLowerCase() ?? '');
  return { here: targets.filter(isHere), elsewhere: targets.filter((target) => !isHere(target)) };
}
