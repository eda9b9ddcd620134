import { configuredClouds } from '../../config/clouds.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { formatProblem } from '../../config/problems.ts';
import type { Check, Finding } from './finding.ts';

export function configurationCheck({ config, file, warnings }: LoadedConfig): Check {
  return {
    name: 'configuration',
    remedy: 'See `cordon config check`.',
    async run() {
      const found: Finding[] = warnings.map((warning) => ({
        check: 'configuration',
        status: 'warning',
        detail: formatProblem(warning),
        remedy: 'Correct it at this place.',
      }));
      if (Object.keys(config.sources).length === 0) {
        const remedy = 'Add `sources` with the secret that each signs with.';
        found.push({ check: 'sources', status: 'warning', detail: 'none may send alerts', remedy });
      }
      if (configuredClouds(config).length === 0) {
        const remedy = 'Add `azure` or `gcp`, or leave `aws.enabled` at true.';
        found.push({ check: 'clouds', status: 'warning', detail: 'none: nobody can be contained', remedy });
      }
      const detail = `${file ?? 'defaults, without a file'}; mode ${config.mode}`;
      return [{ check: 'configuration', status: 'ok', detail }, ...found];
    },
  };
}
