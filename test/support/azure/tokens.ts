import { randomUUID } from 'node:crypto';

import { errors, exportJWK, generateKeyPair, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';

import { ApiError, type Call } from './http.ts';
import { isEnabled, type World } from './state.ts';

/** Whom an access token names. */
export interface Caller {
  readonly objectId: string;
  readonly appId: string;
  /** Application permissions at the time the token was issued. */
  readonly roles: readonly string[];
  readonly userPrincipalName: string | undefined;
  readonly issuedMs: number;
  readonly tokenId: string;
}

export interface TokenRequest {
  readonly objectId: string;
  /** The client; a service principal's own by default. */
  readonly appId?: string;
  /** `https://management.azure.com` by default. */
  readonly audience?: string;
  readonly lifetimeSeconds?: number;
}

export type Service = 'resourceManager' | 'graph';

const AUDIENCES: Readonly<Record<Service, readonly string[]>> = {
  resourceManager: ['https://management.azure.com', 'https://management.core.windows.net'],
  graph: ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000'],
};
/** Azure's command line, a public client that every tenant knows. */
export const COMMAND_LINE_APP_ID = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

/** Signs and checks access tokens. ES256 where Entra signs with RS256: only this double checks them, and its key is made in a millisecond. */
export class Issuer {
  readonly #world: World;
  readonly #privateKey: CryptoKey;
  readonly #publicKey: CryptoKey;

  private constructor(world: World, privateKey: CryptoKey, publicKey: CryptoKey) {
    this.#world = world;
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  static async create(world: World): Promise<Issuer> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    return new Issuer(world, privateKey, publicKey);
  }

  async publicKeys(): Promise<{ keys: JWK[] }> {
    return { keys: [{ ...(await exportJWK(this.#publicKey)), kid: 'double', use: 'sig', alg: 'ES256' }] };
  }

  /** Without any question about the principal's state: the token endpoint asks these first. */
  async issue(request: TokenRequest): Promise<string> {
    const { tenantId, behaviour, clock, users, servicePrincipals, appRoleAssignments } = this.#world;
    const user = users.get(request.objectId);
    const servicePrincipal = servicePrincipals.get(request.objectId);
    if (!user && !servicePrincipal) throw new Error(`The tenant has no principal ${request.objectId}.`);
    const roles = [...appRoleAssignments.values()].filter(({ principalId }) => principalId === request.objectId);
    const nowMs = clock().getTime();
    const seconds = Math.floor(nowMs / 1000);
    return new SignJWT({
      oid: request.objectId,
      appid: request.appId ?? servicePrincipal?.appId ?? COMMAND_LINE_APP_ID,
      tid: tenantId,
      ver: '1.0',
      idtyp: user ? 'user' : 'app',
      ...(user ? { upn: user.userPrincipalName, scp: 'user_impersonation' } : {}),
      ...(servicePrincipal ? { roles: roles.map(({ permission }) => permission) } : {}),
      uti: randomUUID(),
      issued_ms: nowMs,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'double' })
      .setIssuer(`https://sts.windows.net/${tenantId}/`)
      .setSubject(request.objectId)
      .setAudience(request.audience ?? 'https://management.azure.com')
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + (request.lifetimeSeconds ?? behaviour.tokenLifetimeSeconds))
      .sign(this.#privateKey);
  }

  /** Throws the service's 401 for a missing, forged, foreign or expired token, and for one that was revoked where the service looks. */
  async callerOf(call: Call, service: Service): Promise<Caller> {
    const [scheme, token] = call.headers['authorization']?.split(' ') ?? [];
    if (scheme !== 'Bearer' || !token) throw unauthenticated(this.#world, service, 'missing');
    const caller = await this.#verify(call, token, service);
    const asks = service === 'graph' || this.#world.behaviour.continuousAccessOnResourceManager;
    if (asks && this.#isRevoked(caller)) throw unauthenticated(this.#world, service, 'revoked');
    return caller;
  }

  async #verify(call: Call, token: string, service: Service): Promise<Caller> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        audience: [...AUDIENCES[service], call.url, `${call.url}/`],
        currentDate: this.#world.clock(),
      });
      return {
        objectId: String(payload['oid']),
        appId: String(payload['appid']),
        roles: (payload['roles'] as string[] | undefined) ?? [],
        userPrincipalName: payload['upn'] as string | undefined,
        issuedMs: Number(payload['issued_ms']),
        tokenId: String(payload['uti']),
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw unauthenticated(this.#world, service, 'expired');
      if (error instanceof errors.JOSEError) throw unauthenticated(this.#world, service, 'invalid');
      throw error;
    }
  }

  #isRevoked({ objectId, issuedMs }: Caller): boolean {
    const validFromMs = this.#world.users.get(objectId)?.sessionsValidFromMs ?? 0;
    return !isEnabled(this.#world, objectId) || issuedMs < validFromMs;
  }
}

type Refusal = 'missing' | 'invalid' | 'expired' | 'revoked';

const CODES: Readonly<Record<Service, Readonly<Record<Refusal, readonly [code: string, message: string]>>>> = {
  resourceManager: {
    missing: ['AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing."],
    invalid: ['InvalidAuthenticationToken', 'The access token is invalid.'],
    expired: ['ExpiredAuthenticationToken', 'The access token expiry UTC time is earlier than current UTC time.'],
    revoked: ['InvalidAuthenticationToken', 'The access token has been revoked.'],
  },
  graph: {
    missing: ['InvalidAuthenticationToken', 'Access token is empty.'],
    invalid: ['InvalidAuthenticationToken', 'Access token validation failure.'],
    expired: ['InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.'],
    revoked: [
      'InvalidAuthenticationToken',
      'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp',
    ],
  },
};

function unauthenticated(world: World, service: Service, refusal: Refusal): ApiError {
  const [code, message] = CODES[service][refusal];
  const claims = Buffer.from('{"access_token":{"nbf":{"essential":true}}}').toString('base64');
  const challenge =
    refusal === 'revoked'
      ? `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="${claims}"`
      : `Bearer authorization_uri="https://login.windows.net/${world.tenantId}", error="invalid_token", error_description="${message}"`;
  return new ApiError(401, code, message, { 'www-authenticate': challenge });
}
