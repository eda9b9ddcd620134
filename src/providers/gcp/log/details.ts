import type { ChangeDetails, GrantedRole } from '../../../domain/evidence.ts';
import { KEY_ID } from '../names.ts';
import type { BindingDelta, LogEvent } from './event.ts';

/** More in one call are not taken back one by one: the change becomes a caveat. */
const MOST_GRANTS = 20;
const ROLE = /^(?:(?:projects|organizations)\/[\w.:-]{1,64}\/)?roles\/[\w.]{1,128}$/u;
const MEMBER = /^[\x21-\x7e]{3,512}$/u;
const MOST_CHARACTERS_OF_CONDITION = 2_000;

/** What a counter-measure has to name, as far as it has Google's own form. Whatever else stands in the entry is left out. */
export function detailsOf(event: LogEvent): ChangeDetails | null {
  if (/^setIam(?:Policy|Permissions)$/iu.test(event.name)) {
    const granted = grantsIn(event.deltas);
    return granted && { granted };
  }
  const { name } = event.response;
  const keyId = /\/keys\/([^/]+)$/u.exec(typeof name === 'string' ? name : event.resourceName)?.[1] ?? '';
  return KEY_ID.test(keyId) ? { keyId } : null;
}

/** Null where one can't be read, or the entry does not tell them: what is not known whole is not taken back in part. */
function grantsIn(deltas: readonly BindingDelta[]): readonly GrantedRole[] | null {
  if (deltas.length === 0) return null;
  const given = deltas.filter(({ action }) => action !== 'REMOVE');
  const granted = given.flatMap((delta) => grantOf(delta) ?? []);
  return granted.length === given.length && granted.length <= MOST_GRANTS ? granted : null;
}

function grantOf({ action, role, member, condition }: BindingDelta): GrantedRole | null {
  if (action !== 'ADD' || !ROLE.test(role ?? '') || !MEMBER.test(member ?? '')) return null;
  const fields = ['title', 'description', 'expression', 'location'] as const;
  const plain = Object.fromEntries(fields.flatMap((field) => (condition?.[field] ? [[field, condition[field]]] : [])));
  if (JSON.stringify(plain).length > MOST_CHARACTERS_OF_CONDITION) return null;
  return { role: role ?? '', member: member ?? '', condition: condition ? plain : null };
}
