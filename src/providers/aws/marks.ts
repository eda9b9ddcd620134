import type { ManagedPolicyDetail, PolicyDetail, RoleDetail, UserDetail } from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { Mark } from '../../domain/orphan.ts';
import { QUARANTINE_PATH } from './actions/quarantine-principal/document.ts';
import { REVOKE_POLICY_NAME } from './actions/revoke-role-sessions/document.ts';
import { ROLE_NAME, USER_NAME } from './names.ts';

/** As `caseIdOf` makes them: a Sid holds letters and digits only, and a number may follow. */
const CASE_ID = /^ca_[A-Za-z0-9_-]{1,60}$/u;
const REVOKES = /^Cordonca([0-9A-Za-z]+)$/u;
const CLOSES_TRUST = /^CordonClosesTrust(?:ca([0-9a-f]{32}))?/u;
const DENY = 'CordonDeny-';
const QUARANTINE = 'CordonQuarantine-';
const POLICY_NAME = /^[\w+=,.@-]{1,128}$/u;

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
    if (PolicyName.startsWith(DENY)) {
      const caseId = caseIdIn(PolicyName.slice(DENY.length));
      return [{ ...common, leftBy: ['deny-principal', 'deny-created-identity'], caseId }];
    }
    if (PolicyName !== REVOKE_POLICY_NAME) return [];
    const mark = sidsOf(PolicyDocument).find((sid) => sid.startsWith('Cordon'));
    if (mark === undefined) return [];
    const digits = REVOKES.exec(mark)?.[1];
    return [
      { ...common, leftBy: ['revoke-role-sessions'], caseId: digits === undefined ? null : caseIdIn(`ca_${digits}`) },
    ];
  });
}

/** What close-role-trust added; what it took out of a trust policy leaves no mark. */
export function trustMarks({ RoleName = '', Arn = '', AssumeRolePolicyDocument = '' }: RoleDetail): readonly Mark[] {
  const marks = sidsOf(AssumeRolePolicyDocument).flatMap((sid) => {
    const found = CLOSES_TRUST.exec(sid);
    return found ? [{ sid, caseId: found[1] === undefined ? null : `ca_${found[1]}` }] : [];
  });
  return marks.map(({ sid, caseId }) => ({
    kind: 'trust statement',
    name: `${sid} of ${Arn}`,
    targets: [Arn],
    leftBy: ['close-role-trust'],
    caseId,
    trace: caseId ?? sid,
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
  if (!PolicyName.startsWith(QUARANTINE) || !Arn.includes(`:policy${QUARANTINE_PATH}`)) return [];
  const common = {
    kind: 'managed policy',
    leftBy: ['quarantine-principal'],
    caseId: caseIdIn(PolicyName.slice(QUARANTINE.length)),
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
    caseId: caseIdIn(secretName.split('/').at(-1) ?? ''),
    trace: secretName,
    removal: /^[\w/+=.@-]{1,512}$/u.test(secretName)
      ? `aws secretsmanager delete-secret --secret-id ${secretName}, and the access key that its tags name.`
      : 'delete it in the console.',
  };
}

function caseIdIn(text: string): string | null {
  return CASE_ID.test(text) ? text : null;
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
