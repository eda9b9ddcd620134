import type { Cloud } from '../domain/cloud.ts';
import { createAwsProvider } from './aws/index.ts';
import { createAzureProvider } from './azure/index.ts';
import { createGcpProvider } from './gcp/index.ts';
import type { Provider, Providers } from './port.ts';

/** The clouds that Cordon serves: a new one is a folder beside this file and a line here. */
const PROVIDERS = {
  aws: createAwsProvider,
  azure: createAzureProvider,
  gcp: createGcpProvider,
} satisfies { readonly [C in Cloud]: (settings: never) => Provider };

export type ProviderSettings = { readonly [C in Cloud]?: Parameters<(typeof PROVIDERS)[C]>[0] };

/** A provider of each cloud that there are settings for. */
export function createProviders({ aws, azure, gcp }: ProviderSettings): Providers {
  return {
    ...(aws ? { aws: PROVIDERS.aws(aws) } : {}),
    ...(azure ? { azure: PROVIDERS.azure(azure) } : {}),
    ...(gcp ? { gcp: PROVIDERS.gcp(gcp) } : {}),
  };
}
