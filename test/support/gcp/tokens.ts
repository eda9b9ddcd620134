import { randomBytes, verify } from 'node:crypto';

import { GrantRefused, jwtClaims, type Claims } from './assertion.ts';
import type { Caller } from './access.ts';
import { unauthenticated } from './google-error.ts';
import type { Json } from './json.ts';
import { keyName, type State } from './state.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email';
const LIFETIME_S = 3600;

export interface Tokens {
  /** Of the token endpoint; new key files name it, so that none of them leads a client to the real Google. */
  url(): string;
  /** @throws GrantRefused */
  exchange(form: URLSearchParams): Json;
  /** What `/tokeninfo` tells about a live token; `undefined` for any other. */
  info(authorization: string | undefined): Json | undefined;
  mint(caller: Caller, lifetimeS?: number): { token: string; expiresAtMs: number };
  /** @throws GoogleError 401 */
  callerOf(authorization: string | undefined, call: { service: string; method: string }): Caller;
}

/** Access tokens by value, and the JWT-bearer grant. `tokenUrl` is one of the two audiences that an assertion may name. */
export function tokensOf(state: State, tokenUrl: () => string): Tokens {
  const minted = new Map<string, { caller: Caller; expiresAtMs: number }>();

  function mint(caller: Caller, lifetimeS = LIFETIME_S): { token: string; expiresAtMs: number } {
    const token = `ya29.c.${randomBytes(48).toString('base64url')}`;
    const expiresAtMs = state.nowMs() + lifetimeS * 1000;
    minted.set(token, { caller, expiresAtMs });
    return { token, expiresAtMs };
  }

  return {
    url: tokenUrl,
    mint,
    info(authorization) {
      const known = minted.get(bearerIn(authorization) ?? '');
      const leftMs = (known?.expiresAtMs ?? 0) - state.nowMs();
      if (!known || leftMs <= 0) return undefined;
      const { email } = known.caller;
      const id = state.accounts.get(email)?.uniqueId ?? '32555940559.apps.googleusercontent.com';
      return {
        azp: id,
        aud: id,
        scope: SCOPE,
        expires_in: String(Math.floor(leftMs / 1000)),
        email,
        email_verified: 'true',
      };
    },
    exchange(form) {
      if (form.get('grant_type') !== JWT_BEARER)
        throw new GrantRefused('unsupported_grant_type', 'Invalid grant_type: ' + form.get('grant_type'));
      const { token } = mint(callerBehind(state, form.get('assertion') ?? '', tokenUrl()));
      return { access_token: token, expires_in: LIFETIME_S - 1, token_type: 'Bearer' };
    },
    callerOf(authorization, call) {
      const token = bearerIn(authorization);
      if (token === undefined) throw unauthenticated('CREDENTIALS_MISSING', call);
      const known = minted.get(token);
      if (!known) throw unauthenticated('ACCESS_TOKEN_TYPE_UNSUPPORTED', call);
      if (known.expiresAtMs <= state.nowMs()) throw unauthenticated('ACCESS_TOKEN_EXPIRED', call);
      refuseDisabled(state, known.caller, call);
      return known.caller;
    },
  };
}

function bearerIn(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
}

/** A disabled key leaves its tokens alive; a disabled account kills them, and brings them back when it is enabled. */
function refuseDisabled(state: State, { email, member }: Caller, call: { service: string; method: string }): void {
  if (!member.startsWith('serviceAccount:')) return;
  if (state.accounts.get(email)?.disabled === false) return;
  throw unauthenticated('ACCOUNT_STATE_INVALID', { email, ...call });
}

function callerBehind(state: State, assertion: string, tokenUrl: string): Caller {
  const { signed, signature, claims } = jwtClaims(assertion);
  const account = state.accounts.get(claims.iss);
  if (!account) throw new GrantRefused('invalid_grant', 'Invalid grant: account not found');
  checkTimes(state, claims);
  if (claims.aud !== tokenUrl && claims.aud !== 'https://oauth2.googleapis.com/token')
    throw new GrantRefused('invalid_grant', 'Invalid JWT: Failed audience check.');
  // The Node library names no key in the header: whichever live key of the account fits, as Google does it. A disabled
  // and a deleted key fail the same way, so that the caller can't tell one from the other.
  const key = [...state.keys.values()].find(
    ({ email, publicKey, disabledBecause, validBefore }) =>
      email === account.email &&
      publicKey !== undefined &&
      disabledBecause === undefined &&
      Date.parse(validBefore) > state.nowMs() &&
      verify('sha256', signed, publicKey, signature),
  );
  if (!key) throw new GrantRefused('invalid_grant', 'Invalid JWT Signature.');
  // Seen in the wild as "Robot is disabled." and as "Invalid grant: account not found": only `invalid_grant` is to rely on.
  if (account.disabled) throw new GrantRefused('invalid_grant', 'Robot is disabled.');
  return {
    email: account.email,
    member: `serviceAccount:${account.email}`,
    keyName: `//iam.googleapis.com/${keyName(state, key)}`,
  };
}

function checkTimes(state: State, { iat, exp }: Claims): void {
  const nowS = state.nowMs() / 1000;
  if (exp > nowS && iat <= nowS + 300 && exp - iat <= 3600) return;
  throw new GrantRefused(
    'invalid_grant',
    'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
  );
}
