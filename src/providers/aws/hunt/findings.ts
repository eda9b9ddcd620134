import { parseArn } from '../../../domain/arn.ts';
import type { ChangedIdentity, IdentityChange } from '../../../domain/evidence.ts';
import type { JsonValue } from '../../../domain/json.ts';
import type { Finding, MeasureId } from './measures.ts';
import { RESERVED_POLICY } from '../owner.ts';

/** Null for a change that nothing here knows, or that does not say enough. */
export function findingOf(change: IdentityChange, accountId: string): Finding | null {
  const { owner, details = {}, before, at } = change;
  const { policyArn, policyVersionId, providerArn, functionArn, statementId, documentDigest } = details;
  const onOwner = (action: MeasureId, item: JsonValue | undefined): Finding | null =>
    owner && item !== undefined ? { action, target: owner.arn, uniqueId: owner.uniqueId, item } : null;
  const onResource = (action: MeasureId, target: string | undefined, item: JsonValue | undefined): Finding | null =>
    target !== undefined && item !== undefined && parseArn(target)?.accountId === accountId
      ? { action, target, uniqueId: '', item }
      : null;
  const restoring = (finding: Finding | null): Finding | null => (finding && before ? { ...finding, before } : null);
  switch (change.eventName) {
    case 'CreateUser':
    case 'CreateRole':
      return onOwner('deny-created-identity', '');
    case 'CreateAccessKey':
      return onOwner('deactivate-created-keys', details.accessKeyId);
    case 'CreateLoginProfile':
      return ofUser(owner) ? onOwner('remove-created-login-profile', at) : null;
    case 'AttachUserPolicy':
    case 'AttachRolePolicy':
    case 'AttachGroupPolicy':
      return isOurs(policyArn) ? null : onOwner('detach-policies', policyArn);
    case 'PutUserPolicy':
    case 'PutRolePolicy':
    case 'PutGroupPolicy':
      return isOurs(details.policyName) ? null : onOwner('remove-inline-policies', details.policyName);
    case 'AddUserToGroup':
      return ofUser(owner) ? onOwner('remove-from-groups', details.groupName) : null;
    case 'UpdateAssumeRolePolicy':
      return restoring(onOwner('restore-role-trust', documentDigest));
    case 'CreatePolicyVersion':
    case 'SetDefaultPolicyVersion':
      return isOurs(policyArn) ? null : restoring(onResource('restore-policy-version', policyArn, policyVersionId));
    case 'CreateOpenIDConnectProvider':
    case 'CreateSAMLProvider':
      return onResource('delete-created-identity-providers', providerArn, at);
    case 'AddPermission20150331v2':
      return statementId === undefined || documentDigest === undefined
        ? null
        : onResource('remove-function-permissions', functionArn, { statementId, digest: documentDigest });
    default:
      return null;
  }
}

/** Of a policy that Cordon itself puts, a removal would take Cordon's own change away. */
function isOurs(policy: string | undefined): boolean {
  return RESERVED_POLICY.test(policy?.split('/').at(-1) ?? '');
}

function ofUser(owner: ChangedIdentity | null | undefined): boolean {
  return owner?.kind === 'user';
}
