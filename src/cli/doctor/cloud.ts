import type { Config } from '../../config/schema.ts';
import type { Cloud } from '../../domain/cloud.ts';
import { resourceOf } from '../../domain/principal.ts';
import { matchesWildcard } from '../../domain/wildcard.ts';
import type { Permission } from '../../providers/port.ts';
import { configuredActions, configuredProvider } from '../clouds.ts';
import { withoutFailure } from './finding.ts';
import type { Check, Finding } from './finding.ts';

const REMEDIES: Readonly<
  Record<Cloud, { readonly identity: string; readonly permissions: string; readonly grant: string }>
> = {
  aws: {
    identity:
      'Give this process AWS credentials (environment, profile or role), and check aws.region and aws.endpoint; or set aws.enabled to false.',
    permissions: 'Allow iam:SimulatePrincipalPolicy on itself; `cordon policy print aws` prints the whole policy.',
    grant: 'Attach what `cordon policy print aws` prints to the identity of Cordon.',
  },
  azure: {
    identity:
      'Give this process Azure credentials (AZURE_CLIENT_ID with a secret, certificate or federated token, or a managed identity), and check azure.tenantId and azure.endpoints.',
    permissions: 'Check azure.subscriptions, and give the identity what `cordon policy print azure` prints.',
    grant:
      'Assign the role and consent to the permissions that `cordon policy print azure` prints; those of Graph count within the hour.',
  },
  gcp: {
    identity:
      'Give this process Google credentials (GOOGLE_APPLICATION_CREDENTIALS or the service account of the machine), and check gcp.endpoint.',
    permissions: 'Check gcp.projects, and give the identity what `cordon policy print gcp` prints.',
    grant: 'Grant the role that `cordon policy print gcp` prints to the identity of Cordon.',
  },
};

/** Who Cordon is in a cloud, and whether it may do what the configured actions and the evidence need, before an incident asks. */
export function cloudCheck(cloud: Cloud, config: Config): Check {
  const remedies = REMEDIES[cloud];
  return {
    name: cloud,
    remedy: remedies.identity,
    async run() {
      const provider = await configuredProvider(cloud, config);
      const self = await provider.self();
      const identity: Finding = { check: cloud, status: 'ok', detail: `speaks as ${self.name}: ${resourceOf(self)}` };
      const groups = [
        { name: 'evidence', permissions: provider.evidencePermissions },
        ...configuredActions(provider, config).map(({ id, permissions }) => ({ name: id, permissions })),
      ];
      const permissions = await withoutFailure(
        { name: `${cloud} permissions`, remedy: remedies.permissions },
        async () => {
          const needed = groups.flatMap((group) => group.permissions);
          const missing = await provider.missingPermissions(needed, self.accountId);
          const unclaimed = missing.filter((one) => !needed.some((permission) => covers(permission, one)));
          return [
            ...groups.map((group) => permissionFinding(cloud, group.name, group.permissions, missing)),
            // What the provider reports in a way that matches no group must not get lost.
            ...(unclaimed.length > 0 ? [permissionFinding(cloud, 'permissions', unclaimed, unclaimed)] : []),
          ];
        },
      );
      return [identity, ...permissions];
    },
  };
}

function permissionFinding(
  cloud: Cloud,
  group: string,
  needed: readonly Permission[],
  missing: readonly Permission[],
): Finding {
  const denied = missing.filter((one) => needed.some((permission) => covers(permission, one)));
  const check = `${cloud} ${group}`;
  if (denied.length === 0) return { check, status: 'ok', detail: `${needed.length} permissions granted` };
  const texts = denied.map(({ name, resource, purpose }) => `${name} on ${resource} (${purpose})`);
  return {
    check,
    status: 'failed',
    detail: `not granted: ${[...new Set(texts)].join('; ')}`,
    remedy: REMEDIES[cloud].grant,
  };
}

/** A missing permission may name the subscription where the declared one has a placeholder: `/subscriptions/<subscription>`. */
function covers(declared: Permission, missing: Permission): boolean {
  if (declared.name !== missing.name) return false;
  return matchesWildcard(declared.resource.replaceAll(/<\w+>/gu, '*'), missing.resource);
}
