import { CordonFailure } from '../../contracts/failures.ts';
import { parseArn } from '../../domain/arn.ts';
import type { ActionRequest } from '../../domain/plan.ts';

/** IAM's own rules for names; nothing else gets near a call. A lone `*`, a template's braces or a space never match. */
export const USER_NAME = /^[\w+=,.@-]{1,64}$/u;
export const ROLE_NAME = /^[\w+=,.@-]{1,64}$/u;
export const GROUP_NAME = /^[\w+=,.@-]{1,128}$/u;
export const ACCOUNT_ID = /^\d{12}$/u;
export const CASE_ID = /^[A-Za-z0-9_-]{1,64}$/u;
/** Ids of users, roles, groups and keys: a prefix of four and at least twelve more. */
export const UNIQUE_ID = /^(?:AIDA|AROA|AGPA)[A-Z0-9]{12,124}$/u;
export const ACCESS_KEY_ID = /^(?:AKIA|ASIA)[A-Z0-9]{12,124}$/u;

export const POLICY_ARN = /^arn:aws:iam::(?:aws|\d{12}):policy\/[\w+=,.@/-]{1,512}$/u;
export const POLICY_NAME = /^[\w+=,.@-]{1,128}$/u;
export const VERSION_ID = /^v[1-9]\d{0,9}$/u;
export const PROVIDER_ARN = /^arn:aws:iam::\d{12}:(?:oidc|saml)-provider\/[\w.:/@+=,-]{1,255}$/u;
/** With a version or an alias where the statement is on one. */
export const FUNCTION_ARN =
  /^arn:aws:lambda:[a-z0-9-]{1,30}:\d{12}:function:[\w-]{1,64}(?::(?:\$LATEST|[\w-]{1,128}))?$/u;
export const STATEMENT_ID = /^[\w-]{1,100}$/u;
export const DIGEST = /^[0-9a-f]{64}$/u;

/** The name of an identity from its ARN, which may hold a path. Throws where the ARN is not exactly one such resource. */
export function nameInArn(kind: 'user' | 'role' | 'group', arn: string, accountId: string): string {
  const parsed = parseArn(arn);
  const path = parsed?.resource.split('/') ?? [];
  const name = path.at(-1) ?? '';
  const fits =
    parsed?.service === 'iam' &&
    parsed.partition === 'aws' &&
    path.length > 1 &&
    path[0] === kind &&
    (kind === 'group' ? GROUP_NAME : USER_NAME).test(name);
  if (!fits || parsed.accountId !== accountId) {
    throw new CordonFailure('TargetRefused', `The target is not one IAM ${kind} of account ${accountId}.`);
  }
  return name;
}

/** The user that an action on a user is about: the principal itself, by name. */
export function targetUser(request: ActionRequest): string {
  const { principal, target } = request;
  const name = nameInArn('user', target, request.accountId);
  if (principal.kind !== 'iam-user' || principal.arn !== target || principal.name !== name) {
    throw new CordonFailure(
      'TargetRefused',
      `${request.action} changes IAM users, and only the one the case is about.`,
    );
  }
  return name;
}
