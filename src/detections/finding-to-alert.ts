import { createHash } from 'node:crypto';
import { isIP } from 'node:net';

import type { z } from 'zod';

import type { Cloud } from '../domain/cloud.ts';
import type { genericSchema } from '../sources/generic/schema.ts';
import type { Finding } from './run.ts';
import type { Detection } from './sigma.ts';

/** Body of `POST /v1/alerts/generic`. */
export type GenericAlertBody = z.input<typeof genericSchema>;

/**
 * The same identity and bin give the same id, so that a detection that runs again over the same hour sends the same alert, not
 * another one. What a log spells otherwise than as an IP address (`AWS Internal`) is no address of an alert.
 */
export function findingToAlert(finding: Finding, detection: Detection): GenericAlertBody {
  return {
    id: idOf(finding, detection),
    title: detection.title,
    rule: detection.id,
    severity: detection.level,
    techniques: [...detection.techniques],
    cloud: detection.source.cloud,
    accountId: finding.AccountId,
    principal: CLUES[detection.source.cloud](finding.Identity),
    sourceAddresses: finding.SourceIPs.filter((address) => isIP(address) !== 0),
    firstSeen: finding.FirstSeen,
    lastSeen: finding.LastSeen,
    discovery: {
      discoveryCount: finding.DiscoveryCount,
      distinctApis: finding.DistinctAPIs,
      apiList: [...finding.APIList],
      distinctRegions: finding.DistinctRegions,
      riskScore: finding.RiskScore,
    },
  };
}

/** The activity log of Azure names who called by either of two ids, or a user by name; it does not say which. */
const CLUES: Readonly<Record<Cloud, (identity: string) => GenericAlertBody['principal']>> = {
  aws: (arn) => ({ arn }),
  azure: (caller) => (caller.includes('@') ? { userPrincipalName: caller } : { principalId: caller }),
  gcp: (email) => ({ email }),
};

/** A hash, since an ARN with a long path has no room in an id. */
function idOf({ AccountId, Identity, TimeGenerated }: Finding, { id }: Detection): string {
  return createHash('sha256')
    .update(JSON.stringify([id, AccountId, Identity, TimeGenerated]))
    .digest('hex');
}
