import type { LoadedConfig } from '../../config/load.ts';
import { configuredClouds } from '../../config/clouds.ts';
import { clockCheck } from './clock.ts';
import { cloudCheck } from './cloud.ts';
import { configurationCheck } from './configuration.ts';
import type { Finding } from './finding.ts';
import { outcome } from './finding.ts';
import { secretsCheck } from './secrets.ts';
import { slackCheck } from './slack.ts';
import { storeCheck } from './store.ts';
import { temporalCheck } from './temporal.ts';

/** All checks at once, each with its own time limit. */
export async function examine(loaded: LoadedConfig): Promise<readonly Finding[]> {
  const { config } = loaded;
  const checks = [
    configurationCheck(loaded),
    secretsCheck(config),
    storeCheck(config),
    temporalCheck(config),
    slackCheck(config),
    clockCheck(config),
    ...configuredClouds(config).map((cloud) => cloudCheck(cloud, config)),
  ];
  return (await Promise.all(checks.map((check) => outcome(check)))).flat();
}
