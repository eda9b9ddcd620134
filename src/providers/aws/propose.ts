import { createHash } from 'node:crypto';

import { CordonFailure } from '../../contracts/failures.ts';
import { parseArn } from '../../domain/arn.ts';
import type { ActivityFacts } from '../../domain/evidence.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { AwsPrincipal } from '../../domain/principal.ts';
import { byHand } from '../../domain/principal.ts';
import type { AwsActionId } from './actions/index.ts';
import { QUARANTINE } from './actions/quarantine-principal/document.ts';
import { REVOKE_POLICY_NAME } from './actions/revoke-role-sessions/document.ts';
import { DENY_ALL } from './deny.ts';
import { personArn } from './identity-center/people.ts';
import { leftBehind } from './hunt/left-behind.ts';
import { waysIn } from './hunt/way-in.ts';
import { DENY_POLICY, KEY_SECRET, QUARANTINE_POLICY } from './mark-names.ts';
import { CASE_ID } from './names.ts';

/** By what a user gets in beside access keys and sessions; the one that can't be undone last. */
const OTHER_CREDENTIALS = [
  'deactivate-ssh-public-keys',
  'deactivate-signing-certificates',
  'deactivate-service-specific-credentials',
  'reset-console-password',
] as const satisfies readonly AwsActionId[];

/**
 * What to do about a principal, in the order of safety: deny, keys, sessions of the roles it assumed, other
 * credentials, and last a new key.
 * The same input always makes the same requests, whenever: hours may pass before the plan is approved and carried out.
 * Empty for kinds of identity that only a person can contain; `proposalCaveats` says so.
 */
export function proposeActions(
  principal: AwsPrincipal,
  activity: ActivityFacts | null,
  caseId: string,
  enabledActions: readonly string[],
): readonly ActionRequest[] {
  if (!CASE_ID.test(caseId)) throw new CordonFailure('ValidationFailed', 'The case id has characters it can not have.');
  const request = (action: AwsActionId, target: string, parameters: JsonObject): ActionRequest[] =>
    enabledActions.includes(action)
      ? [{ action, cloud: 'aws', accountId: principal.accountId, principal, target, parameters }]
      : [];
  const revoke = (roleArn: string) =>
    request('revoke-role-sessions', roleArn, { caseId, policyName: REVOKE_POLICY_NAME });
  const user = principal.kind === 'iam-user';
  const own = principal.kind === 'role-session' ? [principal.arn] : [];
  const person = principal.kind === 'identity-center-user' && byHand(principal) === null;
  const hunted = user || person || own.length > 0;
  const roles = hunted ? [...new Set([...own, ...assumedRoles(principal, activity).here])] : [];
  return [
    ...(user
      ? request('deny-principal', principal.arn, { policyName: DENY_POLICY.of(caseId), policyDocument: DENY_ALL })
      : []),
    ...(person ? request('deny-permission-set-user', personArn(principal.uniqueId ?? ''), { caseId }) : []),
    ...(user
      ? request('quarantine-principal', principal.arn, {
          caseId,
          policyName: QUARANTINE_POLICY.of(caseId),
          policyDocument: QUARANTINE,
        })
      : []),
    ...(user ? request('deactivate-access-keys', principal.arn, {}) : []),
    ...(person ? request('remove-account-assignments', personArn(principal.uniqueId ?? ''), {}) : []),
    // First no way in, then no session that came in: the other way round one could slip through.
    ...waysIn(principal, activity).ways.flatMap(({ roleArn, callers }) =>
      request('close-role-trust', roleArn, { caseId, callers }),
    ),
    // Under the deny these are what still lives; the other credentials of the user are not in such a hurry.
    ...roles.flatMap(revoke),
    ...(hunted
      ? leftBehind(principal, activity, caseId, closedRoles(principal, activity, enabledActions)).measures
      : []
    ).flatMap((measure) => request(measure.action, measure.target, measure.parameters)),
    ...(user ? OTHER_CREDENTIALS.flatMap((action) => request(action, principal.arn, {})) : []),
    ...(user
      ? request('rotate-access-key', principal.arn, {
          caseId,
          secretName: KEY_SECRET.of(caseId),
          clientRequestToken: createHash('sha256').update(`${caseId} rotate-access-key ${principal.arn}`).digest('hex'),
        })
      : []),
  ];
}

