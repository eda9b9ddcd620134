import canonicalize from 'canonicalize';

/**
 * Canonical JSON (RFC 8785): what digests and signatures are made over. Throws on what JSON can't hold: a lone surrogate, NaN,
 * a cycle. Fields that are undefined are left out.
 */
export function canonicalJson(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('The value has no JSON form.');
  return text;
}
