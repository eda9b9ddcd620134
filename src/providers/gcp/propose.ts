import { CordonFailure } from '../../contracts/failures.ts';
import type { ActivityFacts, GrantedRole } from '../../domain/evidence.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { GcpPrincipal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import type { GcpActionId } from './actions/index.ts';
import { leftBehind } from './left-behind.ts';
import { isSinkChange } from './log/sink-history.ts';
import { CASE_ID } from './names.ts';
import { SINK_RESOURCE } from './sinks.ts';

/**
 * What to do about a principal, in the order of safety: keys, the account, its roles, what it made for others, and then what it did
 * to the log.
 * The same input always makes the same requests.
 */
export function proposeActions(
  principal: GcpPrincipal,
  activity: ActivityFacts | null,
  caseId: string,
  enabledActions: readonly string[],
  projects: readonly string[],
): readonly ActionRequest[] {
  if (!CASE_ID.test(caseId)) throw new CordonFailure('ValidationFailed', 'The case id has characters it can not have.');
  const request = (action: GcpActionId, target: string, parameters: JsonObject): ActionRequest[] =>
    enabledActions.includes(action)
      ? [{ action, cloud: 'gcp', accountId: principal.accountId, principal, target, parameters }]
      : [];
  const target = resourceOf(principal);
  const account = principal.kind === 'service-account';
  const left = leftBehind(principal, projects, activity);
  return [
    ...(account ? request('disable-service-account-keys', target, {}) : []),
    ...(account ? request('disable-service-account', target, {}) : []),
    ...request('remove-iam-bindings', target, {}),
    ...left.keys.flatMap((one) => request('disable-created-keys', one.target, { keyIds: [...one.keyIds] })),
    ...left.grants.flatMap((one) => request('remove-granted-bindings', one.target, { granted: asJson(one.granted) })),
    ...changedSinks(activity, projects).known.flatMap(({ sink, before }) =>
      request('restore-log-sinks', sink, { sink: before }),
    ),
  ];
}

const asJson = (granted: readonly GrantedRole[]) => granted.map((one) => ({ ...one }));

/** What the proposal can't promise; belongs into the plan's caveats, where the approver reads it. Each makes the case PARTIAL. */
export function proposalCaveats(
  principal: GcpPrincipal,
  activity: ActivityFacts | null,
  enabledActions: readonly string[],
  projects: readonly string[],
): readonly string[] {
  const caveats: string[] = [];
  const enabled = (action: GcpActionId) => enabledActions.includes(action);
  if (principal.kind === 'google-user') caveats.push(byHand(principal, enabled('remove-iam-bindings')));
  else if (!enabled('disable-service-account'))
    caveats.push(
      'Access tokens given out before live on for up to an hour, because disable-service-account is not enabled.',
    );
  if (activity === null) {
    caveats.push(
      'The log could not be read: which service accounts were impersonated is unknown; such tokens live on.',
    );
    return caveats;
  }
  if (activity.around.truncated)
    caveats.push(
      'The log does not tell all around the alert (it was too long, or Data Access logs are not on for this identity): service ' +
        'accounts may have been impersonated that are not named here.',
    );
  const others = [...new Set(activity.assumedRoles.map(({ roleArn }) => roleArn))].toSorted();
  if (others.length > 0)
    caveats.push(
      `Tokens made for other service accounts can't be revoked and live up to an hour, by policy twelve: ${others.join(', ')}. ` +
        'Watch those accounts, or disable them by hand.',
    );
  const left = leftBehind(principal, projects, activity);
  caveats.push(...left.caveats);
  if (!enabled('disable-created-keys')) caveats.push(...left.keys.map(({ target }) => stays('A key', target)));
  if (!enabled('remove-granted-bindings')) caveats.push(...left.grants.map(({ target }) => stays('A role', target)));
  return [...caveats, ...sinkCaveats(activity, enabled('restore-log-sinks'), projects)];
}

const stays = (what: string, target: string) =>
  `${what} that it made for others on ${target} stays, because the action against that is not enabled.`;

function byHand({ name }: GcpPrincipal, bindings: boolean): string {
  const roles = bindings
    ? 'Roles through groups, and on single resources, remain'
    : 'Nothing of its access is taken away by Cordon';
  return (
    `${name} is a Google account, which can't be disabled from Google Cloud: suspend it in Google Workspace or Cloud Identity and ` +
    `reset its sign-in cookies. ${roles} until then.`
  );
}

function sinkCaveats(activity: ActivityFacts, enabled: boolean, projects: readonly string[]): readonly string[] {
  const { known, unknown } = changedSinks(activity, projects);
  const left = known.map(({ sink }) => sink);
  return [
    ...(unknown.length > 0
      ? [
          `Log sinks were changed, and the log does not tell what they were before, or they are not ours: ${unknown.join(', ')}.`,
        ]
      : []),
    ...(left.length > 0 && !enabled
      ? [`Log sinks were changed and stay so, because restore-log-sinks is not enabled: ${left.join(', ')}.`]
      : []),
  ];
}

/** Sorted, so that the same facts in another order make the same plan. */
function changedSinks(activity: ActivityFacts | null, projects: readonly string[]) {
  const changes = (activity?.changesByPrincipal ?? []).filter(isSinkChange);
  const sinks = [...new Set(changes.map(({ target }) => target))].toSorted();
  const known = sinks.flatMap((sink) => {
    const before = changes.find((change) => change.target === sink && change.before)?.before;
    const ours = projects.some((id) => sink.startsWith(`${SINK_RESOURCE}projects/${id}/sinks/`));
    return before && ours ? [{ sink, before }] : [];
  });
  const told = new Set(known.map(({ sink }) => sink));
  return { known, unknown: sinks.filter((sink) => !told.has(sink)) };
}