/**
 * What the proposal can't promise; belongs into the plan's caveats, where the approver reads it. `otherAccounts`: ids of those that
 * Cordon works in besides that of its credentials.
 */
export function proposalCaveats(
  principal: AwsPrincipal,
  activity: ActivityFacts | null,
  enabledActions: readonly string[],
  otherAccounts: readonly string[] = [],
): readonly string[] {
  const caveats: string[] = [];
  const how = byHand(principal);
  if (how) caveats.push(how);
  if (principal.kind === 'identity-center-user' && !how && !enabledActions.includes('deny-permission-set-user')) {
    caveats.push('Sessions of permission sets live on, because deny-permission-set-user is not enabled.');
  }
  if (principal.kind === 'iam-user' && !enabledActions.includes('deny-principal')) {
    caveats.push(
      'Sessions minted with the keys outlive them and can mint more, because deny-principal is not enabled.',
    );
  }
  if (
    principal.kind === 'iam-user' &&
    enabledActions.includes('quarantine-principal') &&
    !enabledActions.includes('deny-principal')
  ) {
    caveats.push(
      'The quarantine is a soft tier: what it does not list still passes, sts:AssumeRole too, so this can not end CONTAINED.',
    );
  }
  if (principal.kind === 'role-session' && !enabledActions.includes('revoke-role-sessions')) {
    caveats.push('The stolen session lives on, because revoke-role-sessions is not enabled.');
  }
  caveats.push(...huntCaveats(principal, activity, enabledActions));
  if (activity === null) {
    caveats.push('The log could not be read: which roles these credentials assumed is unknown; such sessions live on.');
    return caveats;
  }
  if (activity.around.truncated || activity.assumedRolesTruncated) {
    caveats.push(
      'The log around the alert was too long to read whole: roles may have been assumed that are not named here.',
    );
  }
  const { here, elsewhere } = assumedRoles(principal, activity);
  if (elsewhere.length > 0) {
    caveats.push(`Roles of other accounts were assumed, which this case does not change: ${elsewhere.join(', ')}.`);
    const within = elsewhere.filter((arn) => otherAccounts.includes(parseArn(arn)?.accountId ?? ''));
    if (within.length > 0)
      caveats.push(
        `Cordon works in their accounts too, but in a case of their own: send an alert about each of ${within.join(', ')}.`,
      );
  }
  if (here.length > 0 && !enabledActions.includes('revoke-role-sessions')) {
    caveats.push(`Sessions of assumed roles live on, because revoke-role-sessions is not enabled: ${here.join(', ')}.`);
  }
  return caveats;
}

/** Roles whose trust policy close-role-trust edits: two editors of one document would undo each other. */
function closedRoles(
  principal: AwsPrincipal,
  activity: ActivityFacts | null,
  enabledActions: readonly string[],
): ReadonlySet<string> {
  if (!enabledActions.includes('close-role-trust')) return new Set();
  return new Set(waysIn(principal, activity).ways.map(({ roleArn }) => roleArn));
}

/** Ways back in that stay open, and what the suspect left behind that stays. Kinds that only a person can contain have their own. */
function huntCaveats(
  principal: AwsPrincipal,
  activity: ActivityFacts | null,
  enabledActions: readonly string[],
): readonly string[] {
  if (byHand(principal) !== null) return [];
  const { ways, caveats } = waysIn(principal, activity);
  const left = leftBehind(principal, activity, '', closedRoles(principal, activity, enabledActions));
  const wanted = [
    ...ways.map(({ roleArn }) => ({ action: 'close-role-trust', target: roleArn })),
    ...left.measures.map(({ action, target }) => ({ action, target })),
  ];
  const open = wanted.filter(({ action }) => !enabledActions.includes(action));
  return [
    ...caveats,
    ...left.caveats,
    ...open.map(({ action, target }) => `What the suspect left on ${target} stays, because ${action} is not enabled.`),
  ];
}

/** Sorted, so that the same facts in another order make the same plan. */
function assumedRoles(principal: AwsPrincipal, activity: ActivityFacts | null) {
  const arns = [...new Set((activity?.assumedRoles ?? []).map(({ roleArn }) => roleArn))].toSorted();
  const isHere = (arn: string) => parseArn(arn)?.accountId === principal.accountId;
  return { here: arns.filter(isHere), elsewhere: arns.filter((arn) => !isHere(arn)) };
}
