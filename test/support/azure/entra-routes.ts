import { randomUUID, X509Certificate } from 'node:crypto';

import { decodeJwt, decodeProtectedHeader, errors, importX509, jwtVerify, type JWTPayload } from 'jose';

import type { Call, Reply } from './http.ts';
import type { Application, KeyCredential, PasswordCredential, ServicePrincipal, User, World } from './state.ts';
import { recordSignIn, type SignInKind } from './sign-in-log.ts';
import { COMMAND_LINE_APP_ID, type Issuer } from './tokens.ts';

interface Refusal {
  readonly status: 400 | 401;
  readonly error: 'invalid_client' | 'invalid_grant' | 'invalid_request' | 'unauthorized_client';
  /** The number behind `AADSTS`. */
  readonly code: number;
  readonly message: string;
}

interface Grant {
  readonly objectId: string;
  readonly appId: string;
  readonly kind: SignInKind;
  readonly refusal?: Refusal;
  readonly credentialKeyId?: string;
}

interface RefreshToken {
  readonly userId: string;
  readonly appId: string;
  readonly issuedMs: number;
}

/**
 * The token endpoint of Microsoft Entra and what a client asks before it. Codes:
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export class EntraRoutes {
  readonly #world: World;
  readonly #issuer: Issuer;
  readonly #refreshTokens = new Map<string, RefreshToken>();

  constructor(world: World, issuer: Issuer) {
    this.#world = world;
    this.#issuer = issuer;
  }

  /** `undefined` if the path is none of Entra's. */
  async answer(call: Call): Promise<Reply | undefined> {
    const [, tenant, rest] =
      /^\/([^/]+)\/(oauth2\/v2\.0\/token|(?:v2\.0\/)?\.well-known\/openid-configuration|discovery\/v2\.0\/keys)$/u.exec(
        call.path,
      ) ?? [];
    if (!tenant || !rest) return undefined;
    const { tenantId, tenantName } = this.#world;
    if (tenant !== tenantId && tenant !== tenantName)
      return refused(this.#world, refusal(400, 'invalid_request', 90002, `Tenant '${tenant}' not found.`));
    if (rest.endsWith('openid-configuration')) return { status: 200, body: this.#discovery(call.url) };
    if (rest.endsWith('keys')) return { status: 200, body: await this.#issuer.publicKeys() };
    return this.#token(call);
  }

  #discovery(url: string): object {
    const authority = `${url}/${this.#world.tenantId}`;
    return {
      token_endpoint: `${authority}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      jwks_uri: `${authority}/discovery/v2.0/keys`,
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['ES256'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer: `${authority}/v2.0`,
      authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${authority}/oauth2/v2.0/devicecode`,
      tenant_region_scope: null,
    };
  }

  async #token(call: Call): Promise<Reply> {
    const { form } = call;
    const grant = await this.#grant(form);
    if ('code' in grant) return refused(this.#world, grant);
    const audience = audienceOf(form);
    recordSignIn(this.#world, call, { ...grant, audience });
    if (grant.refusal) return refused(this.#world, grant.refusal);
    const { objectId, appId } = grant;
    const expires_in = this.#world.behaviour.tokenLifetimeSeconds;
    const refresh = grant.kind.endsWith('User') ? this.#refreshToken(objectId, appId) : undefined;
    return {
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in,
        ext_expires_in: expires_in,
        access_token: await this.#issuer.issue({ objectId, appId, audience }),
        ...(refresh ? { scope: form.get('scope') ?? '', refresh_token: refresh } : {}),
      },
      headers: { 'cache-control': 'no-store' },
    };
  }

  #refreshToken(userId: string, appId: string): string {
    const token = `0.${randomUUID()}${randomUUID()}`;
    this.#refreshTokens.set(token, { userId, appId, issuedMs: this.#world.clock().getTime() });
    return token;
  }

  async #grant(form: URLSearchParams): Promise<Grant | Refusal> {
    const type = form.get('grant_type');
    if (type === 'client_credentials') return this.#clientCredentials(form);
    if (type === 'password') return this.#password(form);
    if (type === 'refresh_token') return this.#refresh(form);
    return refusal(400, 'invalid_request', 70003, `The app requested an unsupported grant type '${type}'.`);
  }

  /** The state of the principal comes before its credential: a disabled one is told so even with a removed secret. */
  async #clientCredentials(form: URLSearchParams): Promise<Grant | Refusal> {
    const appId = form.get('client_id') ?? '';
    const principal = [...this.#world.servicePrincipals.values()].find((one) => one.appId === appId);
    if (!principal || principal.servicePrincipalType === 'ManagedIdentity') {
      const message = `Application with identifier '${appId}' was not found in the directory '${this.#world.tenantName}'.`;
      return refusal(400, 'unauthorized_client', 700016, message);
    }
    const grant = { objectId: principal.id, appId, kind: 'servicePrincipal' } as const;
    if (!principal.accountEnabled) {
      const message = `Application '${appId}'(${principal.displayName}) is disabled.`;
      return { ...grant, refusal: refusal(400, 'unauthorized_client', 7000112, message) };
    }
    const assertion = form.get('client_assertion');
    const application = [...this.#world.applications.values()].find((one) => one.appId === appId);
    if (assertion) {
      const wrong = await this.#assertionRefusal(assertion, principal, application);
      return wrong ? { ...grant, refusal: wrong } : grant;
    }
    const credentials = [...principal.passwordCredentials, ...(application?.passwordCredentials ?? [])];
    const found = credentials.find(({ secret }) => secret === form.get('client_secret'));
    const wrong = this.#secretRefusal(principal, found);
    return { ...grant, ...(found ? { credentialKeyId: found.keyId } : {}), ...(wrong ? { refusal: wrong } : {}) };
  }

  #secretRefusal(principal: ServicePrincipal, found: PasswordCredential | undefined): Refusal | undefined {
    if (!found) {
      const message = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${principal.appId}'.`;
      return refusal(401, 'invalid_client', 7000215, message);
    }
    if (Date.parse(found.endDateTime) > this.#world.clock().getTime()) return undefined;
    return refusal(
      401,
      'invalid_client',
      7000222,
      `The provided client secret keys for app '${principal.appId}' are expired.`,
    );
  }

  /** Signed by a certificate of the app, or else by an outside issuer that a federated credential names; its keys can't be fetched here, so that signature is taken on trust. */
  async #assertionRefusal(
    assertion: string,
    principal: ServicePrincipal,
    application?: Application,
  ): Promise<Refusal | undefined> {
    const claims = claimsOf(assertion);
    if (!claims) return refusal(401, 'invalid_client', 50027, 'JWT token is invalid or malformed.');
    if (claims.iss === principal.appId) {
      const keys = [...principal.keyCredentials, ...(application?.keyCredentials ?? [])];
      if (await isSignedByOneOf(assertion, keys)) return undefined;
      const message = `The certificate with identifier used to sign the client assertion is not registered on application.`;
      return refusal(401, 'invalid_client', 700027, message);
    }
    const audiences = [claims.aud ?? []].flat();
    const trusted = (application?.federatedIdentityCredentials ?? []).some(
      (one) =>
        one.issuer === claims.iss &&
        one.subject === claims.sub &&
        one.audiences.some((name) => audiences.includes(name)),
    );
    if (trusted) return undefined;
    const message = `No matching federated identity record found for presented assertion subject '${claims.sub}'.`;
    return refusal(401, 'invalid_client', 700213, message);
  }

  #password(form: URLSearchParams): Grant | Refusal {
    const name = form.get('username')?.toLowerCase();
    const user = [...this.#world.users.values()].find((one) => one.userPrincipalName.toLowerCase() === name);
    if (!user)
      return refusal(
        400,
        'invalid_grant',
        50034,
        `The user account does not exist in the ${this.#world.tenantName} directory.`,
      );
    const grant = {
      objectId: user.id,
      appId: form.get('client_id') ?? COMMAND_LINE_APP_ID,
      kind: 'interactiveUser',
    } as const;
    const wrong =
      form.get('password') === user.password
        ? userRefusal(user)
        : refusal(400, 'invalid_grant', 50126, 'Error validating credentials due to invalid username or password.');
    return wrong ? { ...grant, refusal: wrong } : grant;
  }

  #refresh(form: URLSearchParams): Grant | Refusal {
    const token = this.#refreshTokens.get(form.get('refresh_token') ?? '');
    const user = token && this.#world.users.get(token.userId);
    if (!token || !user)
      return refusal(400, 'invalid_grant', 9002313, 'Invalid request. Request is malformed or invalid.');
    const grant = { objectId: user.id, appId: token.appId, kind: 'nonInteractiveUser' } as const;
    const revoked = token.issuedMs < user.sessionsValidFromMs;
    const message = `The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. TokensValidFrom: ${new Date(user.sessionsValidFromMs).toISOString()}.`;
    const wrong = user.accountEnabled && revoked ? refusal(400, 'invalid_grant', 50173, message) : userRefusal(user);
    return wrong ? { ...grant, refusal: wrong } : grant;
  }
}

