import type { AwsSettings } from './aws/index.ts';
import { createAwsProvider } from './aws/index.ts';
import type { Providers } from './port.ts';

export interface ProviderSettings {
  readonly aws: AwsSettings;
}

/** The clouds that Cordon serves: a new one is a folder beside this file and a line here. */
export function createProviders(settings: ProviderSettings): Providers {
  return { aws: createAwsProvider(settings.aws) };
}
