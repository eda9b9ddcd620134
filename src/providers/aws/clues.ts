import type { PrincipalClue } from '../../domain/alert.ts';
import { parseArn } from '../../domain/arn.ts';
import { ACCESS_KEY_ID, ACCOUNT_ID, ROLE_NAME, UNIQUE_ID, USER_NAME } from './names.ts';

/** What one clue says, by its form alone; nothing here is confirmed yet. */
export type Lead =
  | { readonly kind: 'user'; readonly accountId: string; readonly name: string; readonly arn: string }
  | {
      readonly kind: 'role';
      readonly accountId: string;
      readonly name: string;
      readonly arn?: string;
      readonly session?: string;
    }
  | { readonly kind: 'root'; readonly accountId: string }
  | { readonly kind: 'federated'; readonly accountId: string; readonly name: string }
  | { readonly kind: 'access-key'; readonly accessKeyId: string }
  | { readonly kind: 'unique-id'; readonly uniqueId: string; readonly session?: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Values that log pipelines write where there was none. */
const PLACEHOLDERS = new Set([
  '-',
  'unknown',
  'null',
  'none',
  'undefined',
  'n/a',
  'na',
  'anonymous',
  'hidden_due_to_security_reasons',
]);

/**
 * Read by shape, not by the form that the alert claims: detectors put ARNs into name columns and names into id columns. What does
 * not plainly name one identity is unusable: an empty value, a wildcard, an unfilled template (`{{user}}`, `$user`), a service.
 */
export function readClue(clue: PrincipalClue): Lead {
  const value = clue.value.trim();
  const unusable = (reason: string): Lead => ({ kind: 'unusable', reason });
  if (value === '' || PLACEHOLDERS.has(value.toLowerCase())) return unusable('a clue names nobody');
  if (/[*?{}<>$%\s\p{Cc}]/u.test(value)) return unusable('a clue holds a wildcard, a template or a space');
  if (value.startsWith('arn:')) return readArn(value);
  if (value.endsWith('.amazonaws.com'))
    return unusable('a clue names a service of AWS, which is no identity to contain');
  if (ACCESS_KEY_ID.test(value)) return { kind: 'access-key', accessKeyId: value };
  const [id = '', session, ...rest] = value.split(':');
  if (rest.length > 0) return unusable('a clue has a form that is not known');
  if (UNIQUE_ID.test(id)) return { kind: 'unique-id', uniqueId: id, ...(session ? { session } : {}) };
  if (ACCOUNT_ID.test(id)) {
    // The principal id of root is the account's id; that of a federated user is `account:name`.
    if (session === undefined) return { kind: 'root', accountId: id };
    return USER_NAME.test(session)
      ? { kind: 'federated', accountId: id, name: session }
      : unusable('a clue is malformed');
  }
  if (clue.form === 'access-key-id' || clue.form === 'principal-id') return unusable(`a clue is no ${clue.form}`);
  return session === undefined && USER_NAME.test(value)
    ? { kind: 'name', name: value }
    : unusable('a clue has a form that is not known');
}

/** Why clues that read like this lead to nobody, as a sentence, or null. */
export function unusableBecause(leads: readonly Lead[]): string | null {
  if (leads.length === 0) return 'The alert names no identity.';
  const unusable = leads.find((lead) => lead.kind === 'unusable');
  return unusable ? `The identity can't be told: ${unusable.reason}.` : null;
}

function readArn(value: string): Lead {
  const arn = parseArn(value);
  if (!arn || !ACCOUNT_ID.test(arn.accountId)) return { kind: 'unusable', reason: 'a clue is no ARN of one account' };
  if (arn.partition !== 'aws') return { kind: 'unusable', reason: `partition ${arn.partition} is not served yet` };
  const { accountId, resource, service } = arn;
  const [type = '', ...path] = resource.split('/');
  const name = path.at(-1) ?? '';
  if (resource === 'root' && (service === 'iam' || service === 'sts')) return { kind: 'root', accountId };
  if (service === 'iam' && type === 'user' && USER_NAME.test(name))
    return { kind: 'user', accountId, name, arn: value };
  if (service === 'iam' && type === 'role' && ROLE_NAME.test(name))
    return { kind: 'role', accountId, name, arn: value };
  if (service === 'sts' && type === 'assumed-role' && path.length === 2 && path.every((part) => ROLE_NAME.test(part))) {
    return { kind: 'role', accountId, name: path[0] ?? '', session: name };
  }
  if (service === 'sts' && type === 'federated-user' && path.length === 1 && USER_NAME.test(name)) {
    return { kind: 'federated', accountId, name };
  }
  return { kind: 'unusable', reason: 'a clue is an ARN, but not of an identity' };
}
