import { createHash } from 'node:crypto';

import { CordonFailure } from '../../contracts/failures.ts';
import { parseArn } from '../../domain/arn.ts';
import type { ActivityFacts } from '../../domain/evidence.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import { DENY_ALL } from './actions/deny-principal/index.ts';
import type { AwsActionId } from './actions/index.ts';
import { REVOKE_POLICY_NAME } from './actions/revoke-role-sessions/document.ts';
import { CASE_ID } from './names.ts';

/**
 * What to do about a principal, in the order of safety: deny, keys, sessions of the roles it assumed, and last a new key.
 * The same input always makes the same requests, whenever: hours may pass before the plan is approved and carried out.
 * Empty for kinds of identity that only a person can contain; `proposalCaveats` says so.
 */
export function proposeActions(
  principal: Principal,
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
  const roles = user || own.length > 0 ? [...new Set([...own, ...assumedRoles(principal, activity).here])] : [];
  return [
    ...(user
      ? request('deny-principal', principal.arn, { policyName: `CordonDeny-${caseId}`, policyDocument: DENY_ALL })
      : []),
    ...(user ? request('deactivate-access-keys', principal.arn, {}) : []),
    ...roles.flatMap(revoke),
    ...(user
      ? request('rotate-access-key', principal.arn, {
          caseId,
          secretName: `cordon/access-keys/${caseId}`,
          clientRequestToken: createHash('sha256').update(`${caseId} rotate-access-key ${principal.arn}`).digest('hex'),
        })
      : []),
  ];
}

/** What the proposal can't promise; belongs into the plan's caveats, where the approver reads it. */
export function proposalCaveats(
  principal: Principal,
  activity: ActivityFacts | null,
  enabledActions: readonly string[],
): readonly string[] {
  const caveats: string[] = [];
  const byHand = BY_HAND[principal.kind];
  if (byHand) caveats.push(byHand);
  if (principal.kind === 'iam-user' && !enabledActions.includes('deny-principal')) {
    caveats.push(
      'Sessions minted with the keys outlive them and can mint more, because deny-principal is not enabled.',
    );
  }
  if (activity === null) {
    caveats.push('The log could not be read: which roles these credentials assumed is unknown; such sessions live on.');
    return caveats;
  }
  if (activity.around.truncated) {
    caveats.push(
      'The log around the alert was too long to read whole: roles may have been assumed that are not named here.',
    );
  }
  const { here, elsewhere } = assumedRoles(principal, activity);
  if (elsewhere.length > 0) {
    caveats.push(`Roles of other accounts were assumed, which Cordon does not change: ${elsewhere.join(', ')}.`);
  }
  if (here.length > 0 && !enabledActions.includes('revoke-role-sessions')) {
    caveats.push(`Sessions of assumed roles live on, because revoke-role-sessions is not enabled: ${here.join(', ')}.`);
  }
  return caveats;
}

const BY_HAND: Readonly<Partial<Record<Principal['kind'], string>>> = {
  root: 'Policies of IAM do not bind the root of the account: a person must change its password and keys.',
  'identity-center-user':
    'Roles of Identity Center can not be edited in IAM: disable the user there, end its sessions.',
  'federated-user': 'A federated session is stopped by a deny on the user who minted it: find that user in the log.',
  'service-linked-role': 'Sessions of a service-linked role can not be revoked: a person must act in that service.',
  'aws-service': 'A service of AWS is no identity to contain.',
};

/** Sorted, so that the same facts in another order make the same plan. */
function assumedRoles(principal: Principal, activity: ActivityFacts | null) {
  const arns = [...new Set((activity?.assumedRoles ?? []).map(({ roleArn }) => roleArn))].toSorted();
  const isHere = (arn: string) => parseArn(arn)?.accountId === principal.accountId;
  return { here: arns.filter(isHere), elsewhere: arns.filter((arn) => !isHere(arn)) };
}
