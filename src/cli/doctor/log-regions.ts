import type { Config } from '../../config/schema.ts';
import type { Check, Finding } from './finding.ts';

/** Where IAM is logged; read always. */
const HOME = 'us-east-1';

/** A call is logged in the region where it was made: of the others the proof knows nothing. Which are enabled, only AWS can tell. */
export function logRegionsCheck({ aws }: Pick<Config, 'aws'>): Check {
  return {
    name: 'log regions',
    remedy: REMEDY,
    run: async () => [
      finding('log regions', aws.logRegions),
      ...aws.accounts.flatMap(({ accountId, logRegions }) =>
        logRegions ? [finding(`log regions ${accountId}`, logRegions)] : [],
      ),
    ],
  };
}

const REMEDY =
  'Name every enabled region in logRegions: `aws account list-regions --region-opt-status-contains ENABLED ENABLED_BY_DEFAULT` lists them.';

function finding(check: string, logRegions: readonly string[]): Finding {
  const regions = [...new Set([...logRegions, HOME])].toSorted();
  const read = `CloudTrail of ${regions.join(', ')}`;
  return regions.length > 1
    ? { check, status: 'ok', detail: `reads ${read}; calls in other regions are not seen` }
    : { check, status: 'warning', detail: `reads ${read} alone: calls in other regions are not seen`, remedy: REMEDY };
}
