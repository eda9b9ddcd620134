import type { TokenCredential } from '@azure/core-auth';
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  type PipelinePolicy,
} from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';

import type { AzureDouble } from '../../test/support/azure/index.ts';
import type { Attempt } from '../scene.ts';

/** Where somebody calls from, and with what. */
export interface Place {
  readonly address: string;
  readonly userAgent: string;
}

/** A service principal with one of its secrets. */
export interface Login {
  readonly appId: string;
  readonly secret: string;
}

/** Resource Manager or Graph refused a call. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(`Azure answered ${status} ${code}`);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
  }
}

/** One identity at one place, by the SDK's own pipeline and credentials. */
export interface Caller {
  /** Parsed JSON. Throws `Refused`, or what the credential throws. */
  call(method: HttpMethods, path: string, body?: object): Promise<unknown>;
}

export function withSecret(azure: AzureDouble, login: Login, place: Place): Caller {
  return callerOf(azure, credentialOf(azure, login, place), place);
}

/** A token that was got before, as a thief holds one. */
export function withToken(azure: AzureDouble, token: string, place: Place): Caller {
  const held = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  return callerOf(azure, held, place);
}

export function credentialOf(azure: AzureDouble, { appId, secret }: Login, place: Place): ClientSecretCredential {
  return new ClientSecretCredential(azure.tenantId, appId, secret, {
    authorityHost: azure.url,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: azure.ca },
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: callFrom(place), position: 'perRetry' }],
  });
}

function callerOf(azure: AzureDouble, credential: TokenCredential, place: Place): Caller {
  const pipeline = createPipelineFromOptions({ tlsOptions: { ca: azure.ca }, retryOptions: { maxRetries: 0 } });
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: RESOURCE_MANAGER }));
  pipeline.addPolicy(callFrom(place), { afterPhase: 'Retry' });
  const httpClient = createDefaultHttpClient();
  return {
    async call(method, path, body) {
      const request = createPipelineRequest({ url: `${azure.url}${path}`, method });
      if (body) {
        request.body = JSON.stringify(body);
        request.headers.set('content-type', 'application/json');
      }
      const { status, bodyAsText } = await pipeline.sendRequest(httpClient, request);
      const answer = JSON.parse(bodyAsText || '{}') as { error?: { code?: string } };
      if (status >= 400) throw new Refused(status, answer.error?.code ?? '');
      return answer;
    },
  };
}

export const RESOURCE_MANAGER = 'https://management.azure.com/.default';

function callFrom({ address, userAgent }: Place): PipelinePolicy {
  return {
    name: 'place',
    sendRequest(request, next) {
      request.headers.set('x-forwarded-for', address);
      request.headers.set('user-agent', userAgent);
      return next(request);
    },
  };
}

/** How Azure says no to a caller: to the token, to the call. Anything else proves nothing. */
const REFUSALS = /^(?:AuthorizationFailed|InvalidAuthenticationToken|ExpiredAuthenticationToken)$/u;
/** At sign-in: no such secret, or an expired one; no such application; a disabled one. The library says it in its message only. */
const SIGN_IN_REFUSALS = /AADSTS(?:7000215|7000222|700016|7000112)\b/u;

export async function attempt(call: () => Promise<unknown>): Promise<Attempt> {
  try {
    await call();
    return { allowed: true, errorCode: null, httpStatus: 200 };
  } catch (error) {
    if (error instanceof Refused && REFUSALS.test(error.code))
      return { allowed: false, errorCode: error.code, httpStatus: error.status };
    const { message, cause } = error as Error;
    const errorCode = SIGN_IN_REFUSALS.exec(message)?.[0];
    const { status: httpStatus = null } = (cause ?? {}) as { status?: number };
    if (errorCode !== undefined) return { allowed: false, errorCode, httpStatus };
    throw error;
  }
}
