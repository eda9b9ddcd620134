import type { Config } from '../../config/schema.ts';
import type { Permission } from '../../providers/port.ts';
import { awsProvider, configuredActions } from '../aws.ts';
import { withoutFailure } from './finding.ts';
import type { Check, Finding } from './finding.ts';

/** Who Cordon is in AWS, and whether it may do what the configured actions and the evidence need, before an incident asks. */
export function awsCheck(config: Config): Check {
  return {
    name: 'aws',
    remedy: 'Give this process AWS credentials (environment, profile or role), and check aws.region and aws.endpoint.',
    async run() {
      const provider = await awsProvider(config);
      const self = await provider.self();
      const identity: Finding = { check: 'aws', status: 'ok', detail: `speaks as ${self.arn}` };
      const groups = [
        { name: 'evidence', permissions: provider.evidencePermissions },
        ...configuredActions(provider, config).map(({ id, permissions }) => ({ name: id, permissions })),
      ];
      const permissions = await withoutFailure(
        {
          name: 'aws permissions',
          remedy: 'Allow iam:SimulatePrincipalPolicy on itself; `cordon policy print aws` prints the whole policy.',
        },
        async () => {
          const missing = await provider.missingPermissions(
            groups.flatMap((group) => group.permissions),
            self.accountId,
          );
          return groups.map((group) => permissionFinding(group.name, group.permissions, missing));
        },
      );
      return [identity, ...permissions];
    },
  };
}

function permissionFinding(group: string, needed: readonly Permission[], missing: readonly Permission[]): Finding {
  const denied = needed.filter(({ name, resource }) =>
    missing.some((permission) => permission.name === name && permission.resource === resource),
  );
  const check = `aws ${group}`;
  if (denied.length === 0) return { check, status: 'ok', detail: `${needed.length} permissions granted` };
  return {
    check,
    status: 'failed',
    detail: `not granted: ${denied.map(({ name, resource, purpose }) => `${name} on ${resource} (${purpose})`).join('; ')}`,
    remedy: 'Attach what `cordon policy print aws` prints to the identity of Cordon.',
  };
}
