import type { Config } from '../config/schema.ts';
import { createProviders } from './index.ts';
import type { Providers } from './port.ts';

/** Every cloud as the configuration has it, with the credentials of this process (environment, profile, role of the machine). */
export function configuredProviders({ aws }: Pick<Config, 'aws'>): Providers {
  const { region, logRegions, logDelaySeconds, lookupsPerSecond, propagationSeconds, endpoint } = aws;
  const settings = { region, logRegions, logDelaySeconds, lookupsPerSecond, propagationSeconds };
  return createProviders({ aws: { ...settings, ...(endpoint === undefined ? {} : { endpoint }) } });
}
