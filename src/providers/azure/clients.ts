import { rootCertificates } from 'node:tls';

import { AuthorizationManagementClient } from '@azure/arm-authorization';
import type { TokenCredential } from '@azure/core-auth';
import type { Pipeline, PipelinePolicy } from '@azure/core-rest-pipeline';
import {
  bearerTokenAuthenticationPolicy,
  createPipelineFromOptions,
  exponentialRetryPolicy,
} from '@azure/core-rest-pipeline';
import { ClientSecretCredential, DefaultAzureCredential } from '@azure/identity';

import { armPermission, callName } from './calls.ts';
import { toFailure } from './failures.ts';
import type { Rest } from './rest.ts';
import { createRest } from './rest.ts';
import type { AzureSettings } from './settings.ts';

/** Every failure of these is a `CordonFailure`. */
export interface AzureClients {
  readonly authorization: AuthorizationManagementClient;
  readonly arm: Rest;
  readonly graph: Rest;
  /** Cordon's own token for Graph. */
  ownToken(): Promise<string>;
}

const PUBLIC_AUTHORITY = 'https://login.microsoftonline.com';

/** `policies` stand inside the retries, where the network would fail. */
export function createAzureClients(settings: AzureSettings, policies: readonly PipelinePolicy[] = []): AzureClients {
  const { endpoints } = settings;
  const credential = failing(createCredential(settings));
  const pipelineOf = (endpoint: string) => {
    const pipeline = createPipelineFromOptions({ ...trust(settings), userAgentOptions: { userAgentPrefix: 'cordon' } });
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: scopeOf(endpoint) }));
    return behaving(pipeline, settings, policies);
  };
  const authorization = new AuthorizationManagementClient(credential, settings.subscriptions[0] ?? '', {
    endpoint: origin(endpoints.resourceManager),
    credentialScopes: scopeOf(endpoints.resourceManager),
    ...trust(settings),
  });
  behaving(authorization.pipeline, settings, policies).addPolicy(failures, {
    phase: 'Serialize',
    beforePolicies: ['serializationPolicy'],
  });
  return {
    authorization,
    arm: createRest(endpoints.resourceManager, pipelineOf(endpoints.resourceManager)),
    graph: createRest(endpoints.graph, pipelineOf(endpoints.graph)),
    async ownToken() {
      const token = await credential.getToken(scopeOf(endpoints.graph));
      return token?.token ?? '';
    },
  };
}

function createCredential(settings: AzureSettings): TokenCredential {
  const { tenantId, credentials, endpoints } = settings;
  const options = {
    authorityHost: origin(endpoints.authority),
    // Only the public cloud is known to the service that is asked which authorities exist.
    disableInstanceDiscovery: origin(endpoints.authority) !== PUBLIC_AUTHORITY,
    retryOptions: { maxRetries: 1, retryDelayInMs: 200 },
    ...trust(settings),
  };
  if (!credentials) return new DefaultAzureCredential({ ...options, tenantId });
  return new ClientSecretCredential(tenantId, credentials.clientId, credentials.clientSecret, options);
}

function failing(credential: TokenCredential): TokenCredential {
  return {
    async getToken(scopes, options) {
      try {
        return await credential.getToken(scopes, options);
      } catch (error) {
        throw toFailure(error, { name: 'the token request', permission: 'a credential of its own' });
      }
    },
  };
}

/**
 * Reads are tried again within one call, writes never: a write whose answer was lost is read back first. When Azure throttles, the
 * wait that it asks for is the activity's to keep.
 */
function behaving(pipeline: Pipeline, settings: AzureSettings, policies: readonly PipelinePolicy[]): Pipeline {
  const timeoutMs = settings.callTimeoutMs ?? 4_000;
  const again = exponentialRetryPolicy({ maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 });
  pipeline.removePolicy({ name: 'defaultRetryPolicy' });
  pipeline.addPolicy(
    {
      name: 'cordonRetries',
      sendRequest: (request, next) => (request.method === 'GET' ? again.sendRequest(request, next) : next(request)),
    },
    { phase: 'Retry' },
  );
  pipeline.addPolicy(
    {
      name: 'cordonTimeout',
      sendRequest(request, next) {
        request.timeout = timeoutMs;
        return next(request);
      },
    },
    { afterPhase: 'Retry' },
  );
  for (const policy of policies) pipeline.addPolicy(policy, { afterPhase: 'Retry' });
  return pipeline;
}

/** Around all of the SDK's own policies, the one that turns an answer into an error among them. */
const failures: PipelinePolicy = {
  name: 'cordonFailures',
  async sendRequest(request, next) {
    try {
      return await next(request);
    } catch (error) {
      const { method, url } = request;
      throw toFailure(error, { name: callName(method, url), permission: armPermission(method, url) });
    }
  },
};

function trust({ certificateAuthority }: AzureSettings) {
  return certificateAuthority === undefined ? {} : { tlsOptions: { ca: [...rootCertificates, certificateAuthority] } };
}

const origin = (endpoint: string) => endpoint.replace(/\/+$/u, '');
const scopeOf = (endpoint: string) => `${origin(endpoint)}/.default`;
