import type { PrincipalClue } from '../../domain/alert.ts';
import { ID, USER_PRINCIPAL_NAME } from './names.ts';

/** What one clue says, by its form alone; nothing here is confirmed yet. */
export type Lead =
  | { readonly kind: 'object-id'; readonly id: string }
  | { readonly kind: 'app-id'; readonly id: string }
  /** An id in a column that holds object ids in one detector and application ids in another. */
  | { readonly kind: 'either-id'; readonly id: string }
  | { readonly kind: 'user-principal-name'; readonly name: string }
  | { readonly kind: 'resource'; readonly tenantId: string; readonly user: boolean; readonly id: string }
  | { readonly kind: 'unusable'; readonly reason: string };

const RESOURCE = /^\/tenants\/([0-9a-f-]{36})\/(users|serviceprincipals)\/([0-9a-f-]{36})$/u;

/**
 * What does not plainly name one identity is unusable: an empty value, a wildcard, an unfilled template, and above all a display
 * name, which anybody who may create an application can choose.
 */
export function readClue({ form, value: given }: PrincipalClue): Lead {
  const value = given.trim();
  const lower = value.toLowerCase();
  const unusable = (reason: string): Lead => ({ kind: 'unusable', reason });
  const resource = RESOURCE.exec(lower);
  if (resource) {
    const [, tenantId = '', collection, id = ''] = resource;
    return { kind: 'resource', tenantId, user: collection === 'users', id };
  }
  if (ID.test(lower)) {
    if (form === 'object-id') return { kind: 'object-id', id: lower };
    if (form === 'app-id') return { kind: 'app-id', id: lower };
    if (form === 'access-key-id' || form === 'key-id')
      return unusable('a clue is the id of a key, which does not tell whose it is');
    return { kind: 'either-id', id: lower };
  }
  if (form === 'object-id' || form === 'app-id' || form === 'resource-name') return unusable(`a clue is no ${form}`);
  if (USER_PRINCIPAL_NAME.test(value)) return { kind: 'user-principal-name', name: value };
  if (value === '') return unusable('a clue names nobody');
  return unusable('a clue is neither an id nor a user principal name; a display name can be chosen by anyone');
}
