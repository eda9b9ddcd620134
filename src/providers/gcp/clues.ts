import type { PrincipalClue } from '../../domain/alert.ts';
import { EMAIL, isServiceAccountEmail, KEY_ID, PROJECT_ID, UNIQUE_ID } from './names.ts';

/** What one clue says, by its shape alone; nothing here is confirmed yet. */
export type Lead =
  | { readonly kind: 'account'; readonly email: string; readonly projectId?: string; readonly keyId?: string }
  | { readonly kind: 'user'; readonly email: string }
  | { readonly kind: 'unique-id'; readonly uniqueId: string; readonly projectId?: string; readonly keyId?: string }
  | { readonly kind: 'key'; readonly keyId: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unusable'; readonly reason: string };

const PLACEHOLDERS = new Set([
  '-',
  'unknown',
  'null',
  'none',
  'undefined',
  'n/a',
  'anonymous',
  'allusers',
  'allauthenticatedusers',
]);
const ACCOUNT_RESOURCE =
  /^(?:\/\/iam\.googleapis\.com\/)?projects\/([^/]+)\/serviceAccounts\/([^/]+)(?:\/keys\/([0-9a-f]{40}))?$/u;

/**
 * Read by shape, not by the form that the alert claims. What does not plainly name one identity is unusable: an empty value, a
 * wildcard, an unfilled template, a group, an identity of another provider.
 */
export function readClue({ value: given }: PrincipalClue): Lead {
  const value = given.trim();
  if (value === '' || PLACEHOLDERS.has(value.toLowerCase())) return unusable('a clue names nobody');
  if (/[*?{}<>$%\s\p{Cc}"\\]/u.test(value)) return unusable('a clue holds a wildcard, a template or a space');
  const [, projectId, account, keyId] = ACCOUNT_RESOURCE.exec(value) ?? [];
  if (projectId !== undefined && account !== undefined) return readAccount(account, projectId, keyId);
  const subject = /^principal:\/\/goog\/subject\/(.+)$/u.exec(value)?.[1];
  if (subject !== undefined) return readEmail(subject);
  if (/^principal(?:Set)?:\/\//u.test(value))
    return unusable('a clue names an identity of another provider (workload or workforce federation)');
  const [, member, email] = /^(user|serviceAccount):(.+)$/u.exec(value) ?? [];
  if (email !== undefined) {
    const lead = readEmail(email);
    const fits = lead.kind === (member === 'user' ? 'user' : 'account');
    return fits || lead.kind === 'unusable' ? lead : unusable('a clue contradicts itself');
  }
  if (KEY_ID.test(value)) return { kind: 'key', keyId: value };
  if (UNIQUE_ID.test(value)) return { kind: 'unique-id', uniqueId: value };
  if (value.includes('@')) return readEmail(value);
  if (/^[\w.-]{1,128}$/u.test(value)) return { kind: 'name', name: value };
  return unusable('a clue has a form that is not known');
}

function readAccount(account: string, projectId: string, keyId: string | undefined): Lead {
  if (projectId !== '-' && !PROJECT_ID.test(projectId)) return unusable('a clue names no project by its id');
  const where = { ...(projectId === '-' ? {} : { projectId }), ...(keyId === undefined ? {} : { keyId }) };
  if (UNIQUE_ID.test(account)) return { kind: 'unique-id', uniqueId: account, ...where };
  const lead = readEmail(account);
  return lead.kind === 'account' ? { ...lead, ...where } : unusable('a clue is no service account');
}

function readEmail(text: string): Lead {
  const email = text.toLowerCase();
  if (!EMAIL.test(email)) return unusable('a clue is no e-mail address');
  return isServiceAccountEmail(email) ? { kind: 'account', email } : { kind: 'user', email };
}

function unusable(reason: string): Lead {
  return { kind: 'unusable', reason };
}
