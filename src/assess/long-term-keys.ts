/**
 * Ids of credentials that someone keeps: an access key of AWS, a password or certificate of an Entra application (a GUID), a
 * key of a Google service account (40 hex digits). Those of sessions and tokens look otherwise.
 */
const LONG_TERM = /^(?:AKIA[A-Z0-9]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{40})$/u;

export function isLongTermKey(id: string): boolean {
  return LONG_TERM.test(id);
}