function userRefusal(user: User): Refusal | undefined {
  if (!user.accountEnabled) return refusal(400, 'invalid_grant', 50057, 'The user account is disabled.');
  if (user.forceChangePasswordNextSignIn) return refusal(400, 'invalid_grant', 50055, 'The password is expired.');
  return undefined;
}

/** What the token is for: the part of the scope before `/.default`. */
function audienceOf(form: URLSearchParams): string {
  const scope = (form.get('scope') ?? '').split(' ').find((one) => one.endsWith('/.default'));
  return scope?.replace(/\/+\.default$/u, '') ?? 'https://management.azure.com';
}

/** By the real clock, which the client signs by, with the five minutes that Entra allows. */
async function isSignedByOneOf(assertion: string, keys: readonly KeyCredential[]): Promise<boolean> {
  const { alg = 'RS256' } = decodeProtectedHeader(assertion);
  for (const { key } of keys) {
    const pem = new X509Certificate(Buffer.from(key, 'base64')).toString();
    try {
      await jwtVerify(assertion, await importX509(pem, alg), { clockTolerance: 300 });
      return true;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return false;
}

function claimsOf(assertion: string): JWTPayload | undefined {
  try {
    return decodeJwt(assertion);
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function refusal(status: Refusal['status'], error: Refusal['error'], code: number, message: string): Refusal {
  return { status, error, code, message };
}

function refused(world: World, { status, error, code, message }: Refusal): Reply {
  const timestamp = `${world.clock().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const trace_id = randomUUID();
  const correlation_id = randomUUID();
  const error_description = `AADSTS${code}: ${message} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`;
  const body = { error, error_description, error_codes: [code], timestamp, trace_id, correlation_id };
  return { status, body };
}
