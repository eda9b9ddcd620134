import type { LoadedConfig } from '../../config/load.ts';
import { configuredClouds } from '../../config/clouds.ts';
import { roleOf, speaksInSlack, type Part } from '../../config/role.ts';
import { clockCheck } from './clock.ts';
import { cloudCheck } from './cloud.ts';
import { configurationCheck } from './configuration.ts';
import type { Finding } from './finding.ts';
import { outcome } from './finding.ts';
import { logRegionsCheck } from './log-regions.ts';
import { secretsCheck } from './secrets.ts';
import { slackCheck } from './slack.ts';
import { storeCheck } from './store.ts';
import { temporalCheck } from './temporal.ts';

/** All checks of what this part needs, at once, each with its own time limit. */
export async function examine(loaded: LoadedConfig, part: Part): Promise<readonly Finding[]> {
  const { config } = loaded;
  const role = roleOf(config, part);
  const { queues } = role;
  const checks = [
    configurationCheck(loaded),
    secretsCheck(config, role),
    storeCheck(config),
    temporalCheck(config),
    ...(speaksInSlack(role) ? [slackCheck(config, role)] : []),
    clockCheck(config),
    ...configuredClouds(config)
      .filter((cloud) => queues.includes('evidence') || queues.includes(`contain-${cloud}`))
      .map((cloud) => cloudCheck(cloud, config)),
    ...(config.aws.enabled && queues.includes('evidence') ? [logRegionsCheck(config)] : []),
  ];
  return (await Promise.all(checks.map((check) => outcome(check)))).flat();
}
