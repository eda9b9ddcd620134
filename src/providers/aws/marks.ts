import type { ManagedPolicyDetail, PolicyDetail, RoleDetail, UserDetail } from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { Mark } from '../../domain/orphan.ts';
import { QUARANTINE_PATH } from './actions/quarantine-principal/document.ts';
import { REVOKE_POLICY_NAME } from './actions/revoke-role-sessions/document.ts';
import { CLOSED_TRUST, DENY_POLICY, KEY_SECRET, QUARANTINE_POLICY, REVOCATION } from './mark-names.ts';
import { POLICY_NAME, ROLE_NAME, USER_NAME } from './names.ts';

const sids = z.object({
  Statement: z
    .union([z.looseObject({}).transform((one) => [one]), z.array(z.looseObject({}))])
    .transform((list) => list.flatMap(({ Sid }) => (typeof Sid === 'string' ? [Sid] : []))),
});

/** Policies on one user or role; one that AWS's console put to revoke sessions has no Sid of ours, and is not taken for ours. */
export function inlineMarks(
  owner: 'user' | 'role',
  ownerName = '',
  arn = '',
  policies: readonly PolicyDetail[] = [],
): readonly Mark[] {
  return policies.flatMap(({ PolicyName = '', PolicyDocument = '' }) => {
    const common = {
      kind: 'inline policy',
      name: `${PolicyName} of ${arn}`,
      targets: [arn],
      trace: PolicyName,
      removal: removalOf(owner, ownerName, PolicyName),
    };
    if (PolicyName.startsWith(DENY_POLICY.prefix)) {
      const caseId = DENY_POLICY.caseIn(PolicyName);
      return [{ ...common, leftBy: ['deny-principal', 'deny-created-identity'], caseId }];
    }
    if (PolicyName !== REVOKE_POLICY_NAME) return [];
    const sid = sidsOf(PolicyDocument).find((one) => one.startsWith(REVOCATION.prefix));
    return sid === undefined ? [] : [{ ...common, leftBy: ['revoke-role-sessions'], caseId: REVOCATION.caseIn(sid) }];
  });
}

/** What close-role-trust added; what it took out of a trust policy leaves no mark. */
export function trustMarks({ RoleName = '', Arn = '', AssumeRolePolicyDocument = '' }: RoleDetail): readonly Mark[] {
  const marks = sidsOf(AssumeRolePolicyDocument).filter((sid) => sid.startsWith(CLOSED_TRUST.prefix));
  return marks.map((sid) => ({
    kind: 'trust statement',
    name: `${sid} of ${Arn}`,
    targets: [Arn],
    leftBy: ['close-role-trust'],
    caseId: CLOSED_TRUST.caseIn(sid),
    trace: CLOSED_TRUST.caseIn(sid) ?? sid,
    removal: ROLE_NAME.test(RoleName)
      ? `take the statement out of what \`aws iam get-role --role-name ${RoleName}\` shows, and put the rest with update-assume-role-policy.`
      : 'edit the trust policy in the console.',
  }));
}

/** One mark for each user that has it, or one for a policy that nobody has. */
export function policyMarks(
  { PolicyName = '', Arn = '' }: ManagedPolicyDetail,
  users: readonly UserDetail[],
): readonly Mark[] {
  if (!PolicyName.startsWith(QUARANTINE_POLICY.prefix) || !Arn.includes(`:policy${QUARANTINE_PATH}`)) return [];
  const common = {
    kind: 'managed policy',
    leftBy: ['quarantine-principal'],
    caseId: QUARANTINE_POLICY.caseIn(PolicyName),
    trace: PolicyName,
  };
  const isPlain = POLICY_NAME.test(PolicyName);
  const deletion = isPlain ? `aws iam delete-policy --policy-arn ${Arn}` : 'delete it in the console.';
  const holders = users.filter((user) => user.AttachedManagedPolicies?.some(({ PolicyArn }) => PolicyArn === Arn));
  if (holders.length === 0) return [{ ...common, name: `${Arn} of nobody`, targets: [], removal: deletion }];
  return holders.map((user) => ({
    ...common,
    name: `${Arn} of ${user.Arn ?? ''}`,
    targets: user.Arn ? [user.Arn] : [],
    removal: isPlain
      ? `aws iam detach-user-policy --policy-arn ${Arn} --user-name ${user.UserName ?? ''}, then ${deletion}`
      : 'detach it in the console.',
  }));
}

export function secretMark(secretName: string): Mark {
  return {
    kind: 'secret',
    name: secretName,
    targets: [],
    leftBy: ['rotate-access-key'],
    caseId: KEY_SECRET.caseIn(secretName),
    trace: secretName,
    removal: /^[\w/+=.@-]{1,512}$/u.test(secretName)
      ? `aws secretsmanager delete-secret --secret-id ${secretName}, and the access key that its tags name.`
      : 'delete it in the console.',
  };
}

function removalOf(owner: 'user' | 'role', name: string, policyName: string): string {
  const plain = (owner === 'user' ? USER_NAME : ROLE_NAME).test(name) && POLICY_NAME.test(policyName);
  return plain
    ? `aws iam delete-${owner}-policy --${owner}-name ${name} --policy-name ${policyName}`
    : 'delete it in the console.';
}

/** IAM answers with documents URL-encoded (RFC 3986). One that is no policy has no statement of ours. */
function sidsOf(document: string): readonly string[] {
  try {
    return sids.parse(JSON.parse(decodeURIComponent(document))).Statement;
  } catch {
    return [];
  }
}
