import type { PrincipalClue } from '../../domain/alert.ts';
import { cluesOf } from '../clues.ts';
import type { AccessKeyDetails, Finding } from './schema.ts';

type Candidate = readonly [form: PrincipalClue['form'], value: string | null | undefined];

/**
 * Whose key it is. A finding about something else than a key (an instance, a bucket without a caller) has no clue: a person
 * looks. `userName` means a user only for IAM users; for a role it is the role's name.
 */
export function cluesOfKey({ resource, accountId, partition }: Finding): readonly PrincipalClue[] {
  const key = resource?.accessKeyDetails;
  if (!key) return [];
  return cluesOf([
    nameOf(key, accountId, partition ?? 'aws'),
    ['access-key-id', key.accessKeyId],
    ['principal-id', key.principalId],
  ]);
}

function nameOf(
  { userType, userName, principalId }: AccessKeyDetails,
  accountId: string,
  partition: string,
): Candidate {
  const sts = `arn:${partition}:sts::${accountId}`;
  // Of a role or a federated user the principal id is `AROA…:session` or `account:name`.
  const session = principalId?.split(':').slice(1).join(':');
  if (!userName) return ['other', userType ? `${userType} without a name` : undefined];
  switch (userType) {
    case 'IAMUser':
      return ['user-name', userName];
    case 'Root':
      return ['arn', `arn:${partition}:iam::${accountId}:root`];
    case 'AssumedRole':
      return session ? ['arn', `${sts}:assumed-role/${userName}/${session}`] : ['other', `role ${userName}`];
    case 'FederatedUser':
      return ['arn', `${sts}:federated-user/${userName}`];
    default:
      return ['other', `${userType ?? 'unknown kind'} ${userName}`];
  }
}
