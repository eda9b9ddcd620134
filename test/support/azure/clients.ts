import { AuthorizationManagementClient } from '@azure/arm-authorization';
import type { TokenCredential } from '@azure/core-auth';
import {
  bearerTokenAuthenticationPolicy,
  createPipelineFromOptions,
  createDefaultHttpClient,
  createPipelineRequest,
  type HttpMethods,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';

import type { Json } from './http.ts';
import type { AddedApplication, AzureDouble } from './index.ts';

export interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;
}

/** The members of an answer that tests go on with; which of them are there is for the test to know. */
export interface Body extends Json {
  readonly value: readonly Json[];
  readonly error: { readonly code: string; readonly message: string };
  readonly error_codes: readonly number[];
  readonly refresh_token: string;
  readonly keyId: string;
  readonly secretText: string;
  readonly keyCredentials: readonly Json[];
  readonly passwordCredentials: readonly Json[];
}

/** The real SDKs as a client of the double would set them up, without retries: what a test provokes comes back at once. */
export class Clients {
  readonly #azure: AzureDouble;

  constructor(azure: AzureDouble) {
    this.#azure = azure;
  }

  credential({ appId, secret }: Pick<AddedApplication, 'appId' | 'secret'>): ClientSecretCredential {
    const { tenantId, url } = this.#azure;
    return new ClientSecretCredential(tenantId, appId, secret, {
      authorityHost: url,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: this.#azure.ca },
      retryOptions: { maxRetries: 0 },
    });
  }

  authorization(credential: TokenCredential, subscriptionId: string): AuthorizationManagementClient {
    return new AuthorizationManagementClient(credential, subscriptionId, {
      endpoint: this.#azure.url,
      tlsOptions: { ca: this.#azure.ca },
      retryOptions: { maxRetries: 0 },
    });
  }

  /** Any path of Graph or Resource Manager, with the SDK's own pipeline. */
  async call(credential: TokenCredential, method: HttpMethods, path: string, body?: unknown): Promise<Answer> {
    const pipeline = createPipelineFromOptions({ tlsOptions: { ca: this.#azure.ca }, retryOptions: { maxRetries: 0 } });
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: `${this.#azure.url}/.default` }));
    const request = createPipelineRequest({ url: `${this.#azure.url}${path}`, method });
    if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers.set('content-type', 'application/json');
    }
    const response = await pipeline.sendRequest(createDefaultHttpClient(), request);
    return answerOf(response);
  }

  /** A form to the token endpoint, for what has no SDK class worth having: passwords and refresh tokens. */
  async token(form: Readonly<Record<string, string>>): Promise<Answer> {
    const request = createPipelineRequest({
      url: `${this.#azure.url}/${this.#azure.tenantId}/oauth2/v2.0/token`,
      method: 'POST',
      body: new URLSearchParams(form).toString(),
    });
    request.headers.set('content-type', 'application/x-www-form-urlencoded');
    const pipeline = createPipelineFromOptions({ tlsOptions: { ca: this.#azure.ca }, retryOptions: { maxRetries: 0 } });
    const response = await pipeline.sendRequest(createDefaultHttpClient(), request);
    return answerOf(response);
  }
}

function answerOf({ status, bodyAsText, headers }: PipelineResponse): Answer {
  return { status, body: JSON.parse(bodyAsText || '{}') as Body, headers: headers.toJSON() };
}

/** A token that was got before, as a thief holds one. */
export function heldToken(token: string): TokenCredential {
  return { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
}
