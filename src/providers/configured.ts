import type { Config } from '../config/schema.ts';
import { createProviders } from './index.ts';
import type { Providers } from './port.ts';

/** Every cloud that the configuration has, with the credentials of this process (environment, profile, identity of the machine). */
export function configuredProviders({ aws, azure, gcp }: Pick<Config, 'aws' | 'azure' | 'gcp'>): Providers {
  return createProviders({
    ...(aws.enabled ? { aws: awsSettings(aws) } : {}),
    ...(azure ? { azure } : {}),
    ...(gcp ? { gcp: gcpSettings(gcp) } : {}),
  });
}

function awsSettings({
  region,
  logRegions,
  logDelaySeconds,
  lookupsPerSecond,
  propagationSeconds,
  endpoint,
  accounts,
  identityCenter,
}: Config['aws']) {
  const settings = { region, logRegions, logDelaySeconds, lookupsPerSecond, propagationSeconds, accounts };
  return {
    ...settings,
    ...(identityCenter === undefined ? {} : { identityCenter }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

function gcpSettings({ projects, logDelaySeconds, propagationSeconds, endpoint }: NonNullable<Config['gcp']>) {
  const settings = { projects, logDelaySeconds, propagationSeconds };
  return { ...settings, ...(endpoint === undefined ? {} : { endpoint }) };
}
