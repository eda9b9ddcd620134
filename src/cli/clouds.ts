import { enabledActions } from '../config/clouds.ts';
import type { Config } from '../config/schema.ts';
import type { Cloud } from '../domain/cloud.ts';
import type { Action, Provider } from '../providers/port.ts';
import { providerOf } from '../providers/port.ts';

/** As people call them. */
export const CLOUD_TITLES: Readonly<Record<Cloud, string>> = { aws: 'AWS', azure: 'Azure', gcp: 'Google Cloud' };

/** The cloud as the configuration has it. Loaded only where it is asked for: the SDKs are large. */
export async function configuredProvider(cloud: Cloud, config: Config): Promise<Provider> {
  const { configuredProviders } = await import('../providers/configured.ts');
  return providerOf(configuredProviders(config), cloud);
}

export function configuredActions(provider: Provider, config: Config): readonly Action[] {
  return enabledActions(config, provider.cloud).map((id) => {
    const action = provider.actions[id];
    if (action === undefined) throw new Error(`The provider of ${provider.cloud} has no action ${id}.`);
    return action;
  });
}
