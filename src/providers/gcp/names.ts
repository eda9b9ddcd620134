import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { GcpPrincipal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';

/** Google's own rules for names; nothing else gets near a call or a filter of the log. */
export const PROJECT_ID = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/u;
export const EMAIL = /^[a-z0-9][a-z0-9._+'-]{0,127}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}$/u;
export const UNIQUE_ID = /^\d{15,25}$/u;
export const KEY_ID = /^[0-9a-f]{40}$/u;
export const CASE_ID = /^[A-Za-z0-9_-]{1,64}$/u;

export function isServiceAccountEmail(email: string): boolean {
  return email.endsWith('.gserviceaccount.com') || email.endsWith('@gserviceaccount.com');
}

/**
 * Whose project an address names. `any`: an account of a project of customers whose address does not say which one (the default
 * account of Compute Engine). `google`: an agent that Google runs in projects of its own; nobody else can disable it.
 */
export type AccountHome =
  | { readonly in: 'project'; readonly projectId: string }
  | { readonly in: 'any' }
  | { readonly in: 'google' };

/** https://cloud.google.com/iam/docs/service-account-types */
export function homeOf(email: string, ours: readonly string[]): AccountHome {
  const [local = '', domain = ''] = email.split('@');
  if (domain === 'appspot.gserviceaccount.com') return { in: 'project', projectId: local };
  if (domain === 'developer.gserviceaccount.com' && /^\d+-compute$/u.test(local)) return { in: 'any' };
  const projectId = /^([a-z0-9-]+)\.iam\.gserviceaccount\.com$/u.exec(domain)?.[1];
  if (projectId === undefined) return { in: 'google' };
  // In a project of ours anyone may name an account like an agent of Google's.
  const agent = /^service-\d+$/u.test(local) || projectId.startsWith('gcp-sa-');
  return agent && !ours.includes(projectId) ? { in: 'google' } : { in: 'project', projectId };
}

/** As policies name it. */
export function memberOf({ kind, name }: GcpPrincipal): string {
  return kind === 'service-account' ? `serviceAccount:${name}` : `user:${name}`;
}

export function accountPath(projectId: string, emailOrId: string): string {
  return `projects/${projectId}/serviceAccounts/${emailOrId}`;
}

/** The principal of a request, where it is the request's target and one of ours. */
export function targetPrincipal(request: ActionRequest, projects: readonly string[]): GcpPrincipal {
  const { principal, target, accountId, action } = request;
  if (
    principal.cloud !== 'gcp' ||
    principal.accountId !== accountId ||
    resourceOf(principal) !== target ||
    !EMAIL.test(principal.name)
  )
    throw new CordonFailure('TargetRefused', `${action} changes only the identity that the case is about.`);
  if (principal.kind === 'service-account' && !projects.includes(accountId))
    throw new CordonFailure(
      'TargetRefused',
      `The account belongs to project ${accountId}, which Cordon does not serve.`,
    );
  return principal;
}

export function targetAccount(request: ActionRequest, projects: readonly string[]): GcpPrincipal {
  const principal = targetPrincipal(request, projects);
  if (principal.kind === 'service-account') return principal;
  throw new CordonFailure('TargetRefused', `${request.action} is for service accounts; ${principal.name} is none.`);
}
