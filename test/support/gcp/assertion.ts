import { decodeJwt, decodeProtectedHeader, errors } from 'jose';

import type { Json } from './json.ts';

/** A refusal of the token endpoint: OAuth's form, not that of the APIs. */
export class GrantRefused extends Error {
  readonly body: Json;

  constructor(error: string, description: string) {
    super(description);
    this.body = { error, error_description: description };
  }
}

export interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
}

/** @throws GrantRefused for what is no JWT or lacks a claim */
export function jwtClaims(assertion: string): { signed: Buffer; signature: Buffer; claims: Claims } {
  try {
    if (decodeProtectedHeader(assertion).alg !== 'RS256')
      throw new GrantRefused('invalid_grant', 'Invalid JWT Signature.');
    const { iss, aud, iat, exp } = decodeJwt(assertion);
    if (typeof iss !== 'string' || typeof aud !== 'string' || iat === undefined || exp === undefined)
      throw new GrantRefused('invalid_grant', 'Invalid JWT: iss, aud, iat and exp field are required.');
    const [header = '', payload = '', signature = ''] = assertion.split('.');
    return {
      signed: Buffer.from(`${header}.${payload}`),
      signature: Buffer.from(signature, 'base64url'),
      claims: { iss, aud, iat, exp },
    };
  } catch (error) {
    if (!(error instanceof errors.JWTInvalid) && !(error instanceof TypeError)) throw error;
    throw new GrantRefused('invalid_request', 'Bad Request');
  }
}
