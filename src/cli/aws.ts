import type { Config } from '../config/schema.ts';
import type { Action, Provider } from '../providers/port.ts';

/** AWS as the configuration has it. Loaded only where it is asked for. */
export async function awsProvider(config: Config): Promise<Provider> {
  const { configuredProviders } = await import('../providers/configured.ts');
  return configuredProviders(config).aws;
}

export function configuredActions(provider: Provider, { aws }: Config): readonly Action[] {
  return aws.actions.map((id) => {
    const action = provider.actions[id];
    if (action === undefined) throw new Error(`The AWS provider has no action ${id}.`);
    return action;
  });
}
