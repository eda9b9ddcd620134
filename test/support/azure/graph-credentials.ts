import { createHash, randomUUID, X509Certificate } from 'node:crypto';

import { badRequest } from './graph-route.ts';
import { recordOf, textOf, type Json } from './http.ts';
import type { KeyCredential, PasswordCredential } from './state.ts';

/** The secret itself is told once, by addPassword; afterwards only its first three characters. */
export function passwordBody({ keyId, displayName, startDateTime, endDateTime, secret }: PasswordCredential): Json {
  const hint = secret.slice(0, 3);
  return { customKeyIdentifier: null, displayName, endDateTime, hint, keyId, secretText: null, startDateTime };
}

export function removePasswordFrom(passwords: readonly PasswordCredential[], keyId: unknown): PasswordCredential[] {
  const kept = passwords.filter((one) => one.keyId !== keyId);
  if (kept.length === passwords.length) throw badRequest('No password credential found with keyId.');
  return kept;
}

/** The list replaces what was there. A credential that stays may come without its key; a new one needs it. */
export function keyCredentialsFrom(before: readonly KeyCredential[], wanted: unknown): KeyCredential[] {
  if (!Array.isArray(wanted)) throw badRequest('keyCredentials must be a list.');
  return wanted.map((item) => {
    const one = recordOf(item);
    const known = before.find(({ keyId }) => keyId === one['keyId']);
    const key = textOf(one['key']);
    if (known && (key === undefined || key === known.key)) return known;
    if (known) throw badRequest(`Update to existing credential with KeyId '${known.keyId}' is not allowed.`);
    if (!key) throw badRequest('New key credential must have a key value.');
    return newKeyCredential(one, key);
  });
}

function newKeyCredential(one: Json, key: string): KeyCredential {
  const certificate = parse(key);
  const thumbprint = createHash('sha1').update(certificate.raw).digest('base64');
  return {
    keyId: textOf(one['keyId']) ?? randomUUID(),
    displayName: textOf(one['displayName']) ?? certificate.subject,
    type: textOf(one['type']) ?? 'AsymmetricX509Cert',
    usage: textOf(one['usage']) ?? 'Verify',
    customKeyIdentifier: textOf(one['customKeyIdentifier']) ?? thumbprint,
    startDateTime: textOf(one['startDateTime']) ?? certificate.validFromDate.toISOString(),
    endDateTime: textOf(one['endDateTime']) ?? certificate.validToDate.toISOString(),
    key,
  };
}

function parse(key: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(key, 'base64'));
  } catch (cause) {
    throw Object.assign(badRequest('Key credential is invalid: its value is no X.509 certificate.'), { cause });
  }
}
