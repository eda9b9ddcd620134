import type { Config } from '../config/schema.ts';
import type { Action, Provider } from '../providers/port.ts';

/** AWS as the configuration has it, with the credentials of this process. Loaded only where it is asked for. */
export async function awsProvider({ aws }: Config): Promise<Provider> {
  const { createAwsProvider } = await import('../providers/aws/index.ts');
  return createAwsProvider({
    region: aws.region,
    logRegions: aws.logRegions,
    logDelaySeconds: aws.logDelaySeconds,
    ...(aws.endpoint === undefined ? {} : { endpoint: aws.endpoint }),
  });
}

export function configuredActions(provider: Provider, { aws }: Config): readonly Action[] {
  return aws.actions.map((id) => {
    const action = provider.actions[id];
    if (action === undefined) throw new Error(`The AWS provider has no action ${id}.`);
    return action;
  });
}
